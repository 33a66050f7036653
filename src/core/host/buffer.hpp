// Memory of the core, aligned to cache lines. It is not initialised.
#pragma once

#include <memory>
#include <new>

namespace slopenet {

template <class T>
class Buffer {
  public:
    explicit Buffer(long n) : memory(allocate(n)) {}
    T* data() const { return memory.get(); }

  private:
    struct Free {
        void operator()(T* p) const { ::operator delete(p, std::align_val_t(64)); }
    };
    static T* allocate(long n) {
        return static_cast<T*>(::operator new(static_cast<std::size_t>(n) * sizeof(T), std::align_val_t(64)));
    }
    std::unique_ptr<T, Free> memory;
};

}  // namespace slopenet
