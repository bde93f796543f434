#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "programs/match_server/client.hpp"
#include "wire/match/referee.hpp"

namespace gk::programs {

// One match and those who are connected to it.
class Room {
public:
    Room(std::string session, wire::match::RefereeLimits limits, Time now) : session_(std::move(session)), referee_(limits, now), opened_at_(now) {}
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;

    const std::string& session() const { return session_; }
    const wire::match::Referee& referee() const { return referee_; }
    Time opened_at() const { return opened_at_; }
    std::size_t size() const { return clients_.size(); }

    void enter(const std::shared_ptr<Client>& client, Time now);
    void leave(Client& client, Time now);
    // Somebody who came by the same player's token before; null when there is none.
    std::shared_ptr<Client> holder_of(std::string_view player) const;

    // Answers one request of a client that is in here.
    void take(Client& client, const wire::match::Request& request, Time now);
    void tick(Time now) { referee_.tick(now); }
    void stop() { referee_.stop(); }
    // Tells everybody that it is over; returns those who are to part.
    std::vector<std::shared_ptr<Client>> dismiss();

    // Of the book of deadlines, where it stands there.
    std::optional<Time> booked;

private:
    void tell_all(std::string_view line);

    std::string session_;
    wire::match::Referee referee_;
    Time opened_at_;
    std::vector<std::shared_ptr<Client>> clients_;
};

}  // namespace gk::programs
