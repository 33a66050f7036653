// Errors of sigma, sigma' and sigma'' of every activation, in ulp, over very many z: `make exhaust`.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "check.hpp"
#include "measure.hpp"
#include "points.hpp"

namespace exhaust {
namespace {

constexpr const char* usage =
    "usage: exhaust [--points N] [--stride N] [--dtype float64|float32] [--only NAME] [--threads N]\n"
    "       exhaust --check [--points N] [--only NAME]       the reference against a wider one\n"
    "       exhaust --reference NAME PARAMETER               for each z on standard input\n"
    "SLOPENET_ISA in the environment forces an instruction set.\n";

struct Options {
    long points = 100'000'000;  // float64, per activation
    long stride = 1;            // float32: each stride-th bit pattern
    std::string dtype, only, reference;
    double parameter = 0;
    int threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    bool check = false;
};

Options parse(int count, char** arguments) {
    Options options;
    int i = 1;
    const auto value = [&] {
        if (++i >= count) throw std::runtime_error(usage);
        return std::string(arguments[i]);
    };
    const auto number = [&] {
        const double parsed = std::atof(value().c_str());  // 1e6 is a number too
        if (!(parsed >= 1 && parsed < 1e15)) throw std::runtime_error(usage);
        return static_cast<long>(parsed);
    };
    for (; i < count; ++i) {
        const std::string name = arguments[i];
        if (name == "--points") {
            options.points = number();
        } else if (name == "--stride") {
            options.stride = number();
        } else if (name == "--threads") {
            options.threads = static_cast<int>(number());
        } else if (name == "--dtype") {
            options.dtype = value();
            if (options.dtype != "float64" && options.dtype != "float32") throw std::runtime_error(usage);
        } else if (name == "--only") {
            options.only = value();
        } else if (name == "--check") {
            options.check = true;
        } else if (name == "--reference") {
            options.reference = value();
            options.parameter = std::atof(value().c_str());
        } else {
            throw std::runtime_error(usage);
        }
    }
    return options;
}

std::vector<Case> wanted(const Options& options) {
    std::vector<Case> found;
    for (const Case& which : cases()) {
        if (options.only.empty() || options.only == which.name) found.push_back(which);
    }
    if (found.empty()) throw std::runtime_error("there is no activation named " + options.only + "\n");
    return found;
}

void every_activation_has_a_case() {
    const auto& table = slopenet::kernels<double>();
    for (int i = 0; i < table.activation_count; ++i) {
        const auto named = [&](const Case& which) {
            return std::string(which.name) == table.activations[i].name;
        };
        if (!std::any_of(cases().begin(), cases().end(), named))
            throw std::runtime_error(std::string("cases.cpp lacks ") + table.activations[i].name + "\n");
    }
}

bool print(const std::string& title, const std::array<Tally, 3>& tallies) {
    static const char* const orders[] = {"s", "s'", "s''"};
    bool good = true;
    for (std::size_t order = 0; order < 3; ++order) {
        const Tally& t = tallies[order];
        if (t.points == 0) continue;
        good = good && t.good();
        std::printf("%-15s %-3s %10.4g  %-24.17g %10.4g  %-24.17g %8ld %8ld %8ld  %s\n", title.c_str(),
                    orders[order], t.ulps.error, t.ulps.z, t.near_root.error, t.near_root.z, t.beyond,
                    t.false_zeros, t.nans, t.good() ? "ok" : "FAILS");
    }
    std::fflush(stdout);
    return good;
}

template <class T, class Points>
bool table(const Options& options, long density) {
    std::printf("%s, %s\n%-15s %-3s %10s  %-24s %10s  %-24s %8s %8s %8s\n", Format<T>::name, slopenet::isa(),
                "activation", "", "max ulp", "at z", "near root", "at z", "beyond", "zeros", "NaN");
    bool good = true;
    for (const Case& which : wanted(options)) {
        const Result result = measure<T>(which, Points(which, density), options.threads);
        good = print(which.title(), result.close) && good;
        good = print(which.title() + " > 2^20", result.distant) && good;
    }
    std::printf("\n");
    return good;
}

int run(int count, char** arguments) {
    const Options options = parse(count, arguments);
    if (!options.reference.empty()) return print_reference(options.reference, options.parameter) ? 0 : 1;
    every_activation_has_a_case();
    bool good = true;
    if (options.check) {
        for (const Case& which : wanted(options)) good = check(which, options.points) && good;
        return good ? 0 : 1;
    }
    if (options.dtype != "float32") good = table<double, Sample>(options, options.points) && good;
    if (options.dtype != "float64") good = table<float, Patterns>(options, options.stride) && good;
    std::printf(
        "beyond: results off by more than %g ulp (near a root, also by more than %g units of 2^-53 or\n"
        "2^-24: the column is the smaller of the two); zeros: 0 where the exact value rounds to another.\n",
        tolerance, tolerance);
    return good ? 0 : 1;
}

}  // namespace
}  // namespace exhaust

int main(int count, char** arguments) {
    try {
        return exhaust::run(count, arguments);
    } catch (const std::runtime_error& error) {
        std::fputs(error.what(), stderr);
        return 2;
    }
}
