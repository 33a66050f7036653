// Values and derivatives at points. A call may take a microsecond, so arrays come through NumPy's C interface
// and nothing is converted: an argument that is not ready gives None, and Python converts it first.
#pragma once

#include "numpy.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "../core/host/model.hpp"
#include "arrays.hpp"

namespace slopenet {

// The results of a call, in this order: H, dH/dx, and the operation's own unless it is one of these.
struct Wanted {
    bool H, J;
    Operation operation;
    bool own() const { return operation != Operation::values && operation != Operation::jacobian; }
    int count() const { return H + J + own(); }
};
inline Wanted alone(Operation operation) {
    return {operation == Operation::values, operation == Operation::jacobian, operation};
}
inline Wanted with_value_and_jacobian(Operation operation) { return {true, true, operation}; }

// The shape of one result: N unless X is a single point, then the axes of a sample's result.
template <class T>
struct ResultShape {
    npy_intp dims[4];
    int ndim = 0;
    ResultShape(const Net<T>& net, Operation operation, const Array& X) {
        if (X.ndim() == 2) dims[ndim++] = X.shape(0);
        for (const Axis axis : info_of(operation).shape) {
            if (axis != no_axis) dims[ndim++] = net.width(axis);
        }
    }
};

// The results, new or the caller's own `out`.
template <class T>
class Results {
  public:
    Results(nb::handle out, int count) : out(out), count(count) {
        if (out.is_none() || count == 1) return;
        if (!PyTuple_Check(out.ptr()) || PyTuple_GET_SIZE(out.ptr()) != count) {
            throw nb::value_error(
                ("out must be a tuple of " + std::to_string(count) + " arrays, one for each result").c_str());
        }
    }

    T* add(const ResultShape<T>& shape, const Array& X, const Array& vector) {
        nb::object array;
        if (out.is_none()) {
            array = nb::steal(
                PyArray_SimpleNew(shape.ndim, const_cast<npy_intp*>(shape.dims), NumPyType<T>::number));
            if (!array.is_valid()) throw nb::python_error();
        } else {
            array = nb::borrow(count == 1 ? out.ptr() : PyTuple_GET_ITEM(out.ptr(), made));
            check(array, shape, X, vector);
        }
        T* data = static_cast<T*>(Array(array).data());
        results[made++] = std::move(array);
        return data;
    }

    nb::object take() {
        if (count == 1) return std::move(results[0]);
        if (!out.is_none()) return nb::borrow(out);
        return count == 2 ? nb::object(nb::make_tuple(std::move(results[0]), std::move(results[1])))
                          : nb::object(nb::make_tuple(std::move(results[0]), std::move(results[1]),
                                                      std::move(results[2])));
    }

  private:
    void check(const nb::object& given, const ResultShape<T>& shape, const Array& X,
               const Array& vector) const {
        const Array array(given);
        const std::string name = count == 1 ? "out" : "out[" + std::to_string(made) + "]";
        bool fits = array.is_ready<T>() && array.is_writeable() && array.ndim() == shape.ndim;
        for (int i = 0; fits && i < shape.ndim; ++i) fits = array.shape(i) == shape.dims[i];
        if (!fits) {
            std::string wanted;
            for (int i = 0; i < shape.ndim; ++i) wanted += (i ? ", " : "") + std::to_string(shape.dims[i]);
            throw nb::value_error((name + " must be a writeable C-contiguous array of " + NumPyType<T>::name +
                                   " of shape (" + wanted + (shape.ndim == 1 ? ",)" : ")"))
                                      .c_str());
        }
        if (array.overlaps(X)) throw nb::value_error((name + " shares memory with X").c_str());
        if (array.overlaps(vector)) throw nb::value_error((name + " shares memory with the vector").c_str());
        for (int i = 0; i < made; ++i) {
            if (array.overlaps(Array(results[i])))
                throw nb::value_error((name + " shares memory with out[" + std::to_string(i) + "]").c_str());
        }
    }

    nb::handle out;
    int count, made = 0;
    nb::object results[3];
};

// Returns None if X or the vector is not yet a contiguous array of this dtype and of the right shape.
template <class T>
nb::object evaluate(const Model<T>& model, const Wanted& wanted, nb::handle given_X, nb::handle given_vector,
                    nb::handle out, nb::handle threads) {
    const Net<T> net = model.net();
    const Array X(given_X), vector(given_vector);
    if (!X.is_ready<T>() || X.ndim() < 1 || X.ndim() > 2 || X.shape(X.ndim() - 1) != net.inputs())
        return nb::none();
    const long n = X.ndim() == 2 ? X.shape(0) : 1;
    const Axis axis = info_of(wanted.operation).vector;
    const int width = net.width(axis);
    if (axis != no_axis) {
        if (!vector.is_ready<T>() || vector.ndim() != X.ndim() || vector.shape(vector.ndim() - 1) != width ||
            (X.ndim() == 2 && vector.shape(0) != n))
            return nb::none();
    }
    const int limit = thread_limit(threads);
    Results<T> results(out, wanted.count());
    Points<T> points{n, static_cast<const T*>(X.data()), nullptr, nullptr, nullptr, nullptr, {}};
    if (axis != no_axis) points.vector = static_cast<const T*>(vector.data());
    const auto add = [&](Operation of) { return results.add({net, of, X}, X, vector); };
    if (wanted.H) points.H = add(Operation::values);
    if (wanted.J) points.J = add(Operation::jacobian);
    if (wanted.own()) points.result = add(wanted.operation);
    bool finite = true;
    if (n && model.is_short(wanted.operation, points)) {  // not worth giving up the GIL
        finite = model.run_short(wanted.operation, points);
    } else if (n) {
        released([&] { finite = model.run(wanted.operation, points, limit, signalled); });
    }
    if (!finite) {
        reject_nonfinite("X", points.X, n * net.inputs(), X.ndim(), net.inputs());
        if (axis != no_axis)
            reject_nonfinite(axis == n_1 ? "v" : "u", points.vector, n * width, vector.ndim(), width);
    }
    return results.take();
}

}  // namespace slopenet
