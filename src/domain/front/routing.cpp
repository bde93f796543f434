#include "domain/front/routing.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "domain/catalog/render.hpp"
#include "domain/front/knock.hpp"
#include "domain/server/request.hpp"

namespace gk::front {
namespace {

using wake::RouteState;

constexpr std::string_view usual_space = "default";

wake::GameProtocol datagrams_of(catalog::WakeProtocol protocol) {
    using enum catalog::WakeProtocol;
    switch (protocol) {
    case minetest: return wake::GameProtocol::minetest;
    case teeworlds: return wake::GameProtocol::teeworlds;
    case quake3: return wake::GameProtocol::quake3;
    case raknet: return wake::GameProtocol::raknet;
    case a2s: return wake::GameProtocol::a2s;
    case generic:
    case minecraft:
    case tls: return wake::GameProtocol::generic;
    }
    std::unreachable();
}

wake::StreamProtocol streams_of(catalog::WakeProtocol protocol) {
    switch (protocol) {
    case catalog::WakeProtocol::minecraft: return wake::StreamProtocol::minecraft;
    case catalog::WakeProtocol::tls: return wake::StreamProtocol::tls;
    default: return wake::StreamProtocol::generic;
    }
}

bool has_routes(const server::Record& record) {
    if (!record.behind_edge || record.wanted == server::Wanted::deleted) return false;
    return server::game_up(record) || record.wanted == server::Wanted::running || record.wanted == server::Wanted::paused;
}

RouteState state_of(const World& world) {
    const auto& record = *world.record;
    if (server::game_up(record)) return world.host ? RouteState::up : RouteState::starting;
    if (record.wanted == server::Wanted::running) return record.given_up ? RouteState::failed : RouteState::starting;
    return world.is_refused ? RouteState::failed : RouteState::asleep;
}

std::optional<Milliseconds> ready_in(const World& world, RouteState state, Time now) {
    if (!world.takes || (state != RouteState::asleep && state != RouteState::starting)) return std::nullopt;
    auto left = *world.takes;
    if (state == RouteState::starting && world.record->request) left -= now - world.record->request->asked_at;
    const auto steps = std::max<std::int64_t>(1, (left + ready_in_step - Milliseconds(1)) / ready_in_step);
    return steps * ready_in_step;
}

// Only what players may know, and can make something of; the owner is told the rest.
std::string_view trouble_of(const server::Record& record, RouteState state) {
    if (state != RouteState::failed || record.reason != "crash_loop" || !record.last_exit) return {};
    switch (record.last_exit->cause) {
    case server::ExitCause::out_of_memory: return "it needs more memory than it was given";
    case server::ExitCause::start_timeout: return "it did not become ready in time";
    case server::ExitCause::crashed: return "it crashed again and again";
    case server::ExitCause::asked:
    case server::ExitCause::lost: return {};
    }
    std::unreachable();
}

std::string title_of(const server::Record& record, RouteState state) {
    switch (state) {
    case RouteState::asleep: return fmt::format("{} (sleeping, join to start)", record.id);
    case RouteState::starting: return fmt::format("{} (waking up)", record.id);
    case RouteState::failed: {
        const auto trouble = trouble_of(record, state);
        return trouble.empty() ? fmt::format("{} (cannot be started now)", record.id) : fmt::format("{} (cannot start: {})", record.id, trouble);
    }
    case RouteState::up: return record.id;
    }
    std::unreachable();
}

// Of games with a setting of this name: where they begin.
std::string map_of(const server::Record& record, const catalog::Game& game) {
    const auto* setting = game.setting("map");
    if (setting == nullptr) return {};
    const auto given = record.settings.find(setting->name);
    const auto* map = (given == record.settings.end() ? setting->initial : given->second).as_string();
    return map == nullptr ? std::string() : *map;
}

wake::Face face_of(const World& world, RouteState state) {
    wake::Face face;
    face.title = title_of(*world.record, state);
    face.trouble = trouble_of(*world.record, state);
    if (world.game == nullptr) return face;
    face.game_type = world.game->title;
    face.players_max = catalog::player_limit(*world.game, world.record->settings).value_or(0);
    face.map = map_of(*world.record, *world.game);
    return face;
}

wake::Rule rule_of(const World& world, bool is_door, Time now) {
    wake::Rule rule;
    rule.admission = wake::Admission::never;
    if (world.game == nullptr || !is_door) return rule;
    const auto wish = world.record->wake.value_or(server::WakeWish{});
    rule.admission = wish.admission;
    rule.names = wish.names;
    for (const auto& text : wish.addresses) {
        if (const auto block = wake::Block::parse(text)) rule.blocks.push_back(*block);
    }
    // The edge counts what it has seen itself; what others have seen, or one before it, is counted here.
    rule.starts_per_day_max = may_start_by_knock(*world.record, now) ? static_cast<std::size_t>(wish.starts_per_day) : 0;
    rule.patience = world.game->wake.patience;
    return rule;
}

wake::Address place_in(const World& world) {
    return world.record->own_network ? wake::Address::parse(server::loopback_of(*world.record)).value_or(*world.host) : *world.host;
}

class Table {
public:
    Table(const RoutingRules& rules, Time now) : rules_(rules), now_(now) {}

