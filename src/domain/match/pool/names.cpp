#include "domain/match/pool/names.hpp"

#include <algorithm>
#include <utility>

namespace gk::match {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
constexpr std::uint64_t mixed(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

constexpr std::size_t least_size = 16;

}  // namespace

std::uint64_t hash_of(std::string_view name, std::uint64_t seed) {
    std::uint64_t h = mixed(seed + 0x9e3779b97f4a7c15ULL * (name.size() + 1));
    for (std::size_t i = 0; i < name.size(); i += 8) {
        std::uint64_t word = 0;
        for (std::size_t j = i; j < std::min(i + 8, name.size()); ++j) word = word << 8 | static_cast<unsigned char>(name[j]);
        h = mixed(h ^ word) + 0x9e3779b97f4a7c15ULL;
    }
    return h == 0 ? 1 : h;  // 0 marks an empty place.
}

std::size_t Names::slot_of(std::uint64_t hash) const {
    auto at = home(hash);
    while (keys_[at] != 0 && keys_[at] != hash) at = (at + 1) & (keys_.size() - 1);
    return at;
}

std::optional<std::uint32_t> Names::find(std::uint64_t hash) const {
    if (keys_.empty()) return std::nullopt;
    const auto at = slot_of(hash);
    return keys_[at] == hash ? std::optional(places_[at]) : std::nullopt;
}

bool Names::put(std::uint64_t hash, std::uint32_t place) {
    if ((size_ + 1) * 4 > keys_.size() * 3) grow();
    const auto at = slot_of(hash);
    if (keys_[at] == hash) return false;
    keys_[at] = hash;
    places_[at] = place;
    ++size_;
    return true;
}

void Names::remove(std::uint64_t hash) {
    if (keys_.empty()) return;
    const auto last = keys_.size() - 1;
    auto hole = slot_of(hash);
    if (keys_[hole] != hash) return;
    --size_;
    // What follows moves up unless it would come to stand before its home.
    for (auto at = (hole + 1) & last; keys_[at] != 0; at = (at + 1) & last) {
        if (((at - home(keys_[at])) & last) < ((at - hole) & last)) continue;
        keys_[hole] = keys_[at];
        places_[hole] = places_[at];
        hole = at;
    }
    keys_[hole] = 0;
}

void Names::grow() {
    const auto keys = std::exchange(keys_, std::vector<std::uint64_t>(std::max(least_size, keys_.size() * 2)));
    const auto places = std::exchange(places_, std::vector<std::uint32_t>(keys_.size()));
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i] == 0) continue;
        const auto at = slot_of(keys[i]);
        keys_[at] = keys[i];
        places_[at] = places[i];
    }
}

}  // namespace gk::match
