// Threads that help the calling one: started when first needed, asleep between calls; nothing spins.
//
// Each call has its helpers for itself, so calls of several threads run side by side. A forked child begins
// with none. Helpers take no signals, compute in the floating-point environment of the call, and run where
// the caller may run, but not on its core: in a virtual machine Linux takes an idle core for one that the
// host has taken away, and would let the two share one for tens of milliseconds.
#pragma once

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <atomic>
#include <cfenv>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace slopenet {

// The cores of the calling thread, without the one it is on unless that is the only one.
class Cores {
  public:
#if defined(__linux__)
    static Cores beside_this() {
        Cores cores;
        if (pthread_getaffinity_np(pthread_self(), sizeof cores.set, &cores.set) != 0) CPU_ZERO(&cores.set);
        if (const int own = sched_getcpu(); own >= 0 && CPU_COUNT(&cores.set) > 1) CPU_CLR(own, &cores.set);
        return cores;
    }
    bool operator==(const Cores& other) const { return CPU_EQUAL(&set, &other.set); }
    void allow(pthread_t thread) const { pthread_setaffinity_np(thread, sizeof set, &set); }

  private:
    cpu_set_t set{};
#else
    static Cores beside_this() { return {}; }
    bool operator==(const Cores&) const { return true; }
    void allow(pthread_t) const {}
#endif
};

class Helper {
  public:
    Helper() {
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);  // a thread inherits it
        try {
            std::thread started([this] { live(); });
            thread = started.native_handle();
            started.detach();
        } catch (...) {
            pthread_sigmask(SIG_SETMASK, &before, nullptr);
            throw;
        }
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }
    void start(const std::function<void()>& work, const Cores& cores) {
        {
            const std::lock_guard<std::mutex> lock(mutex);
            if (!(cores == allowed)) cores.allow(thread);
            allowed = cores;
            job = &work;
        }
        changed.notify_all();
    }
    // Returns when the work is done. A helper that is still waking has its job taken away: waking may take
    // longer than the whole call.
    void finish() {
        std::unique_lock<std::mutex> lock(mutex);
        if (!working) job = nullptr;
        changed.wait(lock, [this] { return !job; });
    }

  private:
    void live() {
        std::unique_lock<std::mutex> lock(mutex);
        for (;;) {
            changed.wait(lock, [this] { return job; });
            const std::function<void()>* work = job;
            working = true;
            lock.unlock();
            (*work)();
            lock.lock();
            working = false;
            job = nullptr;
            changed.notify_all();
        }
    }

    std::mutex mutex;
    std::condition_variable changed;
    const std::function<void()>* job = nullptr;
    bool working = false;  // on its job
    pthread_t thread;
    Cores allowed;
};

// The helpers of a process that have nothing to do. Never destroyed: threads sleep in it until the process
// ends.
class Idle {
  public:
    static Idle& here() {
        static const int forks = pthread_atfork(nullptr, nullptr, [] { current() = new Idle; });
        static_cast<void>(forks);
        return *current();
    }
    // Up to `count`; fewer if the system has no more threads.
    std::vector<Helper*> take(int count) {
        std::vector<Helper*> taken;
        const std::lock_guard<std::mutex> lock(mutex);
        while (static_cast<int>(taken.size()) < count) {
            if (idle.empty()) {
                try {
                    idle.push_back(new Helper);
                } catch (const std::exception&) {
                    break;
                }
            }
            taken.push_back(idle.back());
            idle.pop_back();
        }
        return taken;
    }
    void give_back(const std::vector<Helper*>& taken) {
        const std::lock_guard<std::mutex> lock(mutex);
        idle.insert(idle.end(), taken.rbegin(), taken.rend());
    }

  private:
    static Idle*& current() {
        static Idle* idle = new Idle;
        return idle;
    }
    std::mutex mutex;
    std::vector<Helper*> idle;
};

// Runs body(worker) for worker = 0 in this thread, and for 1 .. threads - 1 in those helpers that wake before
// this thread is through; returns when all have returned. The body must not throw.
template <class Body>
void with_helpers(int threads, const Body& body) {
    if (threads <= 1) return body(0);
    Idle& pool = Idle::here();
    const std::vector<Helper*> helpers = pool.take(threads - 1);
    std::fenv_t environment;
    std::fegetenv(&environment);
    std::atomic<int> next{1};
    const std::function<void()> work = [&] {
        std::fesetenv(&environment);
        body(next++);
    };
    const Cores cores = Cores::beside_this();
    for (Helper* helper : helpers) helper->start(work, cores);
    body(0);
    for (Helper* helper : helpers) helper->finish();
    pool.give_back(helpers);
}

}  // namespace slopenet
