#include "domain/match/codec.hpp"

#include <utility>

namespace gk::match {
namespace {

template <class Tag>
void read_id(const Value* value, ObjectReader& in, std::string_view key, bool& good, Id<Tag>& out) {
    const auto* text = value != nullptr ? value->as_string() : nullptr;
    const auto id = text != nullptr ? Id<Tag>::parse(*text) : std::nullopt;
    if (id) out = *id;
    else in.fail(key, "bad_format", "a UUID is expected here");
    good &= id.has_value();
}

template <class Map>
Value object_of(const Map& map) {
    Value::Object members;
    members.reserve(map.size());
    for (const auto& [name, value] : map) {
        if constexpr (std::same_as<typename Map::mapped_type, AttributeValue>) members.emplace_back(name, to_value(value));
        else if constexpr (std::integral<typename Map::mapped_type>) members.emplace_back(name, std::int64_t{value});
        else members.emplace_back(name, value);
    }
    return members;
}

void set_if(Value& out, std::string_view key, const std::optional<Time>& time) {
    if (time) out.set(key, rfc3339(*time));
}

void set_unless_empty(Value& out, std::string_view key, const std::string& text) {
    if (!text.empty()) out.set(key, text);
}

template <class T>
bool read_as(const Value& value, const std::string& pointer, Errors& errors, AttributeValue& out) {
    return gk::decode(value, pointer, errors, out.emplace<T>());
}

bool read_attribute(const Value& value, const std::string& pointer, Errors& errors, AttributeValue& out) {
    if (value.as_string() != nullptr) return read_as<std::string>(value, pointer, errors, out);
    if (value.as_array() != nullptr) return read_as<std::vector<std::string>>(value, pointer, errors, out);
    if (value.as_object() != nullptr) return read_as<std::map<std::string, double>>(value, pointer, errors, out);
    return read_as<double>(value, pointer, errors, out);
}

// A variant of standard types has no decode() that the one of maps would find.
bool read_attributes(const Value& value, const std::string& pointer, Errors& errors, std::map<std::string, AttributeValue>& out) {
    const auto* members = value.as_object();
    if (members == nullptr) {
        errors.add(pointer, "wrong_type", "an object is expected here, not a value of type " + std::string(value.type_name()), value.mark());
        return false;
    }
    bool good = true;
    for (const auto& [name, attribute] : *members) good &= read_attribute(attribute, pointer_to(pointer, name), errors, out[name]);
    return good;
}

Value to_value(const MatchServer& server) {
    return Value::object({{"name", server.name}, {"host", server.host}, {"port", std::int64_t{server.port}}});
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, MatchServer& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    in.required("host", out.host);
    in.required("port", out.port);
    return in.finish_lenient();
}

}  // namespace

Value to_value(const AttributeValue& attribute) {
    if (const auto* number = std::get_if<double>(&attribute)) return *number;
    if (const auto* text = std::get_if<std::string>(&attribute)) return *text;
    if (const auto* texts = std::get_if<std::vector<std::string>>(&attribute)) return list_of(*texts);
    return object_of(std::get<std::map<std::string, double>>(attribute));
}

Value to_value(const Player& player) {
    auto value = Value::object({{"id", player.id}});
    if (!player.attributes.empty()) value.set("attributes", object_of(player.attributes));
    if (!player.latencies.empty()) value.set("latencies", object_of(player.latencies));
    if (!player.blocked.empty()) value.set("blocked", list_of(player.blocked));
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Player& out) {
    ObjectReader in(value, pointer, errors);
    in.required("id", out.id);
    bool good = true;
    if (const auto* attributes = in.find("attributes")) good = read_attributes(*attributes, in.pointer("attributes"), errors, out.attributes);
    in.optional("latencies", out.latencies);
    in.optional("blocked", out.blocked);
    return in.finish_lenient() && good;
}

Value to_value(const Ticket& ticket) {
    auto value = Value::object({{"id", ticket.id.text()},
                                {"tenant", ticket.tenant},
                                {"queues", list_of(ticket.queues)},
                                {"players", list_of(ticket.players)},
                                {"priority", std::int64_t{ticket.priority}},
                                {"joined_at", rfc3339(ticket.joined_at)},
                                {"expires_at", rfc3339(ticket.expires_at)},
                                {"state", name_of(ticket.state)}});
    if (ticket.match) value.set("match", ticket.match->text());
    set_unless_empty(value, "reason", ticket.reason);
    if (ticket.put_back > 0) value.set("put_back", std::int64_t{ticket.put_back});
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Ticket& out) {
    ObjectReader in(value, pointer, errors);
    bool good = true;
    read_id(in.find("id"), in, "id", good, out.id);
    in.required("tenant", out.tenant);
    in.required("queues", out.queues);
    in.required("players", out.players);
    in.optional("priority", out.priority);
    in.required("joined_at", out.joined_at);
    in.required("expires_at", out.expires_at);
    in.required("state", out.state);
    if (const auto* match = in.find("match")) read_id(match, in, "match", good, out.match.emplace());
    in.optional("reason", out.reason);
    in.optional("put_back", out.put_back);
    return in.finish_lenient() && good;
}

Value to_value(const Member& member) {
    auto value = Value::object({{"player", member.player}, {"ticket", member.ticket.text()}, {"team", member.team}});
    if (member.accepted) value.set("accepted", *member.accepted);
    set_if(value, "left_at", member.left_at);
    set_if(value, "told_at", member.told_at);
    set_if(value, "answer_by", member.answer_by);
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Member& out) {
    ObjectReader in(value, pointer, errors);
    bool good = true;
    in.required("player", out.player);
    read_id(in.find("ticket"), in, "ticket", good, out.ticket);
    in.required("team", out.team);
    in.optional("accepted", out.accepted);
    in.optional("left_at", out.left_at);
    in.optional("told_at", out.told_at);
    in.optional("answer_by", out.answer_by);
    return in.finish_lenient() && good;
}

Value to_value(const Match& match) {
    auto value = Value::object({{"id", match.id.text()},
                                {"tenant", match.tenant},
                                {"queue", match.queue},
                                {"state", name_of(match.state)},
                                {"members", list_of(match.members)}});
    set_unless_empty(value, "region", match.region);
    value.set("quality", match.quality);
    if (match.server) value.set("server", to_value(*match.server));
    if (match.join_tokens) value.set("join_tokens", true);
    value.set("attempts", std::int64_t{match.attempts});
    set_if(value, "deadline", match.deadline);
    if (match.kept_since) value.set("kept_at", std::int64_t{match.kept_at});
    set_if(value, "kept_since", match.kept_since);
    value.set("claimed_at", rfc3339(match.claimed_at));
    set_if(value, "assigned_at", match.assigned_at);
    set_if(value, "ended_at", match.ended_at);
    set_unless_empty(value, "end_reason", match.end_reason);
    value.set("epoch", static_cast<std::int64_t>(std::to_underlying(match.epoch)));
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Match& out) {
    ObjectReader in(value, pointer, errors);
    bool good = true;
    std::uint64_t epoch = 0;
    read_id(in.find("id"), in, "id", good, out.id);
    in.required("tenant", out.tenant);
    in.required("queue", out.queue);
    in.required("state", out.state);
    in.required("members", out.members);
    in.optional("region", out.region);
    in.optional("quality", out.quality);
    if (const auto* server = in.find("server")) good &= decode(*server, in.pointer("server"), errors, out.server.emplace());
    in.optional("join_tokens", out.join_tokens);
    in.optional("attempts", out.attempts);
    in.optional("deadline", out.deadline);
    in.optional("kept_at", out.kept_at);
    in.optional("kept_since", out.kept_since);
    in.required("claimed_at", out.claimed_at);
    in.optional("assigned_at", out.assigned_at);
    in.optional("ended_at", out.ended_at);
    in.optional("end_reason", out.end_reason);
    in.optional("epoch", epoch);
    out.epoch = static_cast<Epoch>(epoch);
    return in.finish_lenient() && good;
}

}  // namespace gk::match
