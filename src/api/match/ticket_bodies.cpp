#include "api/match/ticket_bodies.hpp"

#include <utility>

namespace gk::api {
namespace {

using gk::match::AttributeValue;
using gk::match::Player;

// A number, a text, a list of texts or an object of numbers.
struct AttributeBody {
    AttributeValue value;
};

template <class T>
bool decode_as(const Value& value, const std::string& pointer, Errors& errors, AttributeBody& out) {
    T read{};
    if (!decode(value, pointer, errors, read)) return false;
    out.value = std::move(read);
    return true;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, AttributeBody& out) {
    using gk::decode;
    if (value.as_string() != nullptr) return decode_as<std::string>(value, pointer, errors, out);
    if (value.as_array() != nullptr) return decode_as<std::vector<std::string>>(value, pointer, errors, out);
    if (value.as_object() != nullptr) return decode_as<std::map<std::string, double>>(value, pointer, errors, out);
    if (value.as_int() != nullptr || value.as_double() != nullptr) return decode_as<double>(value, pointer, errors, out);
    errors.add(pointer, "wrong_type", "an attribute is a number, a text, a list of texts or an object of numbers", value.mark());
    return false;
}

struct PlayerBody {
    Player player;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, PlayerBody& out) {
    ObjectReader in(value, pointer, errors);
    std::map<std::string, AttributeBody> attributes;
    in.required("id", out.player.id);
    in.optional("attributes", attributes);
    in.optional("latencies", out.player.latencies);
    in.optional("blocked", out.player.blocked);
    for (auto& [name, attribute] : attributes) out.player.attributes.emplace(name, std::move(attribute.value));
    return in.finish();
}

std::vector<Player> players_of(std::vector<PlayerBody> bodies) {
    std::vector<Player> players;
    players.reserve(bodies.size());
    for (auto& body : bodies) players.push_back(std::move(body.player));
    return players;
}

}  // namespace

bool decode(const Value& value, const std::string& pointer, Errors& errors, ChangeBody& out) {
    ObjectReader in(value, pointer, errors);
    std::vector<PlayerBody> players;
    in.required("players", players);
    out.players = players_of(std::move(players));
    return in.finish();
}

bool read_join(const Value& value, const std::string& pointer, Errors& errors, app::JoinOrder& out) {
    ObjectReader in(value, pointer, errors);
    std::string player;
    std::string queue;
    std::vector<PlayerBody> players;
    in.optional("player", player);
    in.optional("players", players);
    in.optional("queue", queue);
    in.optional("queues", out.queues);
    in.optional("priority", out.priority);
    out.players = players_of(std::move(players));
    if (!player.empty() && !out.players.empty()) in.fail("player", "not_allowed", "say either player or players");
    if (!queue.empty() && !out.queues.empty()) in.fail("queue", "not_allowed", "say either queue or queues");
    if (!player.empty()) out.players.push_back({.id = std::move(player), .attributes = {}, .latencies = {}, .blocked = {}});
    if (!queue.empty()) out.queues.push_back(std::move(queue));
    return in.finish();
}

}  // namespace gk::api
namespace gk::app {

bool decode(const Value& value, const std::string& pointer, Errors& errors, JoinOrder& out) { return api::read_join(value, pointer, errors, out); }

}  // namespace gk::app
