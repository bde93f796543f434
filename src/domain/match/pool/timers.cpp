#include "domain/match/pool/timers.hpp"

#include <algorithm>
#include <tuple>

namespace gk::match {
namespace {

// The heap's greatest is the one that is due first; equal times are told apart, so that the order is the same everywhere.
bool is_later(const Timers::Entry& a, const Timers::Entry& b) {
    return std::tie(a.at, a.place, a.generation) > std::tie(b.at, b.place, b.generation);
}

}  // namespace

void Timers::arm(const Entry& entry) {
    heap_.push_back(entry);
    std::ranges::push_heap(heap_, is_later);
}

void Timers::pop() {
    std::ranges::pop_heap(heap_, is_later);
    heap_.pop_back();
}

}  // namespace gk::match
