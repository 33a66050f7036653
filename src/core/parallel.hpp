// Blocks of work over threads. Threads are started for one call and joined in it: nothing lives on, so
// a fork is safe, and small work (the caller decides) never starts one.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

namespace slopenet {

struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("interrupted") {}
};

// Asked by the calling thread now and then; true stops the work.
using Poll = std::function<bool()>;

// body(worker, block) for block = 0 .. blocks - 1, worker < threads. The body must not throw.
template <class Body>
void parallel_for(long blocks, int threads, const Poll& poll, const Body& body) {
    std::atomic<long> next{0};
    std::atomic<bool> stop{false};
    const auto work = [&](int worker, bool may_poll) {
        auto asked = std::chrono::steady_clock::now();
        for (long block; !stop && (block = next++) < blocks;) {
            body(worker, block);
            if (!may_poll || blocks == 1) continue;
            const auto now = std::chrono::steady_clock::now();
            if (now - asked > std::chrono::milliseconds(20)) {
                asked = now;
                if (poll()) stop = true;
            }
        }
    };
    std::vector<std::thread> helpers;
    for (int worker = 1; worker < threads && worker < blocks; ++worker) {
        try {
            helpers.emplace_back(work, worker, false);
        } catch (const std::system_error&) {  // no more threads to be had: fewer will do
            break;
        }
    }
    work(0, true);
    for (std::thread& helper : helpers) helper.join();
    if (stop) throw Interrupted();
}

}  // namespace slopenet
