#include "tests/sim/passage.hpp"

namespace gk::sim {
using namespace std::chrono_literals;

Task<Result<Success, RuntimeError>> Passage::send(Letter letter) {
    const auto* what = letter.what;
    co_await wait(what);
    if (is_hit(ground_.faults.error_before)) co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "injected: nothing happened"});
    if (is_hit(ground_.faults.late)) {
        letter.life = life_;
        letter.arrives = ground_.now + ground_.fault_dice.between(10ms, 30s);
        ground_.post(std::move(letter));
        co_await wait(what);
        co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "injected: it is on its way"});
    }
    ground_.deliver(life_);
    auto answer = ground_.receive(letter);
    ground_.check();
    co_await wait(what);
    if (is_hit(ground_.faults.reply_lost)) co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "injected: the answer was lost"});
    co_return answer;
}

Task<void> Passage::wait(const char* what) {
    ground_.note(what);
    auto& dice = ground_.fault_dice;
    if (ground_.is_last_wait(what) || dice.chance(ground_.faults.keeper_crash)) {
        dying_ = true;
        co_await clock_.sleep(24h);
    }
    // Half of the calls are answered at once: the others are enough to let everything else happen in between.
    if (dice.chance(ground_.faults.stall)) co_await clock_.sleep(dice.between(1min, 3min));
    else if (dice.chance(ground_.faults.slow)) co_await clock_.sleep(dice.between(1s, 20s));
    else if (dice.chance(0.5)) co_await clock_.sleep(dice.between(1ms, 15ms));
}

}  // namespace gk::sim
