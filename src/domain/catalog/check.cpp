#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "domain/catalog/sections.hpp"

namespace gk::catalog {
namespace {

// Who can read a filled-in text: everybody on the machine sees a command line, only the game its environment and files.
enum class Audience : std::uint8_t { everybody, game };

class ReferenceCheck {
public:
    ReferenceCheck(const Game& game, Errors& errors) : game_(game), errors_(errors) {}

    void run() {
        check_versions();
        check_ports();
        check_names();
        for (std::size_t i = 0; i < game_.command.size(); ++i) check_argument(game_.command[i], pointer_to("/command", i));
        check_list(game_.launch.wrapper, "/launch/wrapper");
        // A pod shows the command lines of its containers to everybody who may read pods.
        for (std::size_t i = 0; i < game_.launch.init.size(); ++i) check_list(game_.launch.init[i].argv, pointer_to("/launch/init", i) + "/command");
        for (const auto& [name, text] : game_.env) check_template(text, pointer_to("/env", name), Audience::game);
        for (std::size_t i = 0; i < game_.files.size(); ++i) check_file(game_.files[i], pointer_to("/files", i));
    }

private:
    Mark mark_at(std::initializer_list<std::string_view> keys) const {
        const Value* value = &game_.document;
        for (const auto key : keys) {
            if (const auto* inner = value->find(key)) value = inner;
        }
        return value->mark();
    }

    void unknown(const std::string& pointer, std::string_view what, std::string_view name, Mark mark) {
        errors_.add(pointer, "not_allowed", fmt::format("there is no {} '{}' in this definition", what, name), mark);
    }

    // A version that nobody can choose, or one that can be chosen and has no files.
    void check_versions() {
        const auto of_any = [](const Source& source) { return source.version.empty(); };
        if (std::ranges::all_of(game_.sources, of_any)) return;
        const auto* setting = game_.setting(version_setting);
        if (setting == nullptr || setting->type != SettingType::choice) {
            const auto at = static_cast<std::size_t>(std::ranges::find_if_not(game_.sources, of_any) - game_.sources.begin());
            errors_.add(pointer_to(pointer_to("/sources", at), "version"), "not_allowed",
                        "there is nothing to choose by: add a setting 'version' of type choice", mark_at({"sources"}));
            return;
        }
        for (std::size_t i = 0; i < game_.sources.size(); ++i) {
            const auto& version = game_.sources[i].version;
            if (!version.empty() && std::ranges::find(setting->choices, version) == setting->choices.end()) {
                errors_.add(pointer_to(pointer_to("/sources", i), "version"), "not_allowed",
                            fmt::format("the setting 'version' has no choice '{}'", version),
                            game_.document.find("sources")->as_array()->at(i).mark());
            }
        }
        for (const auto& choice : setting->choices) {
            if (!sources_of(game_.sources, choice).empty()) continue;
            errors_.add("/settings/version/choices", "not_allowed", fmt::format("no source brings version '{}'", choice),
                        mark_at({"settings", "version", "choices"}));
        }
    }

    void check_ports() {
        std::set<std::string_view> seen;
        for (std::size_t i = 0; i < game_.ports.size(); ++i) {
            const auto& port = game_.ports[i];
            const auto mark = game_.document.find("ports")->as_array()->at(i).mark();
            if (!seen.insert(port.role).second) {
                errors_.add(pointer_to(pointer_to("/ports", i), "role"), "not_allowed", fmt::format("the role '{}' is taken already", port.role),
                            mark);
            }
            if (port.relative_to.empty()) continue;
            const auto place = pointer_to(pointer_to("/ports", i), "relative_to");
            const auto* base = game_.port(port.relative_to);
            if (base == nullptr) unknown(place, "port", port.relative_to, mark);
            else if (!base->relative_to.empty()) {
                errors_.add(place, "not_allowed", fmt::format("'{}' is itself relative to another port; count from that one", port.relative_to),
                            mark);
            }
        }
    }

    void check_port(std::initializer_list<std::string_view> keys, std::string_view role) {
        if (game_.port(role) == nullptr) unknown(pointer_of(keys), "port", role, mark_at(keys));
    }

    static std::string pointer_of(std::initializer_list<std::string_view> keys) {
        std::string out;
        for (const auto key : keys) out = pointer_to(out, key);
        return out;
    }

    void check_names() {
        using enum server::QueryProtocol;
        if (game_.ready.protocol != none) check_port({"ready", "port"}, game_.ready.role);
        if (game_.players.protocol != none) check_port({"players", "port"}, game_.players.role);
        if (game_.document.find("wake") != nullptr) check_wake_port();
        if (!game_.console.role.empty()) check_console_port();
        if (!game_.console.secret.empty() && !is_secret(game_.console.secret)) {
            unknown("/console/secret", "secret", game_.console.secret, mark_at({"console", "secret"}));
        }
        if (!game_.player_limit.empty()) check_player_limit();
        check_commands();
    }

    // Whoever reaches a console's port may try passwords, so it is never a public one.
    void check_console_port() {
        const auto* port = game_.port(game_.console.role);
        if (port == nullptr) return unknown("/console/port", "port", game_.console.role, mark_at({"console", "port"}));
        if (!port->internal) {
            errors_.add("/console/port", "not_allowed", fmt::format("the console's port '{}' must be 'internal: true'", port->role),
                        mark_at({"console", "port"}));
        }
    }

