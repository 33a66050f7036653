// Blocks of work over threads. Small work (the caller decides) wakes none.
#pragma once

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "helpers.hpp"

namespace slopenet {

struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("interrupted") {}
};

// Asked by the calling thread; passes that on now and then, some fifty times a second. True stops the work.
class Poll {
  public:
    Poll(bool (*ask)()) : ask(ask) {}
    bool operator()() const {
        const auto now = std::chrono::steady_clock::now();
        if (now - asked < std::chrono::milliseconds(20)) return false;
        asked = now;
        return ask();
    }

  private:
    bool (*ask)();
    mutable std::chrono::steady_clock::time_point asked = std::chrono::steady_clock::now();
};

// How many threads are worth waking for so many vector operations in so many blocks: each takes some tens of
// microseconds' worth, several times what waking it costs.
inline int workers_for(double vector_operations, int threads, long blocks) {
    constexpr double worth = 8e4;
    const double useful =
        std::min({vector_operations / worth, static_cast<double>(threads), static_cast<double>(blocks)});
    return std::max(1, static_cast<int>(useful));
}

// body(worker, block, go_on) for block = 0 .. blocks - 1, worker < threads. A long block asks go_on() now
// and then, and returns early if it says no. The body must not throw.
template <class Body>
void parallel_for(long blocks, int threads, const Poll& poll, const Body& body) {
    std::atomic<long> next{0};
    std::atomic<bool> stop{false};
    with_helpers(static_cast<int>(std::min<long>(threads, blocks)), [&](int worker) {
        const auto go_on = [&] {
            if (worker == 0 && poll()) stop = true;  // the calling thread
            return !stop;
        };
        for (long block; go_on() && (block = next++) < blocks;) body(worker, block, go_on);
    });
    if (stop) throw Interrupted();
}

}  // namespace slopenet
