#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gk::match {

// 64 bits for a name, the same on every machine. Two names in a million players share one with a probability of 1 in 30 million; the worst that
// happens then is that two players are not matched with each other.
std::uint64_t hash_of(std::string_view name, std::uint64_t seed);

// From the hash of a name to where it is kept: open addressing, linear probing, no tombstones.
class Names {
public:
    std::optional<std::uint32_t> find(std::uint64_t hash) const;
    // Nothing happens and false is returned when it is there already.
    bool put(std::uint64_t hash, std::uint32_t place);
    void remove(std::uint64_t hash);
    std::size_t size() const { return size_; }
    std::size_t bytes() const { return keys_.capacity() * sizeof(std::uint64_t) + places_.capacity() * sizeof(std::uint32_t); }

private:
    std::size_t home(std::uint64_t hash) const { return hash & (keys_.size() - 1); }
    std::size_t slot_of(std::uint64_t hash) const;
    void grow();

    std::vector<std::uint64_t> keys_;  // 0: nothing is here. Their number is a power of two.
    std::vector<std::uint32_t> places_;
    std::size_t size_ = 0;
};

}  // namespace gk::match
