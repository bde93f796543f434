#include <fmt/format.h>

#include "net/http/target.hpp"
#include "programs/load/front.hpp"
#include "programs/load/front_calls.hpp"

namespace gk::programs {
namespace {

// "connect_host" is empty and "connect_port" 0 while the player waits; "session_id" is "pending:<player>" then.
std::optional<Assignment> assignment_in(const Value& answer) {
    Assignment out{.session = text_of(answer, "session_id"),
                   .host = text_of(answer, "connect_host"),
                   .port = port_of(answer, "connect_port"),
                   .join_token = text_of(answer, "join_token")};
    if (out.host.empty() || out.port == 0) return std::nullopt;
    return out;
}

class OriginalFront final : public Front {
public:
    OriginalFront(Connections& connections, LoadWait wait, Secret key) : connections_(connections), wait_(wait), key_(std::move(key)) {}

    Answer<Place> join(std::string player) override {
        FrontCall call;
        call.method = "POST";
        call.target = "/api/match/join";
        call.bearer = key_.reveal();
        call.body = Value::object({{"player_id", player}});
        CO_TRY(answer, co_await call_front(connections_, std::move(call)));
        co_return Place{
            .player = std::move(player), .ticket = {}, .state = {}, .bearer = text_of(answer, "player_token"), .assignment = assignment_in(answer)};
    }

    Answer<std::optional<Assignment>> look(Place& place) override {
        FrontCall call;
        call.target = "/api/match/status?player_id=" + net::percent_encoded(place.player);
        call.bearer = place.bearer.empty() ? key_.reveal() : place.bearer;
        call.fault = LoadFault::status;
        if (wait_ == LoadWait::hold) {
            call.target += fmt::format("&wait={}s", hold_time.count());
            call.limit += hold_time;
        }
        CO_TRY(answer, co_await call_front(connections_, std::move(call)));
        const auto status = text_of(answer, "status");
        if (status == "pending") co_return std::nullopt;
        auto assignment = assignment_in(answer);
        if (status == "matched" && assignment) co_return assignment;
        const auto fault = status == "expired" ? LoadFault::expired : LoadFault::status;
        co_return std::unexpected(LoadError{fault, fmt::format("the match of '{}' is '{}': {}", place.player, status, text_of(answer, "reason"))});
    }

    Answer<Success> end(Place place, std::string session) override {
        auto target = fmt::format("/api/match/{}/end", net::percent_encoded(session));
        auto bearer = place.bearer.empty() ? key_.reveal() : place.bearer;
        return end_match(connections_, std::move(target), std::move(bearer));
    }

private:
    Connections& connections_;
    LoadWait wait_;
    Secret key_;
};

}  // namespace

std::unique_ptr<Front> make_original_front(Connections& connections, LoadWait wait, Secret key) {
    return std::make_unique<OriginalFront>(connections, wait, std::move(key));
}

}  // namespace gk::programs