    void add(const World& world) {
        if (!has_routes(*world.record)) return;
        for (const auto& port : world.record->ports) {
            if (!port.internal) add(world, port);
        }
    }

    wake::RouteTable take() && {
        if (!shared_.routes.empty()) table_.streams.push_back(std::move(shared_));
        return std::move(table_);
    }

private:
    void add(const World& world, const server::PortBinding& port) {
        const bool is_door = world.game != nullptr && world.game->wake.role == port.role;
        const auto protocol = is_door ? world.game->wake.protocol : catalog::WakeProtocol::generic;
        auto route = route_of(world, port, is_door);
        if (port.protocol == Protocol::udp) {
            route.protocol = datagrams_of(protocol);
            table_.datagrams.push_back(std::move(route));
            return;
        }
        const auto streams = streams_of(protocol);
        if (streams == wake::StreamProtocol::minecraft && !rules_.domain.empty()) share(route);
        table_.streams.push_back({.listen = route.listen, .protocol = streams, .routes = {std::move(route)}});
    }

    wake::Route route_of(const World& world, const server::PortBinding& port, bool is_door) const {
        wake::Route route;
        route.server = route_name(*world.record);
        route.listen = {.address = rules_.listen, .port = std::to_underlying(port.open)};
        route.state = state_of(world);
        route.transparent = world.record->own_network;
        route.rule = rule_of(world, is_door, now_);
        route.ready_in = ready_in(world, route.state, now_);
        route.face = face_of(world, route.state);
        if (route.state == RouteState::up) route.upstream = wake::Endpoint{.address = place_in(world), .port = std::to_underlying(port.bound)};
        return route;
    }

    // The name is the id alone: of two with the same one in two namespaces the first has it.
    void share(wake::Route route) {
        const auto host = fmt::format("{}.{}", place_of(route.server).second, rules_.domain);
        if (!hosts_.insert(host).second) return;
        shared_.listen = route.listen = {.address = rules_.listen, .port = rules_.shared_port};
        shared_.protocol = wake::StreamProtocol::minecraft;
        route.hosts = {host};
        shared_.routes.push_back(std::move(route));
    }

    const RoutingRules& rules_;
    Time now_;
    wake::RouteTable table_;
    wake::Listener shared_;
    std::set<std::string> hosts_;
};

}  // namespace

std::string route_name(const server::Record& record) {
    return record.space == usual_space ? record.id : fmt::format("{}/{}", record.space, record.id);
}

std::pair<std::string, std::string> place_of(std::string_view name) {
    const auto slash = name.find('/');
    if (slash == std::string_view::npos) return {std::string(usual_space), std::string(name)};
    return {std::string(name.substr(0, slash)), std::string(name.substr(slash + 1))};
}

wake::RouteTable routes_of(std::span<const World> worlds, const RoutingRules& rules, Time now) {
    Table table(rules, now);
    for (const auto& world : worlds) table.add(world);
    auto out = std::move(table).take();
    add_zone(out, rules.zone);
    return out;
}

}  // namespace gk::front
