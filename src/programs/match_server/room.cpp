#include "programs/match_server/room.hpp"

#include <algorithm>
#include <utility>

namespace gk::programs {

using wire::match::State;
using wire::match::Verb;

void Room::enter(const std::shared_ptr<Client>& client, Time now) {
    client->room = this;
    clients_.push_back(client);
    referee_.joined(now);
}

void Room::leave(Client& client, Time now) {
    client.room = nullptr;
    std::erase_if(clients_, [&client](const auto& there) { return there.get() == &client; });
    referee_.left(now);
}

std::shared_ptr<Client> Room::holder_of(std::string_view player) const {
    const auto found = std::ranges::find_if(clients_, [player](const auto& there) { return there->player == player; });
    return found == clients_.end() ? nullptr : *found;
}

void Room::take(Client& client, const wire::match::Request& request, Time now) {
    switch (request.verb) {
    case Verb::get_state: return client.say(wire::match::state_line(referee_.state()));
    case Verb::get_running_length: return client.say(wire::match::length_line(referee_.length()));
    case Verb::request_match: {
        const bool begins = referee_.request(request.length, now);
        client.say(wire::match::length_line(referee_.length()));
        if (begins) tell_all(wire::match::state_line(State::running));
        return;
    }
    case Verb::token:
    case Verb::session:
    case Verb::unknown: return client.say(wire::match::unknown_line);
    }
}

std::vector<std::shared_ptr<Client>> Room::dismiss() {
    tell_all(wire::match::state_line(State::stop));
    auto all = std::exchange(clients_, {});
    for (const auto& client : all) client->room = nullptr;
    return all;
}

void Room::tell_all(std::string_view line) {
    for (const auto& client : clients_) {
        client->say(line);
        client->flush();
    }
}

}  // namespace gk::programs
