// The accuracy of the reference itself.
#pragma once

#include <string>

#include "cases.hpp"

namespace exhaust {

// Compares it with a 113-bit reference (if the compiler has one), and the narrow one with the wide one.
// Prints the largest differences in ulp of the results that they judge; false if they are too large.
bool check(const Case& which, long points);

// Prints sigma, sigma', sigma'' for each z on standard input; false if the activation is unknown.
bool print_reference(const std::string& name, double parameter);

}  // namespace exhaust
