#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "net/http/target.hpp"
#include "programs/load/front.hpp"
#include "programs/load/front_calls.hpp"

namespace gk::programs {
namespace {

// States of a ticket in which its player goes on waiting; all others but "assigned" are ends.
constexpr auto waiting_states = std::to_array<std::string_view>({"queued", "matched", "claimed", "accepting", "placing"});

// The ticket as it is answered: {id, state, match: {id, server: {host, port}}, join_token, player_token, reason}.
std::optional<Assignment> assignment_in(const Value& ticket) {
    const auto* match = ticket.find("match");
    const auto* server = match == nullptr ? nullptr : match->find("server");
    if (server == nullptr) return std::nullopt;
    Assignment out{.session = text_of(*match, "id"),
                   .host = text_of(*server, "host"),
                   .port = port_of(*server, "port"),
                   .join_token = text_of(ticket, "join_token")};
    if (out.host.empty() || out.port == 0) return std::nullopt;
    return out;
}

class V1Front final : public Front {
public:
    V1Front(Connections& connections, LoadWait wait, Secret key, std::string queue)
        : connections_(connections),
          wait_(wait),
          key_(std::move(key)),
          queue_(std::move(queue)) {}

    Answer<Place> join(std::string player) override {
        FrontCall call;
        call.method = "POST";
        call.target = "/v1/tickets";
        call.bearer = key_.reveal();
        call.headers = {{"Idempotency-Key", player}};
        Value players = Value::array({Value::object({{"id", player}})});
        call.body = Value::object({{"queues", Value::array({Value(queue_)})}, {"players", std::move(players)}});
        CO_TRY(ticket, co_await call_front(connections_, std::move(call)));
        co_return Place{.player = std::move(player),
                        .ticket = text_of(ticket, "id"),
                        .state = text_of(ticket, "state"),
                        .bearer = text_of(ticket, "player_token"),
                        .assignment = assignment_in(ticket)};
    }

    Answer<std::optional<Assignment>> look(Place& place) override {
        FrontCall call;
        call.target = "/v1/tickets/" + net::percent_encoded(place.ticket);
        call.bearer = place.bearer.empty() ? key_.reveal() : place.bearer;
        call.fault = LoadFault::status;
        if (wait_ == LoadWait::hold) {
            // What changed since it was seen is not waited for.
            call.target += fmt::format("?wait={}s&state={}", hold_time.count(), place.state);
            call.limit += hold_time;
        }
        CO_TRY(ticket, co_await call_front(connections_, std::move(call)));
        auto assignment = assignment_in(ticket);
        const auto state = text_of(ticket, "state");
        place.state = state;
        if (state == "assigned" && assignment) co_return assignment;
        if (std::ranges::find(waiting_states, state) != waiting_states.end()) co_return std::nullopt;
        const auto fault = state == "expired" ? LoadFault::expired : LoadFault::status;
        co_return std::unexpected(LoadError{fault, fmt::format("the ticket of '{}' is '{}': {}", place.player, state, text_of(ticket, "reason"))});
    }

    Answer<Success> end(Place place, std::string session) override {
        auto target = fmt::format("/v1/matches/{}/end", net::percent_encoded(session));
        auto bearer = place.bearer.empty() ? key_.reveal() : place.bearer;
        return end_match(connections_, std::move(target), std::move(bearer));
    }

private:
    Connections& connections_;
    LoadWait wait_;
    Secret key_;
    std::string queue_;
};

}  // namespace

std::unique_ptr<Front> make_v1_front(Connections& connections, LoadWait wait, Secret key, std::string queue) {
    return std::make_unique<V1Front>(connections, wait, std::move(key), std::move(queue));
}

}  // namespace gk::programs
