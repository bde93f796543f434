#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

namespace gk::fleet {

// Numbers of a range, of which each server has one for as long as it is there. The lowest free one goes first.
class Slots {
public:
    // Has its slot until it goes. Must not outlive the slots.
    class Hold {
    public:
        Hold(Slots& slots, std::uint32_t slot) : slots_(&slots), slot_(slot) {}
        Hold(Hold&& other) noexcept : slots_(std::exchange(other.slots_, nullptr)), slot_(other.slot_) {}
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        Hold& operator=(Hold&&) = delete;
        ~Hold() {
            if (slots_ != nullptr) slots_->give_back(slot_);
        }
        std::uint32_t slot() const { return slot_; }

    private:
        Slots* slots_;
        std::uint32_t slot_;
    };

    Slots(std::uint32_t first, std::uint32_t count) : first_(first), next_(first), end_(first + count) {}
    Slots(const Slots&) = delete;
    Slots& operator=(const Slots&) = delete;

    // Nothing: all are taken.
    std::optional<Hold> take();
    // A slot that somebody has had since before. One outside of the range is nobody else's either.
    Hold hold(std::uint32_t slot);

private:
    void give_back(std::uint32_t slot);

    std::uint32_t first_;
    std::uint32_t next_;  // From here on nobody has had one.
    std::uint32_t end_;
    std::set<std::uint32_t> free_;  // Below `next_`.
};

}  // namespace gk::fleet
