#include "domain/fleet/slots.hpp"

namespace gk::fleet {

std::optional<Slots::Hold> Slots::take() {
    if (free_.empty() && next_ == end_) return std::nullopt;
    return hold(free_.empty() ? next_ : *free_.begin());
}

Slots::Hold Slots::hold(std::uint32_t slot) {
    if (slot >= first_ && slot < end_) {
        for (; next_ <= slot; ++next_) free_.insert(free_.end(), next_);
        free_.erase(slot);
    }
    return {*this, slot};
}

void Slots::give_back(std::uint32_t slot) {
    if (slot >= first_ && slot < end_) free_.insert(slot);
}

}  // namespace gk::fleet
