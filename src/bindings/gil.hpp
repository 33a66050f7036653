// Computing without the GIL, and taking it back.
#pragma once

#include <nanobind/nanobind.h>
#include <pthread.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include <exception>

#include "../core/host/parallel.hpp"

namespace slopenet {

namespace nb = nanobind;

// Python runs signal handlers in this thread only.
inline bool in_main_thread() {
#if defined(__linux__)
    return syscall(SYS_gettid) == getpid();
#else
    return pthread_main_np() != 0;
#endif
}

// `take` waits for the GIL. In a daemon thread Python may end meanwhile. Before version 3.14 it then ends the
// thread in that call, by unwinding the stack: that would destroy Python's objects without the GIL, and
// terminate the process at the first noexcept function. So the thread sleeps here until the process has
// ended, as Python 3.14 itself lets it.
template <class Take>
auto take_gil(const Take& take) noexcept {
    try {
        return take();
    } catch (...) {
        for (;;) pause();
    }
}

// Whether a signal handler has raised an exception. Other threads do not wait for the GIL only to learn no.
inline bool signalled() {
    if (!in_main_thread()) return false;
    const PyGILState_STATE before = take_gil(PyGILState_Ensure);
    const bool raised = PyErr_CheckSignals() != 0;
    PyGILState_Release(before);
    return raised;
}

// Runs without the GIL; a signal's exception (KeyboardInterrupt) is raised where it was seen. The GIL is
// taken back in no destructor: one may run while the stack is unwound.
template <class Body>
void released(const Body& body) {
    std::exception_ptr failure;
    PyThreadState* const state = PyEval_SaveThread();
    try {
        body();
    } catch (...) {
        failure = std::current_exception();
    }
    take_gil([state] { PyEval_RestoreThread(state); });
    if (!failure) return;
    try {
        std::rethrow_exception(failure);
    } catch (const Interrupted&) {
        throw nb::python_error();
    }
}

}  // namespace slopenet
