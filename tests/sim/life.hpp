#pragma once

#include <memory>
#include <optional>
#include <string>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include "app/keeper/keeper.hpp"
#include "async/manual_clock.hpp"
#include "tests/sim/ground.hpp"

namespace gk::sim {

// The ways in which one life of the control plane meets the ground: every port call passes here, and may be slow, fail, lose its answer, or be
// the last thing that this life does.
class Passage {
public:
    Passage(Ground& ground, Clock& clock) : ground_(ground), clock_(clock) {}

    // A call with an effect: the rules are looked at after it.
    template <class T, class E>
    Task<Result<T, E>> pass(const char* what, Task<Result<T, E>> call) {
        co_await wait(what);
        if (is_hit(ground_.faults.error_before)) co_return std::unexpected(E{E::Kind::unavailable, "injected: nothing happened"});
        auto answer = co_await std::move(call);
        ground_.check();
        co_await wait(what);
        if (is_hit(ground_.faults.reply_lost)) co_return std::unexpected(E{E::Kind::unavailable, "injected: the answer was lost"});
        co_return answer;
    }
    // A call that only reads: it has one way to fail, and breaks no rule.
    template <class T, class E>
    Task<Result<T, E>> ask(const char* what, Task<Result<T, E>> call) {
        co_await wait(what);
        if (is_hit(ground_.faults.error_before)) co_return std::unexpected(E{E::Kind::unavailable, "injected: no answer"});
        co_return co_await std::move(call);
    }
    // Time passes, other things happen meanwhile; the control plane may die here.
    Task<void> wait(const char* what);
    bool is_dying() const { return dying_; }
    // The epoch under which this life took over, once it has.
    void took_over(Epoch epoch) { epoch_ = epoch; }
    Epoch epoch() const { return epoch_; }

private:
    bool is_hit(double probability) { return ground_.fault_dice.chance(probability); }

    Ground& ground_;
    Clock& clock_;
    bool dying_ = false;
    Epoch epoch_{};
};

// One life of the control plane: a keeper with its loop, clock and ports over the common ground. It ends by death (end()), which stops it at
// whatever it awaits, or by itself, when a newer keeper is at work.
class Life {
public:
    Life(Ground& ground, std::uint64_t seed);
    ~Life();

    // Runs what can run now.
    void poll();
    void advance(Time now);
    std::optional<Time> next_due() const;
    bool wants_to_die() const;
    bool has_ended() const { return ended_; }
    // Stops at once: whatever was awaited throws, nothing more reaches the ground.
    void end();
    void wake(ServerUid uid);

private:
    struct Ports;

    Ground& ground_;
    boost::asio::io_context io_;
    async::ManualClock clock_;
    std::unique_ptr<Ports> ports_;
    std::unique_ptr<app::Keeper> keeper_;
    boost::asio::cancellation_signal cancel_;
    bool ended_ = false;
};

}  // namespace gk::sim
