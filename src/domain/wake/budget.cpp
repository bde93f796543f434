#include "domain/wake/budget.hpp"

namespace gk::wake {

AnswerBudget::AnswerBudget(const AnswerLimits& limits, Instant now)
    : limits_(limits),
      in_all_(limits.bytes_in_all, now),
      accounts_(limits.neighbourhoods_max) {}

bool AnswerBudget::take(const Address& to, std::size_t bytes, Instant now) {
    const auto size = static_cast<std::int64_t>(bytes);
    auto& account = accounts_.of(neighbourhood(to), [&] { return Account{Bucket(limits_.answers, now), Bucket(limits_.bytes, now)}; });
    // Asked before anything is taken: who is over one limit must not use up another.
    if (!account.answers.has(limits_.answers, 1, now) || !account.bytes.has(limits_.bytes, size, now)) return false;
    if (!in_all_.take(limits_.bytes_in_all, size, now)) return false;
    account.answers.take(limits_.answers, 1, now);
    account.bytes.take(limits_.bytes, size, now);
    return true;
}

}  // namespace gk::wake
