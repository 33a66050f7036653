// NumPy arrays through NumPy's C interface.
#pragma once

#include <nanobind/nanobind.h>

#define NPY_NO_DEPRECATED_API NPY_1_22_API_VERSION
#include <numpy/arrayobject.h>

namespace slopenet {

namespace nb = nanobind;

template <class T>
struct NumPyType;
template <>
struct NumPyType<double> {
    static constexpr int number = NPY_DOUBLE;
    static constexpr const char* name = "float64";
};
template <>
struct NumPyType<float> {
    static constexpr int number = NPY_FLOAT;
    static constexpr const char* name = "float32";
};

// Any object; the questions after `is_ready` may be asked only of an array.
class Array {
  public:
    explicit Array(nb::handle object)
        : array(PyArray_CheckExact(object.ptr()) ? reinterpret_cast<PyArrayObject*>(object.ptr()) : nullptr) {
    }

    // An array of T in the machine's byte order, aligned, C-contiguous.
    template <class T>
    bool is_ready() const {
        return array && PyArray_TYPE(array) == NumPyType<T>::number && PyArray_ISCARRAY_RO(array);
    }
    bool is_writeable() const { return PyArray_ISWRITEABLE(array); }
    int ndim() const { return PyArray_NDIM(array); }
    long shape(int i) const { return static_cast<long>(PyArray_DIM(array, i)); }
    void* data() const { return PyArray_DATA(array); }
    // Both contiguous.
    bool overlaps(const Array& other) const {
        return other.array && begin() < other.end() && other.begin() < end();
    }

  private:
    const char* begin() const { return static_cast<const char*>(data()); }
    const char* end() const { return begin() + PyArray_NBYTES(array); }
    PyArrayObject* array;
};

}  // namespace slopenet
