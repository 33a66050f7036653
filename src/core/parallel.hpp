// Blocks of work over threads. Threads are started for one call and joined in it: nothing lives on, so
// a fork is safe, and small work (the caller decides) never starts one.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

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
    const auto work = [&](int worker, bool may_poll) {
        auto asked = std::chrono::steady_clock::now();
        const auto go_on = [&] {
            if (may_poll) {
                const auto now = std::chrono::steady_clock::now();
                if (now - asked > std::chrono::milliseconds(20)) {
                    asked = now;
                    if (poll()) stop = true;
                }
            }
            return !stop;
        };
        for (long block; go_on() && (block = next++) < blocks;) body(worker, block, go_on);
    };
    {
        struct Helpers : std::vector<std::thread> {
            ~Helpers() {
                for (std::thread& helper : *this) helper.join();
            }
        } helpers;
        try {
            for (int worker = 1; worker < threads && worker < blocks; ++worker) {
                helpers.emplace_back(work, worker, false);
            }
        } catch (const std::exception&) {  // no more threads, or no memory for one: fewer will do
        }
        work(0, true);
    }
    if (stop) throw Interrupted();
}

}  // namespace slopenet
