// Packing of W for products C = epilogue(W A) in either layout of the data:
//
//   Samples   lanes are samples: a panel is [row][chunk], three vectors of samples wide (samples.hpp)
//   Rows      lanes are rows of W: a panel is one sample's [row], padded to whole blocks (rows.hpp)
//
// Both layouts have the same functions. Both add the products of an entry in the order k = 0, 1, ..., with
// one rounding each, so a row of X gives the same bits alone and in a batch. Columns of A are (direction,
// sample) pairs: values, tangents and adjoints all go through the same product.
#pragma once

#include "../../interface.hpp"
#include "../vector/simd.hpp"
#include "../workspace.hpp"

namespace slopenet::SLOPENET_ISA {

// packed[block][k][row in block]; rows beyond the last are zero.
template <class T>
void pack(const T* W, int rows, int cols, bool transpose, T* to) {
    const int m = transpose ? cols : rows, depth = transpose ? rows : cols;
    for (int r0 = 0; r0 < m; r0 += pack_rows<T>) {
        for (int k = 0; k < depth; ++k) {
            for (int i = 0; i < pack_rows<T>; ++i) {
                const long r = r0 + i;
                *to++ = r >= m ? T(0) : transpose ? W[static_cast<long>(k) * cols + r] : W[r * cols + k];
            }
        }
    }
}

}  // namespace slopenet::SLOPENET_ISA
