#pragma once

#include <optional>
#include <string>
#include <utility>

#include "async/signal.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "domain/fleet/fleet.hpp"
#include "ports/clock.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

// One matchmaker's time at work: its epoch, and whether that is over because a newer one has begun.
class Shift {
public:
    explicit Shift(Clock& clock) : clock_(clock) {}

    // Repeats a call of the store until it is answered; the store's calls may be repeated. Nothing when it is refused, or when the shift is over.
    template <class T, class Call>
    Task<std::optional<T>> ask(Call call) {
        for (std::uint32_t tries = 1; !over_; ++tries) {
            Result<T, StoreError> answer = co_await call();
            if (answer) co_return std::optional<T>(std::move(*answer));
            const auto& error = answer.error();
            if (error.kind == StoreError::Kind::fenced) end("a newer matchmaker is at work");
            if (error.kind != StoreError::Kind::unavailable) {
                // What somebody else has done to it meanwhile is no trouble of ours.
                if (error.kind == StoreError::Kind::corrupt) log::error("match", "the store refuses", {{"detail", error.detail}});
                break;
            }
            log::warning("match", "the store does not answer", {{"detail", error.detail}});
            co_await clock_.sleep(fleet::back_off(tries));
        }
        co_return std::nullopt;
    }

    void begin(Epoch epoch) { epoch_ = epoch; }
    Epoch epoch() const { return epoch_; }
    void end(std::string why) {
        if (!over_) over_ = std::move(why);
        ended_.raise();
    }
    bool is_over() const { return over_.has_value(); }
    const std::string& why() const { return *over_; }
    Task<void> wait_for_end() {
        while (!over_) co_await ended_.wait();
    }

private:
    Clock& clock_;
    Epoch epoch_{};
    std::optional<std::string> over_;
    async::Signal ended_;
};

}  // namespace gk::app
