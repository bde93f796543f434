#include "app/fleet/starter.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "domain/fleet/server_uid.hpp"

namespace gk::app {
namespace {

constexpr std::string_view space = "matches";

ServerUid fresh_uid(Random& random) {
    UuidBits bits{};
    random.fill(std::as_writable_bytes(std::span(bits)));
    return fleet::match_server_uid(bits);
}

std::string player_list(const match::Match& match) {
    Value::Array players;
    for (const auto& member : match.members) {
        if (!member.left_at && !match::is_being_asked(member)) players.push_back(member.player);
    }
    return to_json(Value(std::move(players)));
}

// Nobody keeps what a match has written. In memory it costs its game at most a quarter of its own; a larger disk is one.
bool fits_memory(const server::Resources& resources) { return resources.disk.count * 4 <= resources.memory.count; }

const server::PortBinding* game_port(const FleetServer& server) {
    const auto at = std::ranges::find(server.ports, "game", &server::PortBinding::role);
    return at != server.ports.end() ? &*at : server.ports.empty() ? nullptr : &server.ports.front();
}

}  // namespace

std::map<std::string, std::string> match_environment(const match::Match& match) {
    return {{"SESSION_ID", match.id.text()}, {"PLAYERS", player_list(match)}};
}

Starter::Answer<Starter::Prepared> Starter::prepare(FleetOrder order, std::uint32_t slot) {
    Prepared prepared;
    auto& server = prepared.server;
    server.uid = fresh_uid(ports_.random);
    server.name = order.name;
    server.fleet = order.fleet;
    server.beside = order.beside;
    server.game = order.game;
    server.generation = order.generation;
    if (order.match) server.match = order.match->id;
    server.slot = slot;
    CO_TRY(record, record_of(server, order));
    server.memory = record.resources.memory;
    if (ports_.room != nullptr) {
        CO_TRY(memory, co_await ports_.room->take_for_match(server.memory));
        prepared.memory.emplace(std::move(memory));
    }
    PortOwner owner{.uid = server.uid, .space = std::string(space), .id = server.name, .exposure = record.exposure};
    auto wishes = ports_.games.port_wishes(record);
    std::vector<server::PortBinding> none_before;
    auto ports = co_await ports_.port_map.reserve(std::move(owner), std::move(wishes), std::move(none_before));
    if (!ports) co_return std::unexpected(from(ports.error()));
    server.ports = std::move(*ports);
    co_return std::move(prepared);
}

std::optional<MemoryRoom::Hold> Starter::hold_memory(const FleetServer& server) const {
    std::optional<MemoryRoom::Hold> hold;
    if (ports_.room != nullptr) hold.emplace(*ports_.room, MemoryRoom::Holder::match_server, server.memory);
    return hold;
}

Result<server::Record, Error> Starter::record_of(const FleetServer& server, const FleetOrder& order) const {
    const auto resources = ports_.resources(order.game, order.package);
    if (!resources) {
        return std::unexpected(Error{.kind = Error::Kind::unprocessable,
                                     .code = "unknown_game",
                                     .message = fmt::format("there is no game '{}' with a package '{}'", order.game, order.package)});
    }
    auto way = ports_.way(order.game, order.package);
    if (!way) return std::unexpected(Error{.kind = Error::Kind::unprocessable, .code = "not_allowed", .message = std::move(way.error())});
    server::Record record;
    record.uid = server.uid;
    record.exposure = record.applied_exposure = std::move(*way);
    record.id = server.name;
    record.space = space;
    record.game = order.game;
    record.package = order.package;
    record.resources = *resources;
    record.settings = order.settings;
    record.ports = server.ports;
    record.slot = server.slot;
    return record;
}

// What is not theirs is given back first: a number may belong to another one now, and a release would let it rest under that one.
Starter::Answer<Success> Starter::hold_ports(std::vector<FleetServer> servers) {
    auto held = co_await ports_.port_map.list();
    if (!held) co_return std::unexpected(from(held.error()));
    std::set<ServerUid> gone;
    for (const auto& each : *held) {
        if (fleet::is_match_server(each.server)) gone.insert(each.server);
    }
    for (const auto& server : servers) gone.erase(server.uid);
    for (const auto uid : gone) {
        const auto released = co_await ports_.port_map.release(uid);
        if (!released) co_return std::unexpected(from(released.error()));
    }
    for (const auto& server : servers) {
        const auto entered = co_await ports_.port_map.enter(server.uid, server.ports);
        if (!entered) co_return std::unexpected(from(entered.error()));
    }
    co_return Success{};
}

Starter::Answer<Success> Starter::launch(FleetServer server, FleetOrder order, Epoch epoch) {
    CO_TRY(record, record_of(server, order));
    CO_TRY(spec, ports_.games.launch_spec(record));
    if (!order.fleet.empty()) spec.env["FLEET"] = order.fleet;
    if (!ports_.api.empty()) spec.env["GAMEKEEPER_API"] = ports_.api;
    if (order.match) {
        for (auto& [name, text] : match_environment(*order.match)) spec.env[name] = text;
        for (auto& [name, text] : ports_.more(*order.match)) spec.env[name] = text;
    }
    if (const auto* port = game_port(server)) spec.env["PORT"] = fmt::format("{}", std::to_underlying(port->bound));
    const DiskSpec disk{.size = record.resources.disk, .slot = server.slot, .in_memory = fits_memory(record.resources)};
    auto made = co_await ports_.runtime.create_disk(server.uid, disk, epoch);
    if (!made) co_return std::unexpected(from(made.error()));
    auto launched = co_await ports_.runtime.launch(std::move(spec), epoch);
    if (!launched) co_return std::unexpected(from(launched.error()));
    co_return Success{};
}

Starter::Answer<Success> Starter::tell_match(FleetServer server, const match::Match& match, Epoch epoch) {
    auto line = fmt::format("ALLOCATE {} {}", match.id.text(), player_list(match));
    Value::Object more;
    for (auto& [name, text] : ports_.more(match)) more.emplace_back(name, text);
    if (!more.empty()) line += " " + to_json(Value(std::move(more)));
    auto told = co_await ports_.runtime.tell(server.uid, std::move(line), epoch);
    if (!told) co_return std::unexpected(from(told.error()));
    co_return Success{};
}

Starter::Answer<Success> Starter::show_match(ServerUid uid, MatchId match, Epoch epoch) {
    std::map<std::string, std::string> labels{{"session_id", match.text()}};
    auto shown = co_await ports_.runtime.label(uid, std::move(labels), epoch);
    if (!shown) co_return std::unexpected(from(shown.error()));
    co_return Success{};
}

Starter::Answer<match::MatchServer> Starter::address(FleetServer server) {
    auto host = co_await ports_.runtime.host_of(server.uid);
    if (!host) co_return std::unexpected(from(host.error()));
    const auto* port = game_port(server);
    co_return match::MatchServer{.name = server.name,
                                 .host = host->empty() ? ports_.public_host : std::move(*host),
                                 .port = port != nullptr ? static_cast<std::uint16_t>(std::to_underlying(port->open)) : std::uint16_t{0}};
}

Starter::Answer<Success> Starter::remove(ServerUid uid, Epoch epoch) {
    static constexpr auto parts = std::to_array({&Runtime::kill, &Runtime::clean, &Runtime::free_disk, &Runtime::forget});
    for (const auto part : parts) {
        auto done = co_await (ports_.runtime.*part)(uid, epoch);
        if (!done && done.error().kind != RuntimeError::Kind::not_found) co_return std::unexpected(from(done.error()));
    }
    auto released = co_await ports_.port_map.release(uid);
    if (!released) co_return std::unexpected(from(released.error()));
    co_return Success{};
}

}  // namespace gk::app
