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

// Asked by the calling thread now and then; true stops the work.
using Poll = std::function<bool()>;

// body(worker, block, go_on) for block = 0 .. blocks - 1, worker < threads. A long block asks go_on() now
// and then, and returns early if it says no. The body must not throw.
template <class Body>
void parallel_for(long blocks, int threads, const Poll& poll, const Body& body) {
    std::atomic<long> next{0};
    std::atomic<bool> stop{false};
    with_helpers(static_cast<int>(std::min<long>(threads, blocks)), [&](int worker) {
        auto asked = std::chrono::steady_clock::now();
        const auto go_on = [&] {
            if (worker == 0) {  // the calling thread
                const auto now = std::chrono::steady_clock::now();
                if (now - asked > std::chrono::milliseconds(20)) {
                    asked = now;
                    if (poll()) stop = true;
                }
            }
            return !stop;
        };
        for (long block; go_on() && (block = next++) < blocks;) body(worker, block, go_on);
    });
    if (stop) throw Interrupted();
}

}  // namespace slopenet
