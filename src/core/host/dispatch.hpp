// Which instruction set's kernels this process uses, chosen once.
#pragma once

#include "../interface.hpp"

namespace slopenet {

// The name of the instruction set in use; SLOPENET_ISA in the environment forces one.
// Throws std::runtime_error for one that is unknown or that this machine lacks.
const char* isa();

template <class T>
const Kernels<T>& kernels();
template <>
const Kernels<double>& kernels<double>();
template <>
const Kernels<float>& kernels<float>();

}  // namespace slopenet