    // Whoever knocks comes from outside.
    void check_wake_port() {
        using enum WakeProtocol;
        const auto* port = game_.port(game_.wake.role);
        if (port == nullptr) return unknown("/wake/port", "port", game_.wake.role, mark_at({"wake", "port"}));
        const bool is_stream = game_.wake.protocol == minecraft || game_.wake.protocol == tls;
        const bool fits = game_.wake.protocol == generic || (is_stream ? port->tcp : port->udp);
        if (fits && !port->internal) return;
        errors_.add("/wake/port", "not_allowed",
                    port->internal ? fmt::format("nobody knocks at the port '{}', which is internal", port->role)
                                   : fmt::format("'{}' is spoken by {}, and the port '{}' is not", name_of(game_.wake.protocol),
                                                 is_stream ? "tcp" : "udp", port->role),
                    mark_at({"wake", "port"}));
    }

    void check_player_limit() {
        const auto* setting = game_.setting(game_.player_limit);
        if (setting == nullptr) return unknown("/players/limit", "setting", game_.player_limit, mark_at({"players", "limit"}));
        if (setting->type != SettingType::integer) {
            errors_.add("/players/limit", "not_allowed", fmt::format("the setting '{}' is no integer", setting->name), mark_at({"players", "limit"}));
        }
    }

    void check_commands() {
        if (game_.console.kind != server::Console::Kind::none) return;
        const bool stop_types = std::ranges::any_of(game_.stop, [](const auto& rung) { return rung.kind == server::StopRung::Kind::command; });
        if (stop_types)
            errors_.add("/stop", "not_allowed", "a stop step types a command, but there is no 'console' to type it into", mark_at({"stop"}));
        if (!game_.quiesce.before.empty()) {
            errors_.add("/quiesce", "not_allowed", "commands are to be typed, but there is no 'console' to type them into", mark_at({"quiesce"}));
        }
        if (!game_.announce.command.empty())
            errors_.add("/announce", "not_allowed", "a command is to be typed, but there is no 'console' to type it into", mark_at({"announce"}));
    }

    void check_argument(const Argument& argument, const std::string& pointer) {
        const auto mark = argument.argv.empty() ? Mark{} : argument.argv.front().mark();
        if (!argument.when.empty() && game_.setting(argument.when) == nullptr) unknown(pointer + "/when", "setting", argument.when, mark);
        for (std::size_t i = 0; i < argument.argv.size(); ++i) {
            const auto place = argument.when.empty() ? pointer : pointer_to(pointer + "/argv", i);
            check_template(argument.argv[i], place, Audience::everybody);
        }
    }

    void check_list(const std::vector<Template>& argv, const std::string& pointer) {
        for (std::size_t i = 0; i < argv.size(); ++i) check_template(argv[i], pointer_to(pointer, i), Audience::everybody);
    }

    void check_file(const GameFile& file, const std::string& pointer) {
        check_template(file.content, pointer + "/content", Audience::game);
        const auto* section = file.format == FileFormat::text ? "/lines" : "/set";
        for (std::size_t i = 0; i < file.keys.size(); ++i) {
            auto place = pointer + section;
            if (file.format == FileFormat::text) place = pointer_to(place, i) + "/line";
            else
                for (const auto& name : file.keys[i].path) place = pointer_to(place, name);
            check_template(file.keys[i].value, place, Audience::game);
        }
    }

    void check_template(const Template& text, const std::string& pointer, Audience audience) {
        for (const auto name : text.placeholders()) {
            if (auto problem = problem_with_placeholder(name, audience)) errors_.add(pointer, "not_allowed", std::move(*problem), text.mark());
        }
    }

    std::optional<std::string> problem_with_placeholder(std::string_view name, Audience audience) const {
        static constexpr auto fixed = std::to_array<std::string_view>({"bind_address", "memory.heap_mib", "memory.total_mib", "cpu.millis",
                                                                       "server.id", "server.name", "server.uid", "paths.data", "paths.game"});
        if (std::ranges::find(fixed, name) != fixed.end()) return std::nullopt;
        const auto dot = name.find('.');
        const auto group = name.substr(0, dot);
        const auto member = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
        const bool is_hidden = group == "secrets" || (group == "settings" && game_.setting(member) != nullptr && game_.setting(member)->secret);
        if (is_hidden && audience == Audience::everybody) {
            return fmt::format("{{{{{}}}}} is a secret, and everybody on the machine can read a command line: hand it over in a file or in 'env'",
                               name);
        }
        if (group == "per_address") return problem_with_limit(game_.setting(member), name);
        const bool known = (group == "settings" && game_.setting(member) != nullptr) || (group == "ports" && game_.port(member) != nullptr) ||
                           (group == "secrets" && is_secret(member));
        if (known) return std::nullopt;
        return fmt::format(
            "{{{{{}}}}} stands for nothing; known are settings.NAME, ports.ROLE and secrets.NAME of what this definition lists, and {}", name,
            fmt::join(fixed, ", "));
    }

    static std::optional<std::string> problem_with_limit(const Setting* limit, std::string_view name) {
        if (limit != nullptr && limit->type == SettingType::integer && limit->max) return std::nullopt;
        return fmt::format("{{{{{}}}}} stands for a setting of type integer that says 'max', which counts where all players have one address", name);
    }

    bool is_secret(std::string_view name) const { return std::ranges::find(game_.secrets, name) != game_.secrets.end(); }

    const Game& game_;
    Errors& errors_;
};

}  // namespace

void check_references(const Game& game, Errors& errors) { ReferenceCheck(game, errors).run(); }

}  // namespace gk::catalog
