#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "domain/operation/operation.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "tests/sim/ground.hpp"

namespace gk::sim {

// The way from one life of the control plane to the ground: every port call passes here, and may be slow, fail, lose its answer, take effect
// later, or be the last thing that this life does.
class Passage {
public:
    Passage(Ground& ground, Clock& clock, std::uint64_t life) : ground_(ground), clock_(clock), life_(life) {}

    // A call with an effect: the rules are looked at after it.
    template <class T, class E>
    Task<Result<T, E>> pass(const char* what, Task<Result<T, E>> call) {
        co_await wait(what);
        if (is_hit(ground_.faults.error_before)) co_return std::unexpected(E{E::Kind::unavailable, "injected: nothing happened"});
        // What this life has sent before arrives before.
        ground_.deliver(life_);
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
        ground_.deliver(life_);
        co_return co_await std::move(call);
    }
    // A command to a machine: as pass(), and it may still be on its way when the caller gives up or dies. The receiver looks at the epoch when
    // it arrives.
    Task<Result<Success, RuntimeError>> send(Letter letter);

    // What goes ahead of this life's next write of a record reaches the ground with it, and not before.
    void put_ahead(Operation operation) { ahead_.push_back(std::move(operation)); }
    std::vector<Operation> take_ahead() { return std::exchange(ahead_, {}); }

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
    std::uint64_t life_;
    bool dying_ = false;
    Epoch epoch_{};
    std::vector<Operation> ahead_;
};

}  // namespace gk::sim
