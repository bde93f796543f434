#include <csignal>

#include <fmt/format.h>

#include "domain/catalog/names.hpp"
#include "domain/catalog/pattern.hpp"
#include "domain/catalog/sections.hpp"

namespace gk::catalog {
namespace {

struct SignalName {
    std::string_view name;
    int number;
};
constexpr auto signals = std::to_array<SignalName>(
    {{"SIGINT", SIGINT}, {"SIGTERM", SIGTERM}, {"SIGHUP", SIGHUP}, {"SIGQUIT", SIGQUIT}, {"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}});

void check_pattern(ObjectReader& in, std::string_view key, const std::string& pattern, std::size_t groups_least = 0) {
    if (pattern.empty()) return;
    if (auto problem = pattern_problem(pattern, groups_least)) in.fail(key, "bad_format", std::move(*problem));
}

void check_command(ObjectReader& in, std::string_view key, const std::string& command) {
    if (has_control_characters(command)) in.fail(key, "bad_format", "a command is one line without control characters");
}

void check_time(ObjectReader& in, std::string_view key, Milliseconds least, Milliseconds time) {
    constexpr Milliseconds most = std::chrono::hours(1);
    if (time >= least && time <= most) return;
    in.fail(key, "out_of_range", fmt::format("'{}' is between {} and {}", key, duration_text(least), duration_text(most)));
}

bool decode_rung(const Value& value, const std::string& pointer, Errors& errors, server::StopRung& out) {
    ObjectReader in(value, pointer, errors);
    const auto before = errors.list().size();
    std::string signal;
    in.optional("command", out.command);
    in.optional("signal", signal);
    in.optional("wait", out.wait);
    if (!in.finish()) return false;
    check_time(in, "wait", std::chrono::milliseconds(100), out.wait);
    if (out.command.empty() == signal.empty()) {
        errors.add(pointer, "not_allowed", "each step has either a 'command' or a 'signal'", value.mark());
        return false;
    }
    if (!out.command.empty()) {
        out.kind = server::StopRung::Kind::command;
        check_command(in, "command", out.command);
        return errors.list().size() == before;
    }
    const auto* known = std::ranges::find(signals, signal, &SignalName::name);
    if (known == signals.end()) {
        in.fail("signal", "not_allowed",
                signal == "SIGKILL" ? "SIGKILL follows the last step by itself; leave it out"
                                    : fmt::format("'{}' is not one of: SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2", signal));
    } else {
        out.signal = known->number;
    }
    return errors.list().size() == before;
}

}  // namespace

bool decode_ready(const Value& value, const std::string& pointer, Errors& errors, server::ReadyProbe& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    in.optional("log", out.log_pattern);
    in.optional("protocol", out.protocol);
    in.optional("port", out.role);
    in.optional("timeout", out.timeout);
    if (!in.finish()) return false;
    check_pattern(in, "log", out.log_pattern);
    check_time(in, "timeout", std::chrono::seconds(1), out.timeout);
    if (out.log_pattern.empty() && out.protocol == server::QueryProtocol::none) {
        errors.add(pointer, "required", "say how one sees that players can join: a 'log' pattern, a 'protocol', or better both", value.mark());
    }
    return errors.list().size() == before;
}

bool decode_stop(const Value& value, const std::string& pointer, Errors& errors, std::vector<server::StopRung>& out) {
    const auto* items = value.as_array();
    if (items == nullptr || items->empty()) {
        errors.add(pointer, "wrong_type", "a list of steps is expected here, each with a 'command' or a 'signal' and the time to 'wait'",
                   value.mark());
        return false;
    }
    bool good = true;
    for (std::size_t i = 0; i < items->size(); ++i) good &= decode_rung((*items)[i], pointer_to(pointer, i), errors, out.emplace_back());
    return good;
}

bool decode_console(const Value& value, const std::string& pointer, Errors& errors, server::Console& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    in.required("kind", out.kind);
    in.optional("port", out.role);
    in.optional("secret", out.secret);
    if (!in.finish()) return false;
    const bool over_network = out.kind == server::Console::Kind::econ || out.kind == server::Console::Kind::rcon;
    if (over_network && (out.role.empty() || out.secret.empty())) {
        errors.add(pointer, "required", fmt::format("a console of kind {} needs the 'port' and the 'secret' with its password", name_of(out.kind)),
                   value.mark());
    }
    if (!over_network && !(out.role.empty() && out.secret.empty())) {
        errors.add(pointer, "not_allowed", fmt::format("a console of kind {} has neither 'port' nor 'secret'", name_of(out.kind)), value.mark());
    }
    return errors.list().size() == before;
}

bool decode_quiesce(const Value& value, const std::string& pointer, Errors& errors, server::Quiesce& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    in.required("before", out.before);
    in.optional("confirm", out.confirm_pattern);
    in.optional("after", out.after);
    in.optional("timeout", out.timeout);
    if (!in.finish()) return false;
    check_pattern(in, "confirm", out.confirm_pattern);
    check_time(in, "timeout", std::chrono::seconds(1), out.timeout);
    for (const auto& command : out.before) check_command(in, "before", command);
    for (const auto& command : out.after) check_command(in, "after", command);
    return errors.list().size() == before;
}

bool decode_announce(const Value& value, const std::string& pointer, Errors& errors, server::Announcement& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    in.required("command", out.command);
    in.optional("before", out.before);
    if (!in.finish()) return false;
    if (out.command.empty()) in.fail("command", "required", "say what is typed before the sentence that players read, such as 'say'");
    check_command(in, "command", out.command);
    check_time(in, "before", std::chrono::seconds(1), out.before);
    return errors.list().size() == before;
}

bool decode_players(const Value& value, const std::string& pointer, Errors& errors, Game& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    auto& players = out.players;
    in.optional("protocol", players.protocol);
    in.optional("port", players.role);
    in.optional("join", players.join_pattern);
    in.optional("leave", players.leave_pattern);
    in.optional("limit", out.player_limit);
    if (!in.finish()) return false;
    check_pattern(in, "join", players.join_pattern, 1);
    check_pattern(in, "leave", players.leave_pattern, 1);
    if (players.join_pattern.empty() != players.leave_pattern.empty()) {
        errors.add(pointer, "required", "'join' and 'leave' count players together: give both", value.mark());
    }
    using enum server::QueryProtocol;
    if (players.protocol == tcp_connect || players.protocol == minetest) {
        in.fail("protocol", "not_allowed", fmt::format("{} says only whether a server can be reached, not who plays", name_of(players.protocol)));
    }
    return errors.list().size() == before;
}

bool decode_wake(const Value& value, const std::string& pointer, Errors& errors, WakeWay& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    in.optional("protocol", out.protocol);
    in.optional("port", out.role);
    in.optional("patience", out.patience);
    if (!in.finish()) return false;
    check_time(in, "patience", std::chrono::seconds(1), out.patience);
    return errors.list().size() == before;
}

WakeWay usual_wake(const Game& game) {
    const bool counts = game.players.protocol != server::QueryProtocol::none;
    const auto protocol = counts ? game.players.protocol : game.ready.protocol;
    WakeWay way;
    way.role = counts ? game.players.role : game.ready.role;
    switch (protocol) {
    case server::QueryProtocol::none:
        if (!game.ports.empty()) way.role = game.ports.front().role;
        break;
    case server::QueryProtocol::tcp_connect: break;
    case server::QueryProtocol::minetest: way.protocol = WakeProtocol::minetest; break;
    case server::QueryProtocol::teeworlds: way.protocol = WakeProtocol::teeworlds; break;
    }
    return way;
}

}  // namespace gk::catalog
