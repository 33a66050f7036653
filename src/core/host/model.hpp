// A network in the core: its own copy of theta, packed for the kernels in use, and the calls that spread
// samples over threads.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "plan.hpp"
#include "summation.hpp"

namespace slopenet {

struct RunSpec {
    int rows;
    int activation;  // row of the table
    Parameter parameter;
};
struct LayerSpec {
    int rows, cols;
    std::vector<RunSpec> runs;  // of all rows, in order
};

template <class T>
class Model {
  public:
    // theta: W[2] row-major, b[2], ..., W[L], b[L]
    Model(const std::vector<LayerSpec>& specs, Head head, const T* theta)
        : head(head), chain_plan(sizes(specs)), memory(lay_out(specs)) {
        T* at = memory.data();
        this->theta = take(at, parameter_count);
        for (Layer<T>& layer : layers) {
            const auto [rows, cols] = std::pair(padded(layer.rows), padded(layer.cols));
            layer.packed = take(at, rows * layer.cols);
            layer.packed_transpose = take(at, cols * layer.rows);
            layer.padded_b = take(at, rows);
        }
        set(theta);
    }
    Model(const Model&) = delete;

    Net<T> net() const {
        return {static_cast<int>(layers.size()), layers.data(), chain_plan.brackets().data(), head};
    }
    const Plan& plan() const { return chain_plan; }
    long parameters() const { return parameter_count; }

    void set(const T* from) {
        std::copy(from, from + parameter_count, theta);
        const T* at = theta;
        for (Layer<T>& layer : layers) {
            const long size = static_cast<long>(layer.rows) * layer.cols;
            layer.W = at;
            layer.b = at + size;
            at = layer.b + layer.rows;
            kernel.pack(layer.W, layer.rows, layer.cols, false, const_cast<T*>(layer.packed));
            kernel.pack(layer.W, layer.rows, layer.cols, true, const_cast<T*>(layer.packed_transpose));
            T* b = const_cast<T*>(layer.padded_b);
            std::fill(std::copy(layer.b, layer.b + layer.rows, b), b + padded(layer.rows), T(0));
        }
    }

    // Evaluates an operation at points. Returns false if an entry of X or of the vector is not finite.
    bool run(Operation operation, const Points<T>& points, int threads, const Poll& poll) const {
        const Net<T> view = net();
        const Need need = kernel.need(view, points, operation);
        const double vector_operations = work(operation, points) / need.vector;
        const int workers = workers_for(vector_operations, threads, points.n);
        const long block = block_size(points.n, vector_operations, need, workers);
        const long blocks = std::max(1L, (points.n + block - 1) / block);
        Buffer<T> space(need.workspace * workers);
        const int vector_width = view.width(info_of(operation).vector);
        const long slopes = static_cast<long>(view.outputs()) * view.inputs();
        std::atomic<bool> finite{true};
        parallel_for(blocks, workers, poll, [&](int worker, long index, const auto& go_on) {
            const long first = index * block;
            Points<T> part = points;
            part.n = std::min(block, points.n - first);
            part.X += first * view.inputs();
            if (part.vector) part.vector += first * vector_width;
            if (part.H) part.H += first * view.outputs();
            if (part.J) part.J += first * slopes;
            if (part.result) part.result += first * result_size(view, operation);
            part.stop = {[](const void* ask) { return !(*static_cast<decltype(&go_on)>(ask))(); }, &go_on};
            if (!kernel.run(view, part, operation, space.data() + worker * need.workspace)) finite = false;
        });
        return finite;
    }

    // Whether a call takes less than about fifty microseconds.
    bool is_short(Operation operation, const Points<T>& points) const {
        return work(operation, points) < 1e5;
    }

    // `run` for a short call: without threads, and with a small workspace on the stack.
    bool run_short(Operation operation, const Points<T>& points) const {
        const Net<T> view = net();
        const long need = kernel.need(view, points, operation).workspace;
        constexpr long most = 16384 / sizeof(T);
        alignas(64) T space[most];
        if (need <= most) return kernel.run(view, points, operation, space);
        return kernel.run(view, points, operation, Buffer<T>(need).data());
    }

    // Adds up costs and gradient over all samples of a task.
    void backprop(const Task<T>& task, Gradient<T>& gradient, int threads, const Poll& poll) const {
        Summation<T>(net(), task, task.n, gradient.theta, threads)(nullptr, task.n, gradient, poll);
    }

