// The measured points: a function of the index alone, so that threads do not change them.
#pragma once

#include <cstdint>
#include <vector>

#include "cases.hpp"

namespace exhaust {

// float64: a mixture of all magnitudes and of critical places.
class Sample {
  public:
    Sample(const Case& which, long count);
    long count() const { return total; }
    double operator()(long index) const;

  private:
    long total;
    double scale;  // of z, where a parameter scales it
    bool periodic;
    std::vector<double> centres;
};

// float32: every `stride`-th bit pattern, 0 for those that are not finite.
class Patterns {
  public:
    Patterns(const Case&, long stride) : step(stride) {}
    long count() const { return ((std::int64_t{1} << 32) + step - 1) / step; }
    float operator()(long index) const;

  private:
    long step;
};

}  // namespace exhaust
