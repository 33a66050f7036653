// The head of a network by its name. Derivatives in theta do not know heads.
#pragma once

#include <nanobind/nanobind.h>

#include <string>

#include "../core/interface.hpp"

namespace slopenet {

// in the order of the enumeration
inline constexpr const char* head_names[] = {"none", "softmax", "log_softmax"};

inline Head head_of(const std::string& name) {
    for (int i = 0; i < 3; ++i) {
        if (name == head_names[i]) return static_cast<Head>(i);
    }
    throw nanobind::value_error(("unknown head " + name).c_str());
}

inline void reject_head(Head head) {
    if (head == Head::none) return;
    throw nanobind::value_error((std::string(head_names[static_cast<int>(head)]) +
                                 " acts on all outputs together, which is not supported here; `logits` of the"
                                 " network is the one without it")
                                    .c_str());
}

}  // namespace slopenet
