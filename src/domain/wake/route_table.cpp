#include "domain/wake/route_table.hpp"

#include <set>
#include <tuple>

#include <fmt/format.h>

#include "domain/wake/rule_document.hpp"

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

}  // namespace

Value document_of(const Face& face) {
    return Value::object({{"title", face.title},
                          {"map", face.map},
                          {"game_type", face.game_type},
                          {"version", face.version},
                          {"protocol", std::int64_t{face.protocol}},
                          {"players_max", std::int64_t{face.players_max}},
                          {"game_name", face.game_name},
                          {"icon", face.icon},
                          {"trouble", face.trouble}});
}

namespace {

Value document_of(const Copies& copies) {
    Value::Array upstreams;
    for (const auto& upstream : copies.upstreams) upstreams.emplace_back(upstream.text());
    return Value::object({{"mode", name_of(copies.mode)}, {"upstreams", std::move(upstreams)}});
}

Value document_of(const Route& route) {
    return Value::object({{"server", route.server},
                          {"listen", route.listen.text()},
                          {"protocol", name_of(route.protocol)},
                          {"hosts", texts(route.hosts)},
                          {"rule", document_of(route.rule)},
                          {"state", name_of(route.state)},
                          {"upstream", route.upstream ? Value(route.upstream->text()) : Value()},
                          {"proxy_from", block_texts(route.proxy_from)},
                          {"proxy_to", name_of(route.proxy_to)},
                          {"transparent", route.transparent},
                          {"copies", route.copies ? document_of(*route.copies) : Value()},
                          {"ready_in", optional_duration(route.ready_in)},
                          {"face", document_of(route.face)}});
}

}  // namespace

bool decode(const Value& value, const std::string& pointer, Errors& errors, Face& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("title", out.title);
    in.optional("map", out.map);
    in.optional("game_type", out.game_type);
    in.optional("version", out.version);
    in.optional("protocol", out.protocol);
    in.optional("players_max", out.players_max);
    in.optional("game_name", out.game_name);
    in.optional("icon", out.icon);
    in.optional("trouble", out.trouble);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Copies& out) {
    ObjectReader in(value, pointer, errors);
    in.required("mode", out.mode);
    in.required("upstreams", out.upstreams);
    if (out.upstreams.empty() || out.upstreams.size() > Copies::upstreams_max) {
        in.fail("upstreams", "out_of_range", fmt::format("between 1 and {} more games are expected here", Copies::upstreams_max));
    }
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
    read_blocks(in, "proxy_from", out.proxy_from);
    in.optional("proxy_to", out.proxy_to);
    in.optional("transparent", out.transparent);
    in.optional("copies", out.copies);
    in.optional("ready_in", out.ready_in);
    in.optional("face", out.face);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Listener& out) {
    ObjectReader in(value, pointer, errors);
    in.required("listen", out.listen);
    in.optional("protocol", out.protocol);
    read_blocks(in, "proxy_from", out.proxy_from);
    in.required("routes", out.routes);
    std::set<std::string> servers;
    std::set<std::string> hosts;
    for (auto& route : out.routes) {
        if (!servers.insert(route.server).second) in.fail("routes", "not_allowed", fmt::format("two of them lead to '{}'", route.server));
        if (route.hosts.empty() && !hosts.insert("").second) in.fail("routes", "not_allowed", "two of them are for all other names");
        for (const auto& host : route.hosts) {
            if (!hosts.insert(host).second) in.fail("routes", "not_allowed", fmt::format("the name '{}' leads to two servers", host));
        }
        if (route.copies) in.fail("routes", "not_allowed", "copies are for datagrams: a stream has one game");
        route.listen = out.listen;
        route.proxy_from = out.proxy_from;
    }
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, RouteTable& out) {
    ObjectReader in(value, pointer, errors);
    in.required("epoch", out.epoch);
    in.required("number", out.number);
    in.required("datagrams", out.datagrams);
    in.required("streams", out.streams);
    in.optional("dns", out.dns);
    in.optional("zones", out.zones);
    in.optional("bans", out.bans);
    std::set<Endpoint> seen;
    for (const auto& route : out.datagrams) {
        if (!seen.insert(route.listen).second) in.fail("datagrams", "not_allowed", fmt::format("two routes listen at {}", route.listen.text()));
        if (route.proxy_to == ProxyTo::v1) in.fail("datagrams", "not_allowed", "proxy_to: v1 is for streams; datagrams have v2 only");
    }
    seen.clear();
    for (const auto& listener : out.streams) {
        if (!seen.insert(listener.listen).second) in.fail("streams", "not_allowed", fmt::format("two listen at {}", listener.listen.text()));
    }
    seen.clear();
    for (const auto& at : out.dns) {
        if (!seen.insert(at).second) in.fail("dns", "not_allowed", fmt::format("{} is there twice", at.text()));
    }
    std::set<std::string_view> origins;
    for (const auto& zone : out.zones) {
        if (!origins.insert(zone.origin).second) in.fail("zones", "not_allowed", fmt::format("'{}' is there twice", zone.origin));
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
        streams.push_back(Value::object({{"listen", listener.listen.text()},
                                         {"protocol", name_of(listener.protocol)},
                                         {"proxy_from", block_texts(listener.proxy_from)},
                                         {"routes", std::move(routes)}}));
    }
    Value::Array dns;
    for (const auto& at : table.dns) dns.emplace_back(at.text());
    Value::Array zones;
    for (const auto& zone : table.zones) zones.push_back(document_of(zone));
    return Value::object({{"epoch", static_cast<std::int64_t>(table.epoch)},
                          {"number", static_cast<std::int64_t>(table.number)},
                          {"datagrams", std::move(datagrams)},
                          {"streams", std::move(streams)},
                          {"dns", std::move(dns)},
                          {"zones", std::move(zones)},
                          {"bans", document_of(table.bans)}});
}

}  // namespace gk::wake
