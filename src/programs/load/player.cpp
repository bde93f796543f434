#include "programs/load/player.hpp"

#include <algorithm>

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>

#include "programs/load/visit.hpp"

namespace gk::programs {

using wire::match::Reply;
using wire::match::State;

namespace {

constexpr Milliseconds poll_pause(500);
// An answer that was held back comes at each change, of which a match has several; this bounds what a front is asked that holds nothing back.
constexpr Milliseconds hold_pause(50);
// A match server says the end of the match at most this long after it.
constexpr Milliseconds end_slack = std::chrono::seconds(30);

class LifeCycle {
public:
    LifeCycle(LoadRun run, std::string player) : run_(run), player_(std::move(player)), began_(run.clock.now()) {}

    Task<Result<Success, LoadError>> live() {
        CO_TRY(assignment, co_await wait_for_match());
        say(fmt::format("matched session_id={} at {}:{}", assignment.session, assignment.host, assignment.port));
        CO_TRY_OK(co_await play(assignment));
        say("ending_session");
        CO_TRY_OK(co_await run_.front.end(place_, assignment.session));
        say("session_ended");
        co_return Success{};
    }
    void say(const std::string& what) const {
        if (run_.options.verbose) fmt::print(stderr, "{} {}\n", player_, what);
    }

private:
    Task<Result<Assignment, LoadError>> wait_for_match() {
        say("joining_matchmaking");
        CO_TRY(place, co_await run_.front.join(player_));
        run_.tally.joined.push_back(age());
        place_ = std::move(place);
        if (!place_.assignment) say("queued");
        while (!place_.assignment) {
            const auto looked_at = run_.clock.now();
            CO_TRY(found, co_await run_.front.look(place_));
            place_.assignment = std::move(found);
            if (place_.assignment) break;
            if (age() >= run_.options.match_limit) {
                co_return std::unexpected(LoadError{LoadFault::no_match, fmt::format("no match within {}", duration_text(run_.options.match_limit))});
            }
            co_await run_.clock.sleep_until(looked_at + (run_.options.wait == LoadWait::hold ? hold_pause : poll_pause));
        }
        run_.tally.matched.push_back(age());
        if (!run_.options.host_override.empty()) place_.assignment->host = run_.options.host_override;
        co_return *place_.assignment;
    }

    Task<Result<Success, LoadError>> play(Assignment assignment) {
        Visit visit(run_.executor, run_.clock);
        say("tcp_connecting");
        CO_TRY(attempts, co_await visit.connect(assignment.host, assignment.port, run_.clock.now() + run_.options.connect_limit));
        run_.tally.connected.push_back(age());
        say(fmt::format("tcp_connected attempts={}", attempts));
        CO_TRY_OK(co_await visit.begin(assignment, run_.options.many, run_.options.match_seconds));
        auto deadline = run_.clock.now() + Milliseconds(static_cast<std::int64_t>(run_.options.match_seconds * 1000)) + end_slack;
        for (;;) {
            CO_TRY(reply, co_await visit.hear(deadline));
            if (!reply) co_return std::unexpected(LoadError{LoadFault::cut_off, "the match server closed the connection before the match was over"});
            if (reply->kind == Reply::Kind::full || reply->kind == Reply::Kind::denied) {
                const auto* why = reply->kind == Reply::Kind::full ? "its match is full" : "it takes only players with a token";
                co_return std::unexpected(LoadError{LoadFault::turned_away, fmt::format("the match server turned {} away: {}", player_, why)});
            }
            if (reply->kind == Reply::Kind::running_length) {
                say(fmt::format("running_length {}", reply->length.count()));
                // Another player may have asked first, for more.
                deadline = std::max(deadline, run_.clock.now() + reply->length + end_slack);
            }
            if (reply->kind != Reply::Kind::state) continue;
            say(fmt::format("server_{}", name_of(reply->state)));
            if (reply->state == State::stop) co_return Success{};
        }
    }

    Milliseconds age() const { return run_.clock.now() - began_; }

    LoadRun run_;
    std::string player_;
    Time began_;
    Place place_;
};

}  // namespace

Task<void> live_once(LoadRun run, std::string player) {
    ++run.tally.begun;
    LifeCycle life(run, std::move(player));
    const LoadError interrupted{LoadFault::interrupted, "the run was ended"};
    try {
        const auto lived = co_await life.live();
        // What a cancelled wait looks like depends on where it was; most turn it into an error of their own.
        const auto state = co_await boost::asio::this_coro::cancellation_state;
        if (lived) {
            ++run.tally.ended_well;
        } else if (state.cancelled() != boost::asio::cancellation_type::none) {
            run.tally.fail(interrupted);
        } else {
            life.say(fmt::format("{}_error {}", name_of(lived.error().fault), lived.error().detail));
            run.tally.fail(lived.error());
        }
    } catch (const boost::system::system_error& error) {
        if (error.code() == boost::asio::error::operation_aborted) run.tally.fail(interrupted);
        throw;
    }
}

}  // namespace gk::programs
