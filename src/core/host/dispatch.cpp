#include "dispatch.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace slopenet {

#define SLOPENET_DECLARE(isa)                     \
    namespace isa {                               \
    extern const Kernels<double> float64_kernels; \
    extern const Kernels<float> float32_kernels;  \
    }
SLOPENET_DECLARE(baseline)
#if defined(__x86_64__)
SLOPENET_DECLARE(avx2)
SLOPENET_DECLARE(avx512)
#endif

namespace {

struct Choice {
    const char* name;
    bool runs_here;
    const Kernels<double>* float64;
    const Kernels<float>* float32;
};

Choice choose() {
    const Choice choices[] = {
#if defined(__x86_64__)
        {"avx512",
         __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl"),
         &avx512::float64_kernels, &avx512::float32_kernels},
        {"avx2", __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"), &avx2::float64_kernels,
         &avx2::float32_kernels},
#endif
        {"baseline", true, &baseline::float64_kernels, &baseline::float32_kernels},
    };
    const char* wanted = std::getenv("SLOPENET_ISA");
    std::string names;
    for (const Choice& choice : choices) {
        names += names.empty() ? choice.name : std::string(", ") + choice.name;
        if (wanted && *wanted) {
            if (std::string(wanted) != choice.name) continue;
            if (!choice.runs_here)
                throw std::runtime_error("SLOPENET_ISA=" + std::string(wanted) +
                                         ": this machine does not have it");
            return choice;
        }
        if (choice.runs_here) return choice;
    }
    throw std::runtime_error("SLOPENET_ISA=" + std::string(wanted) + " is unknown: choose one of " + names);
}

const Choice& chosen() {
    static const Choice choice = choose();
    return choice;
}

}  // namespace

const char* isa() { return chosen().name; }
template <>
const Kernels<double>& kernels<double>() {
    return *chosen().float64;
}
template <>
const Kernels<float>& kernels<float>() {
    return *chosen().float32;
}

}  // namespace slopenet
