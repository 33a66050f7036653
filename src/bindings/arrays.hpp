// The border to Python: shapes and dtypes of arrays, the GIL, and errors that name the argument.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gil.hpp"

namespace slopenet {

namespace nb = nanobind;
using namespace nb::literals;

template <class T>
using Given = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;
template <class T>
using Made = nb::ndarray<T, nb::numpy, nb::c_contig>;
using Shape = std::vector<std::size_t>;

template <class T>
Made<T> make(const Shape& shape) {
    std::size_t size = 1;
    for (const std::size_t n : shape) size *= n;
    std::unique_ptr<T[]> data(new T[size]);
    const nb::capsule owner(data.get(), [](void* p) noexcept { delete[] static_cast<T*>(p); });
    return Made<T>(data.release(), shape.size(), shape.data(), owner);
}

// Raises for the first entry that is not finite, if there is one.
template <class T>
void reject_nonfinite(const char* name, const T* x, long size, int ndim, long cols) {
    for (long i = 0; i < size; ++i) {
        if (std::isfinite(x[i])) continue;
        const std::string row = ndim > 1 ? std::to_string(i / cols) + ", " : "";
        const std::string what = std::isnan(x[i]) ? "nan" : x[i] > 0 ? "inf" : "-inf";
        throw nb::value_error((std::string(name) + "[" + row + std::to_string(i % cols) + "] is " + what +
                               "; every entry of " + name + " must be finite")
                                  .c_str());
    }
}

// The most threads that a call may use: its own limit, or the process's if that is None.
inline std::atomic<int> process_thread_limit{1};
inline int thread_limit(nb::handle given) {
    if (given.is_none()) return process_thread_limit.load(std::memory_order_relaxed);
    const bool whole = PyIndex_Check(given.ptr()) && !PyBool_Check(given.ptr());
    const Py_ssize_t n = whole ? PyNumber_AsSsize_t(given.ptr(), nullptr) : 0;  // clips large values
    if (n == -1 && PyErr_Occurred()) throw nb::python_error();
    if (n < 1) throw nb::value_error("threads must be a whole number of at least 1, or None");
    return static_cast<int>(std::min<Py_ssize_t>(n, 1L << 20));
}

template <class T>
const T* data_of(const std::optional<Given<T>>& x) {
    return x ? x->data() : nullptr;
}

template <class Array>
void check_size(const char* name, const Array& x, long size) {
    if (x.size() != static_cast<std::size_t>(size)) {
        throw nb::value_error(
            (std::string(name) + " must hold " + std::to_string(size) + " entries").c_str());
    }
}

template <class Index>
void check_sample_index(const Index* index, long steps, long samples) {
    for (long i = 0; i < steps; ++i) {
        if (index[i] < 0 || index[i] >= samples)
            throw nb::value_error("order names a sample that does not exist");
    }
}

}  // namespace slopenet
