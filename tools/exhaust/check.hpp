// How right the reference itself is.
#pragma once

#include <string>

#include "cases.hpp"

namespace exhaust {

// Compares it with one of 113 bits (where there is one), the narrow one with the wide one.
// Prints the largest differences in ulp of the results that they judge; false if they are too large.
bool check(const Case& which, long points);

// sigma, sigma', sigma'' for each z on standard input; false if there is no such activation.
bool print_reference(const std::string& name, double parameter);

}  // namespace exhaust
