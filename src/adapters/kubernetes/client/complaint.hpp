#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "wire/kubernetes/failure.hpp"

namespace gk::kubernetes {

// What is tried again and again for ever would fail in silence, or fill the log. A person hears of it once: at once when the cluster says that only a
// person can mend it (a right is missing, a kind is not defined), else when it has failed several times in a row; and once more when it works again.
class Complaint {
public:
    // Another failure: whether it is to be told now.
    bool is_due(const wire::kubernetes::Failure& failure) {
        ++failures_;
        if (is_told_ || (!needs_person(failure) && failures_ < patience)) return false;
        return is_told_ = true;
    }

    // It worked: whether it is to be told, because the opposite was.
    bool is_over() {
        failures_ = 0;
        return std::exchange(is_told_, false);
    }

private:
    static constexpr int patience = 3;  // An API server that is started again makes one or two fail.

    static bool needs_person(const wire::kubernetes::Failure& failure) {
        using enum wire::kubernetes::Failure::Kind;
        return failure.kind == forbidden || failure.kind == unauthorized || failure.kind == not_found || failure.kind == invalid;
    }

    int failures_ = 0;  // In a row.
    bool is_told_ = false;
};

}  // namespace gk::kubernetes
