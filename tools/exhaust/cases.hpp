// The measured cases: each activation with the parameters that matter, and its roots.
#pragma once

#include <string>
#include <vector>

#include "reference.hpp"

namespace exhaust {

template <class R>
using Reference = Sigma<R> (*)(R z, double parameter);

struct Case {
    const char* name;
    double parameter;
    bool has_parameter;
    Reference<double> narrow;
    Reference<long double> wide;
#if defined(EXHAUST_QUAD)
    Reference<Quad> widest;
#endif
    bool periodic() const { return std::string(name) == "sin"; }
    std::string title() const;
    // the nonzero roots of sigma, sigma' or sigma'' (not those of sin)
    std::vector<double> roots(int order) const;
};

const std::vector<Case>& cases();

// Roots, where an absolute error counts too: no formula keeps its digits next to a nonzero root.
class Zones {
  public:
    explicit Zones(const Case& which);
    bool near_root(int order, double z) const;

  private:
    bool periodic;
    std::vector<double> roots[3];
};

}  // namespace exhaust