    // Residuals and their rows, sample by sample; nothing is summed.
    void gauss_newton(const Residuals<T>& task, int threads, const Poll& poll) const {
        const Net<T> view = net();
        const Need need = kernel.gauss_newton_need(view, task.M);
        const double passes = 3.0 + (task.rows ? view.outputs() : 0) + task.M * (1.0 + 2.0 * view.outputs());
        const double vector_operations =
            static_cast<double>(task.n) * passes * static_cast<double>(parameter_count) / need.vector;
        const int workers = workers_for(vector_operations, threads, task.n);
        const long block = block_size(task.n, vector_operations, need, workers);
        const long blocks = (task.n + block - 1) / block;
        Buffer<T> space(need.workspace * workers);
        parallel_for(blocks, workers, poll, [&](int worker, long index, const auto& go_on) {
            const long end = std::min(task.n, (index + 1) * block);
            for (long s = index * block; s < end && go_on(); s += need.tile)
                kernel.gauss_newton(view, task, s, std::min<long>(end - s, need.tile),
                                    space.data() + worker * need.workspace);
        });
    }

    // Updates `theta` by one step after another; asks `poll` between stretches of steps.
    void descend(const Descent<T>& descent, T* theta, const Poll& poll) const {
        const Net<T> view = net();
        Buffer<T> space(kernel.descent_workspace(view));
        const long stretch = std::max(1L, 2'000'000L / (parameter_count + 50));
        for (long done = 0; done < descent.steps; done += stretch) {
            Descent<T> part = descent;
            part.sample_index += done;
            part.rates += done;
            part.steps = std::min(stretch, descent.steps - done);
            kernel.descend(view, part, theta, space.data());
            if (poll()) throw Interrupted();
        }
    }

  private:
    static T* take(T*& at, long n) {
        T* piece = at;
        at += (n + 15) / 16 * 16;
        return piece;
    }
    long padded(int rows) const {
        return (rows + kernel.pack_rows - 1) / kernel.pack_rows * kernel.pack_rows;
    }

    static std::vector<int> sizes(const std::vector<LayerSpec>& specs) {
        std::vector<int> n{specs[0].cols};
        for (const LayerSpec& spec : specs) n.push_back(spec.rows);
        return n;
    }
    long lay_out(const std::vector<LayerSpec>& specs) {
        long total = 0;
        for (const LayerSpec& spec : specs) {
            Layer<T> layer{};
            layer.rows = spec.rows;
            layer.cols = spec.cols;
            runs.emplace_back();
            int row = 0;
            for (const RunSpec& run : spec.runs) {
                const Activation<T>* activation = &kernel.activations[run.activation];
                runs.back().push_back({run.rows, activation, run.parameter});
                if (activation->has_second_derivative) {
                    if (layer.curved_to == 0) layer.curved_from = row;
                    layer.curved_to = row + run.rows;
                }
                row += run.rows;
            }
            layer.runs = runs.back().data();  // which stays in its place
            layer.run_count = static_cast<int>(spec.runs.size());
            layers.push_back(layer);
            parameter_count += layers.back().parameters();
            total += padded(spec.rows) * spec.cols + padded(spec.cols) * spec.rows + padded(spec.rows) + 48;
        }
        return total + parameter_count + 16;
    }

    // About how many multiplications a call takes.
    double work(Operation operation, const Points<T>& points) const {
        const Net<T> view = net();
        const Passes& passes = info_of(operation).passes;
        const double count = passes.constant + static_cast<double>(passes.inputs) * view.inputs() +
                             static_cast<double>(passes.outputs) * view.outputs();
        const double chain = needs_jacobian(view, points, operation) ? chain_plan.multiplications() : 0;
        return static_cast<double>(points.n) * (count * static_cast<double>(parameter_count) + chain);
    }

    // How many samples a thread takes at a time: so few that the threads end together, so many that a call of
    // a kernel is worth its cost; whole tiles, chunks or vectors. No result depends on it.
    static long block_size(long n, double vector_operations, const Need& need, int workers) {
        const auto up_to = [](long size, long unit) { return (size + unit - 1) / unit * unit; };
        const long share = (n + workers - 1) / workers;
        if (share < need.chunk) return up_to(share, need.vector);
        constexpr double least = 2e4;  // vector operations: some ten microseconds
        const double per_thread = std::clamp(vector_operations / workers / least, 1.0, 16.0);
        const long size = std::max(1L, share / static_cast<long>(per_thread));
        return std::min(up_to(size, size > need.tile ? need.tile : need.chunk), 32L * need.tile);
    }

    const Kernels<T>& kernel = kernels<T>();
    std::vector<Layer<T>> layers;
    std::vector<std::vector<Run<T>>> runs;  // of each layer
    long parameter_count = 0;
    Head head;
    Plan chain_plan;
    Buffer<T> memory;
    T* theta = nullptr;
};

}  // namespace slopenet
