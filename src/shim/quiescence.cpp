#include "shim/quiescence.hpp"

#include <utility>

namespace gk::shim {

using enum wire::shim::Outcome;

void Quiescence::begin(std::uint64_t holder, Done done) {
    if (!is_possible()) return done(not_found, "the game has no commands that keep it from writing");
    if (state_ == State::asking) return done(unavailable, "it is being asked already");
    holder_ = holder;
    if (state_ == State::held) {
        hold();  // Its time starts anew.
        return done(ok, "");
    }
    state_ = State::asking;
    done_ = std::move(done);
    ++round_;
    deadline_.start(spec_.timeout, [this] { give_up("the game did not confirm it within " + duration_text(spec_.timeout)); });
    send_next(0);
}

void Quiescence::send_next(std::size_t index) {
    if (index == spec_.before.size()) {
        if (confirm_.is_empty()) hold();
        return;
    }
    // The answer to the last command may be the confirmation itself.
    awaits_confirmation_ = index + 1 == spec_.before.size();
    console_->send(spec_.before[index], [this, index, round = round_](ShimResult<std::string> reply) {
        if (state_ != State::asking || round != round_) return;
        if (!reply) return give_up(reply.error().detail);
        if (awaits_confirmation_ && confirm_.matches(*reply)) return hold();
        send_next(index + 1);
    });
}

void Quiescence::on_line(const std::string& line) {
    if (state_ == State::asking && awaits_confirmation_ && confirm_.matches(line)) hold();
}

void Quiescence::hold() {
    const bool newly = std::exchange(state_, State::held) != State::held;
    awaits_confirmation_ = false;
    deadline_.start(spec_.timeout, [this] { release(); });
    if (newly) changed_();
    if (auto done = std::exchange(done_, nullptr)) done(ok, "");
}

wire::shim::Outcome Quiescence::end() {
    if (!is_possible()) return not_found;
    if (state_ == State::asking) give_up("it was undone before the game confirmed it");
    if (state_ == State::held) release();
    return ok;
}

void Quiescence::on_client_gone(std::uint64_t client) {
    if (client == holder_) end();
}

void Quiescence::release() {
    const bool was_held = std::exchange(state_, State::loose) == State::held;
    deadline_.stop();
    awaits_confirmation_ = false;
    for (const auto& command : spec_.after) console_->send(command, [](const auto&) {});
    if (was_held) changed_();
}

void Quiescence::give_up(std::string why) {
    release();
    if (auto done = std::exchange(done_, nullptr)) done(unavailable, std::move(why));
}

}  // namespace gk::shim
