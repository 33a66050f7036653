// The array border: shapes, dtypes, the GIL, and errors that name the argument.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "../core/parallel.hpp"

namespace slopenet {

namespace nb = nanobind;

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

inline bool signalled() {
    const nb::gil_scoped_acquire gil;
    return PyErr_CheckSignals() != 0;
}

// Runs without the GIL; a signal's exception (KeyboardInterrupt) is raised where it was seen.
template <class Body>
void released(const Body& body) {
    try {
        const nb::gil_scoped_release release;
        body();
    } catch (const Interrupted&) {
        throw nb::python_error();
    }
}

template <class T>
void reject_nonfinite(const char* name, const Given<T>& x) {
    const std::size_t cols = x.ndim() ? x.shape(x.ndim() - 1) : 1;
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (std::isfinite(x.data()[i])) continue;
        const std::string row = x.ndim() > 1 ? std::to_string(i / cols) + ", " : "";
        const double value = static_cast<double>(x.data()[i]);
        const std::string what = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
        throw nb::value_error((std::string(name) + "[" + row + std::to_string(i % cols) + "] is " + what +
                               "; every entry of " + name + " must be finite")
                                  .c_str());
    }
}

// The leading shape of an input: (N,) for (N, n), nothing for a single point (n,).
template <class T>
Shape leading(const char* name, const Given<T>& x, int width) {
    if (x.ndim() < 1 || x.ndim() > 2 || x.shape(x.ndim() - 1) != static_cast<std::size_t>(width)) {
        const std::string n = std::to_string(width);
        throw nb::value_error(
            (std::string(name) + " must have shape (N, " + n + ") or (" + n + ",)").c_str());
    }
    return x.ndim() == 2 ? Shape{x.shape(0)} : Shape{};
}
inline Shape with(Shape shape, std::initializer_list<int> more) {
    for (const int n : more) shape.push_back(static_cast<std::size_t>(n));
    return shape;
}
template <class T>
const T* data_of(const std::optional<Given<T>>& x) {
    return x ? x->data() : nullptr;
}

template <class T>
void check_size(const char* name, const Given<T>& x, long size) {
    if (x.size() != static_cast<std::size_t>(size)) {
        throw nb::value_error(
            (std::string(name) + " must hold " + std::to_string(size) + " entries").c_str());
    }
}

}  // namespace slopenet
