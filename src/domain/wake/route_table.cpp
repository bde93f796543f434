#include "domain/wake/route_table.hpp"

#include <set>
#include <tuple>

#include <fmt/format.h>

namespace gk::wake {
bool decode(const Value& value, const std::string& pointer, Errors& errors, Endpoint& out) {
    const auto* text = value.as_string();
    const auto parsed = text != nullptr ? Endpoint::parse(*text) : std::nullopt;
    if (!parsed) {
        errors.add(pointer, "bad_format", "an address with its port is expected here, like 203.0.113.7:25565 or [::1]:25565", value.mark());
        return false;
    }
    out = *parsed;
    return true;
}

namespace {

Value optional_duration(const std::optional<Milliseconds>& duration) { return duration ? Value(duration_text(*duration)) : Value(); }

Value::Array texts(const std::vector<std::string>& items) { return {items.begin(), items.end()}; }

Value document_of(const Rule& rule) {
    Value::Array blocks;
    for (const auto& block : rule.blocks) blocks.emplace_back(block.text());
    return Value::object({{"admission", name_of(rule.admission)},
                          {"names", texts(rule.names)},
                          {"blocks", std::move(blocks)},
                          {"starts_per_day_max", static_cast<std::int64_t>(rule.starts_per_day_max)},
                          {"knocks_needed", std::int64_t{rule.knocks_needed}},
                          {"knock_gap", duration_text(rule.knock_gap)},
                          {"knock_window", duration_text(rule.knock_window)},
                          {"patience", duration_text(rule.patience)}});
}

Value document_of(const Face& face) {
    return Value::object({{"title", face.title},
                          {"map", face.map},
                          {"game_type", face.game_type},
                          {"version", face.version},
                          {"protocol", std::int64_t{face.protocol}},
                          {"players_max", std::int64_t{face.players_max}},
                          {"icon", face.icon}});
}

Value document_of(const Route& route) {
    return Value::object({{"server", route.server},
                          {"listen", route.listen.text()},
                          {"protocol", name_of(route.protocol)},
                          {"hosts", texts(route.hosts)},
                          {"rule", document_of(route.rule)},
                          {"state", name_of(route.state)},
                          {"upstream", route.upstream ? Value(route.upstream->text()) : Value()},
                          {"ready_in", optional_duration(route.ready_in)},
                          {"face", document_of(route.face)}});
}

}  // namespace

bool decode(const Value& value, const std::string& pointer, Errors& errors, Rule& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("admission", out.admission);
    in.optional("names", out.names);
    std::vector<std::string> blocks;
    in.optional("blocks", blocks);
    for (const auto& text : blocks) {
        if (const auto block = Block::parse(text)) out.blocks.push_back(*block);
        else in.fail("blocks", "bad_format", fmt::format("'{}' is no block of addresses; one like 203.0.113.0/24 is expected", text));
    }
    in.optional("starts_per_day_max", out.starts_per_day_max);
    in.optional("knocks_needed", out.knocks_needed);
    in.optional("knock_gap", out.knock_gap);
    in.optional("knock_window", out.knock_window);
    in.optional("patience", out.patience);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Face& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("title", out.title);
    in.optional("map", out.map);
    in.optional("game_type", out.game_type);
    in.optional("version", out.version);
    in.optional("protocol", out.protocol);
    in.optional("players_max", out.players_max);
    in.optional("icon", out.icon);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Route& out) {
    ObjectReader in(value, pointer, errors);
    in.required("server", out.server);
    in.optional("listen", out.listen);  // Routes of streams have that of their listener.
    in.optional("protocol", out.protocol);
    in.optional("hosts", out.hosts);
    in.optional("rule", out.rule);
    in.required("state", out.state);
    in.optional("upstream", out.upstream);
    in.optional("ready_in", out.ready_in);
    in.optional("face", out.face);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Listener& out) {
    ObjectReader in(value, pointer, errors);
    in.required("listen", out.listen);
    in.optional("protocol", out.protocol);
    in.required("routes", out.routes);
    std::set<std::string> servers;
    std::set<std::string> hosts;
    for (auto& route : out.routes) {
        if (!servers.insert(route.server).second) in.fail("routes", "not_allowed", fmt::format("two of them lead to '{}'", route.server));
        if (route.hosts.empty() && !hosts.insert("").second) in.fail("routes", "not_allowed", "two of them are for all other names");
        for (const auto& host : route.hosts) {
            if (!hosts.insert(host).second) in.fail("routes", "not_allowed", fmt::format("the name '{}' leads to two servers", host));
        }
        route.listen = out.listen;
    }
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, RouteTable& out) {
    ObjectReader in(value, pointer, errors);
    in.required("epoch", out.epoch);
    in.required("number", out.number);
    in.required("datagrams", out.datagrams);
    in.required("streams", out.streams);
    std::set<Endpoint> seen;
    for (const auto& route : out.datagrams) {
        if (!seen.insert(route.listen).second) in.fail("datagrams", "not_allowed", fmt::format("two routes listen at {}", route.listen.text()));
    }
    seen.clear();
    for (const auto& listener : out.streams) {
        if (!seen.insert(listener.listen).second) in.fail("streams", "not_allowed", fmt::format("two listen at {}", listener.listen.text()));
    }
    // Newer control planes may say more.
    return in.finish_lenient();
}

bool may_follow(const RouteTable& newer, const RouteTable& older) {
    return std::tie(newer.epoch, newer.number) >= std::tie(older.epoch, older.number);
}

Value document_of(const RouteTable& table) {
    Value::Array datagrams;
    for (const auto& route : table.datagrams) datagrams.push_back(document_of(route));
    Value::Array streams;
    for (const auto& listener : table.streams) {
        Value::Array routes;
        for (const auto& route : listener.routes) routes.push_back(document_of(route));
        streams.push_back(
            Value::object({{"listen", listener.listen.text()}, {"protocol", name_of(listener.protocol)}, {"routes", std::move(routes)}}));
    }
    return Value::object({{"epoch", static_cast<std::int64_t>(table.epoch)},
                          {"number", static_cast<std::int64_t>(table.number)},
                          {"datagrams", std::move(datagrams)},
                          {"streams", std::move(streams)}});
}

}  // namespace gk::wake
