// The order in which the chain D[L] W[L] ... D[2] W[2] is multiplied: dynamic programming over brackets,
// once per network, from the sizes alone.
//
// Scaling W by its D costs nothing compared with a product. A product with a W that all samples share is one
// matrix product for all of them; a product of two matrices per sample runs at a part of that speed.
#pragma once

#include <limits>
#include <vector>

#include "../interface.hpp"

namespace slopenet {

// The cost of a multiplication between two per-sample matrices, relative to one with a shared W.
inline constexpr double per_sample_cost = 1.5;

class Plan {
  public:
    // sizes: n_1 .. n_L
    explicit Plan(const std::vector<int>& sizes) : n(sizes), depth(static_cast<int>(sizes.size()) - 1) {
        best.assign(static_cast<std::size_t>(depth) * depth, {0, 0});
        for (int length = 2; length <= depth; ++length) {
            for (int first = 0; first + length <= depth; ++first) choose(first, first + length - 1);
        }
        tree.reserve(2 * static_cast<std::size_t>(depth));
        grow(0, depth - 1);
    }

    const std::vector<Bracket>& brackets() const { return tree; }

    // Multiplications per sample: of this plan, of a forward sweep, of a reverse sweep.
    double multiplications() const { return count(0); }
    double forward() const {
        double sum = 0;
        for (int i = 1; i < depth; ++i) sum += weights(i) * n[0];
        return sum;
    }
    double reverse() const {
        double sum = 0;
        for (int i = 0; i + 1 < depth; ++i) sum += weights(i) * n.back();
        return sum;
    }

  private:
    struct Best {
        double cost;
        int cut;  // the right factor ends with this layer
    };
    double weights(int layer) const { return static_cast<double>(n[layer]) * n[layer + 1]; }
    Best& at(int first, int last) { return best[static_cast<std::size_t>(first) * depth + last]; }
    double product(int first, int cut, int last) const {
        return static_cast<double>(n[last + 1]) * n[cut + 1] * n[first];
    }

    void choose(int first, int last) {
        Best& choice = at(first, last);
        choice.cost = std::numeric_limits<double>::infinity();
        for (int cut = first; cut < last; ++cut) {
            const bool shared = cut == first || cut + 1 == last;
            const double cost = at(first, cut).cost + at(cut + 1, last).cost +
                                product(first, cut, last) * (shared ? 1 : per_sample_cost);
            if (cost < choice.cost) choice = {cost, cut};
        }
    }

    int grow(int first, int last) {
        const int index = static_cast<int>(tree.size());
        tree.push_back({first, last, -1, -1});
        if (first < last) {
            const int cut = at(first, last).cut;
            const int left = grow(cut + 1, last), right = grow(first, cut);
            tree[index].left = left;
            tree[index].right = right;
        }
        return index;
    }

    double count(int index) const {
        const Bracket& b = tree[index];
        if (b.single()) return 0;
        return count(b.left) + count(b.right) + product(b.first, tree[b.right].last, b.last);
    }

    std::vector<int> n;
    int depth;
    std::vector<Best> best;
    std::vector<Bracket> tree;
};

}  // namespace slopenet
