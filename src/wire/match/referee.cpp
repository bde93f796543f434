#include "wire/match/referee.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace gk::wire::match {

void Referee::joined(Time now) {
    ++players_;
    if (!open_since_) open_since_ = now;
}

void Referee::left(Time now) {
    ASSERT(players_ > 0, "who leaves has joined");
    if (--players_ > 0) return;
    empty_since_ = now;
    if (state_ == State::running) finish(End::all_left);
}

bool Referee::request(std::chrono::seconds length, Time now) {
    if (state_ != State::open) return false;
    state_ = State::running;
    length_ = length;
    runs_until_ = now + length;
    return true;
}

void Referee::tick(Time now) {
    if (state_ == State::running && now >= runs_until_) finish(End::length_over);
    if (state_ != State::open) return;
    if (players_ == 0 && now >= empty_since_ + limits_.empty_time) finish(End::nobody_came);
    else if (open_since_ && now >= *open_since_ + limits_.open_time) finish(End::never_begun);
}

void Referee::stop() {
    if (state_ != State::stop) finish(End::asked);
}

std::optional<Time> Referee::deadline() const {
    if (state_ == State::stop) return std::nullopt;
    if (state_ == State::running) return runs_until_;
    const auto empty = empty_since_ + limits_.empty_time;
    if (!open_since_) return empty;
    const auto open = *open_since_ + limits_.open_time;
    return players_ == 0 ? std::min(empty, open) : open;
}

void Referee::finish(End end) {
    state_ = State::stop;
    end_ = end;
}

}  // namespace gk::wire::match
