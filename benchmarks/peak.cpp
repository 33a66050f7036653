// The most multiply-adds per second of this machine: chains of fma in registers, on every core at once.
//
// acc = acc x + y on as many independent accumulators as fit the registers. That is more than latency times
// units of any processor, so only the units limit it. Nothing is loaded, and no chain depends on another.
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

volatile double one_half = 0.5;  // unknown to the compiler; the chains tend to 1, never to a subnormal

#define UNROLL _Pragma("GCC unroll 32")  // else the array is not kept in registers

// The sum is returned so that no chain is eliminated. Accumulators with equal starts would be merged.
#define CHAINS(name, target, bytes, accumulators)                                                        \
    template <class T>                                                                                   \
    target double name(long steps) {                                                                     \
        typedef T Vec __attribute__((vector_size(bytes)));                                               \
        const Vec x = Vec{} + static_cast<T>(one_half), y = Vec{} + static_cast<T>(one_half);            \
        Vec acc[accumulators];                                                                           \
        UNROLL for (int i = 0; i < accumulators; ++i) { acc[i] = Vec{} + static_cast<T>(one_half * i); } \
        for (long step = 0; step < steps; ++step) {                                                      \
            UNROLL for (int i = 0; i < accumulators; ++i) acc[i] = acc[i] * x + y;                       \
        }                                                                                                \
        double sum = 0;                                                                                  \
        UNROLL for (int i = 0; i < accumulators; ++i) sum += static_cast<double>(acc[i][0]);             \
        return sum;                                                                                      \
    }

#if defined(__x86_64__)
CHAINS(avx512, __attribute__((target("avx512f"))), 64, 24)
CHAINS(avx2, __attribute__((target("avx2,fma"))), 32, 12)
CHAINS(baseline, , 16, 12)
#else
CHAINS(baseline, , 16, 24)
#endif

struct Chains {
    const char* isa;
    double (*float64)(long);
    double (*float32)(long);
    int bytes, accumulators;
};

Chains widest() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return {"avx512", avx512<double>, avx512<float>, 64, 24};
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return {"avx2", avx2<double>, avx2<float>, 32, 12};
    return {"baseline", baseline<double>, baseline<float>, 16, 12};
#else
    return {"baseline", baseline<double>, baseline<float>, 16, 24};
#endif
}

// Seconds from the moment when every thread has started to the end of the last one.
double together(int threads, double (*chains)(long), long steps) {
    std::atomic<int> waiting{threads};
    std::vector<Clock::time_point> ends(threads);
    std::vector<std::thread> others;
    volatile double sink = 0;
    const auto run = [&](int i) {
        waiting.fetch_sub(1);
        while (waiting.load() > 0) {
        }
        const double sum = chains(steps);
        ends[i] = Clock::now();
        if (i == 0) sink = sum;
    };
    for (int i = 1; i < threads; ++i) others.emplace_back(run, i);
    while (waiting.load() > 1) {
    }
    const auto start = Clock::now();
    run(0);
    for (std::thread& other : others) other.join();
    auto last = ends[0];
    for (const auto end : ends) last = end > last ? end : last;
    return std::chrono::duration<double>(last - start).count();
}

}  // namespace

extern "C" const char* peak_isa() { return widest().isa; }

// Operations per second, two for each multiply-add: the best of several attempts that fill `seconds`.
extern "C" double peak_flops(int threads, int bytes_of_a_number, double seconds) {
    const Chains chains = widest();
    const auto function = bytes_of_a_number == 8 ? chains.float64 : chains.float32;
    const long steps = 300'000;  // about a millisecond: short enough to miss other programs' turns
    const double operations =
        2.0 * static_cast<double>(steps) * chains.accumulators * threads * (chains.bytes / bytes_of_a_number);
    const auto start = Clock::now();
    double best = 0;
    do {
        const double rate = operations / together(threads, function, steps);
        best = rate > best ? rate : best;
    } while (std::chrono::duration<double>(Clock::now() - start).count() < seconds);
    return best;
}
