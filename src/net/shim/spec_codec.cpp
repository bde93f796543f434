#include "net/shim/spec_codec.hpp"

#include <algorithm>
#include <utility>

namespace gk::net::shim {

namespace {

using Built = Result<wire::shim::Target, RuntimeError>;

RuntimeError invalid(std::string detail) { return {RuntimeError::Kind::invalid, std::move(detail)}; }

// Where this machine reaches a port of the game: what is bound to all addresses answers on the loopback.
std::string reachable(const server::LaunchSpec& launch, const server::PortBinding& port) {
    if (port.internal || launch.bind_address == "0.0.0.0" || launch.bind_address.empty()) return "127.0.0.1";
    return launch.bind_address == "::" ? "::1" : launch.bind_address;
}

Built target_of(const server::LaunchSpec& launch, server::QueryProtocol query, const std::string& role, std::string_view field) {
    wire::shim::Target target{.query = static_cast<wire::shim::Query>(query), .address = {}, .port = {}};
    const auto wanted = target.query == wire::shim::Query::tcp_connect ? Protocol::tcp : Protocol::udp;
    const auto port = std::ranges::find_if(launch.ports, [&](const auto& p) { return p.role == role && p.protocol == wanted; });
    if (port == launch.ports.end()) {
        return std::unexpected(invalid(
            fmt::format("{} asks the {} port of role '{}', which the game does not have; name one of its ports", field, name_of(wanted), role)));
    }
    target.address = reachable(launch, *port);
    target.port = port->bound;
    return target;
}

Built query_target(const server::LaunchSpec& launch, server::QueryProtocol query, const std::string& role, std::string_view field) {
    if (query == server::QueryProtocol::none) return wire::shim::Target{};
    return target_of(launch, query, role, field);
}

Result<wire::shim::Console, RuntimeError> console_of(const server::LaunchSpec& launch) {
    using Kind = server::Console::Kind;
    switch (launch.console.kind) {
    case Kind::none: return wire::shim::Console{};
    case Kind::input: return wire::shim::Console{.kind = wire::shim::Console::Kind::input, .target = {}, .password = {}};
    case Kind::econ: {
        TRY(target, target_of(launch, server::QueryProtocol::tcp_connect, launch.console.role, "console"));
        target.query = wire::shim::Query::none;
        return wire::shim::Console{wire::shim::Console::Kind::econ, target, launch.console_password.reveal()};
    }
    case Kind::rcon: return std::unexpected(invalid("console kind 'rcon' is not spoken by this version; use stdin, econ or none"));
    }
    std::unreachable();
}

std::vector<wire::shim::Rung> ladder_of(const server::LaunchSpec& launch) {
    std::vector<wire::shim::Rung> rungs;
    for (const auto& rung : launch.stop) {
        rungs.push_back({.kind = static_cast<wire::shim::Rung::Kind>(rung.kind),
                         .command = rung.command,
                         .signal = static_cast<std::uint8_t>(rung.signal),
                         .wait = rung.wait});
    }
    return rungs;
}

constexpr std::string_view sandbox_world = "/data";

bool names_world(std::string_view text) {
    return text.starts_with(sandbox_world) && (text.size() == sandbox_world.size() || text[sandbox_world.size()] == '/');
}

std::string placed(const std::string& text, const Hosting& hosting) {
    if (hosting.container) return text;
    if (names_world(text)) return hosting.world + text.substr(sandbox_world.size());
    const auto equals = text.find('=');
    if (equals == std::string::npos || !names_world(std::string_view(text).substr(equals + 1))) return text;
    return text.substr(0, equals + 1) + hosting.world + text.substr(equals + 1 + sandbox_world.size());
}

wire::shim::Program program_of(const server::LaunchSpec& launch, const Hosting& hosting) {
    wire::shim::Program program;
    for (const auto& word : launch.argv) program.argv.push_back(placed(word, hosting));
    for (const auto& [name, value] : launch.env) program.env[name] = placed(value, hosting);
    program.working_directory = placed(launch.working_directory, hosting);
    return program;
}

}  // namespace

Result<wire::shim::Spec, RuntimeError> to_wire(const server::LaunchSpec& launch, Epoch epoch, const Hosting& hosting) {
    if (launch.argv.empty()) return std::unexpected(invalid("the game's argv is empty; its definition must name a program"));
    TRY(ready, query_target(launch, launch.ready.protocol, launch.ready.role, "ready"));
    TRY(players, query_target(launch, launch.players.protocol, launch.players.role, "players"));
    TRY(console, console_of(launch));
    wire::shim::Spec spec;
    spec.epoch = epoch;
    spec.server = launch.uid;
    spec.name = launch.name;
    spec.mode = hosting.container ? wire::shim::Mode::runc : wire::shim::Mode::direct;
    spec.program = program_of(launch, hosting);
    if (hosting.container) spec.container = *hosting.container;
    spec.identity = hosting.identity;
    spec.terminal = launch.terminal;
    spec.ready = {launch.ready.log_pattern, ready, launch.ready.timeout};
    spec.stop = ladder_of(launch);
    spec.console = console;
    spec.quiesce = {launch.quiesce.before, launch.quiesce.confirm_pattern, launch.quiesce.after, launch.quiesce.timeout};
    spec.players = {.target = players, .join_pattern = launch.players.join_pattern, .leave_pattern = launch.players.leave_pattern};
    spec.log = {static_cast<std::uint64_t>(launch.log_file_bytes), static_cast<std::uint32_t>(launch.log_files)};
    if (wire::shim::encode(spec).size() > wire::shim::spec_size_max) {
        return std::unexpected(invalid("the game's argv, environment and commands are larger than 256 KiB together; shorten its settings"));
    }
    return spec;
}

server::Exit to_domain(const wire::shim::Exit& exit) {
    constexpr std::uint64_t mebibyte = 1024 * 1024;
    std::optional<MebiBytes> peak;
    if (exit.memory_peak_bytes > 0) peak = MebiBytes(static_cast<std::int64_t>((exit.memory_peak_bytes + mebibyte - 1) / mebibyte));
    return {.cause = static_cast<server::ExitCause>(exit.cause),
            .signal = exit.signal,
            .code = exit.code,
            .at = exit.at,
            .log_tail = exit.tail,
            .memory_peak = peak};
}

Seen to_domain(const wire::shim::Status& status) {
    Seen seen;
    if (status.phase == wire::shim::Phase::idle) return seen;
    seen.process = static_cast<Seen::Process>(std::to_underlying(status.phase) + 1);
    if (status.exit) seen.exit = to_domain(*status.exit);
    seen.started_at = status.started_at;
    seen.players = {.online = status.online, .max = status.players_max, .names = status.names};
    seen.quiesced = status.quiesced;
    return seen;
}

static_assert(server::query_protocol_names == wire::shim::query_names, "converted by number");
static_assert(std::ranges::equal(wire::shim::cause_names, std::span(server::exit_cause_names).first(wire::shim::cause_names.size())));
static_assert(std::to_underlying(server::StopRung::Kind::signal) == std::to_underlying(wire::shim::Rung::Kind::signal));
static_assert(std::to_underlying(Seen::Process::starting) == std::to_underlying(wire::shim::Phase::starting) + 1);
static_assert(std::to_underlying(Seen::Process::exited) == std::to_underlying(wire::shim::Phase::exited) + 1);

}  // namespace gk::net::shim
