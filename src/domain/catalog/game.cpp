#include "domain/catalog/game.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/catalog/names.hpp"
#include "domain/catalog/sections.hpp"

namespace gk::catalog {
namespace {

void check_name(ObjectReader& in, const std::string& name) {
    if (!is_slug(name))
        in.fail("name", "bad_format", fmt::format("'{}' is no name of a game: write up to 32 lower-case letters, digits and '-'", name));
}

void check_command(ObjectReader& in, const std::vector<Argument>& command) {
    if (command.empty() || !command.front().when.empty()) {
        return in.fail("command", "required", "the first part of the command is the program, without a condition");
    }
    // Names are not searched for: the same definition starts the same program everywhere.
    const auto program = command.front().argv.front().fill_text([](std::string_view) { return Value("/"); });
    if (!program.starts_with('/')) in.fail("command", "bad_format", "the program is an absolute path, or begins with {{paths.game}}");
}

void check_env(ObjectReader& in, const std::map<std::string, Template>& env) {
    const auto allowed = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    for (const auto& [name, value] : env) {
        // LD_PRELOAD and its like would change our own programs that start the game.
        if (name.empty() || !std::ranges::all_of(name, allowed) || name.starts_with("LD_") || (name.front() >= '0' && name.front() <= '9')) {
            in.fail("env", "bad_format", fmt::format("'{}' is no name of an environment variable that a game may set", name));
        }
    }
}

void check_secrets(ObjectReader& in, const std::vector<std::string>& secrets) {
    for (const auto& name : secrets) {
        if (!is_word(name)) in.fail("secrets", "bad_format", bad_word(name));
    }
}

void decode_save(const Value& value, const std::string& pointer, Errors& errors, Game& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("exclude", out.save_exclude);
    if (!in.finish()) return;
    for (const auto& pattern : out.save_exclude) {
        if (!is_inner_path(pattern))
            in.fail("exclude", "bad_format", fmt::format("'{}' is no pattern within the world, such as logs or cache/*.tmp", pattern));
    }
}

}  // namespace

const Setting* Game::setting(std::string_view setting_name) const {
    const auto found = std::ranges::find(settings, setting_name, &Setting::name);
    return found == settings.end() ? nullptr : &*found;
}

const PortRole* Game::port(std::string_view role) const {
    const auto found = std::ranges::find(ports, role, &PortRole::role);
    return found == ports.end() ? nullptr : &*found;
}

Result<Game, std::vector<FieldError>> decode_game(const Value& document) {
    Errors errors;
    Game out;
    out.document = document;
    ObjectReader in(document, "", errors);
    const auto section = [&](std::string_view key, auto decode_section, auto& target) {
        if (const auto* member = in.find(key)) decode_section(*member, in.pointer(key), errors, target);
    };
    in.required("name", out.name);
    in.required("title", out.title);
    in.optional("description", out.description);
    in.required("sources", out.sources);
    in.required("command", out.command);
    in.optional("env", out.env);
    in.optional("working_directory", out.working_directory);
    in.optional("terminal", out.terminal);
    section("launch", decode_launch, out.launch);
    in.required("ports", out.ports);
    in.optional("secrets", out.secrets);
    section("settings", decode_settings, out.settings);
    in.optional("files", out.files);
    in.optional("memory", out.memory);
    section("minimum", decode_minimum, out.minimum);
    const auto packages = [](const Value& value, const std::string& pointer, Errors& found, std::vector<Package>& into) {
        return decode_packages(value, pointer, found, into);
    };
    section("packages", packages, out.packages);
    section("exposure", decode_exposure, out.exposure);
    Value ready;
    in.required("ready", ready);
    section("ready", decode_ready, out.ready);
    Value stop;
    in.required("stop", stop);
    section("stop", decode_stop, out.stop);
    section("console", decode_console, out.console);
    section("quiesce", decode_quiesce, out.quiesce);
    section("announce", decode_announce, out.announce);
    section("players", decode_players, out);
    out.wake = usual_wake(out);
    section("wake", decode_wake, out.wake);
    section("save", decode_save, out);
    in.finish();
    // Errors that follow from others would only hide those: the rest is looked at once every part is right by itself.
    if (!errors.empty()) return std::unexpected(errors.take());
    check_name(in, out.name);
    check_command(in, out.command);
    check_env(in, out.env);
    check_secrets(in, out.secrets);
    if (out.sources.empty()) in.fail("sources", "required", "say where the game's files come from: at least one source");
    if (!out.working_directory.empty() && !is_inner_path(out.working_directory)) {
        in.fail("working_directory", "bad_format", "the working directory is a path within the world");
    }
    check_references(out, errors);
    if (!errors.empty()) return std::unexpected(errors.take());
    return out;
}

std::string error_line(std::string_view file, const FieldError& error) {
    return fmt::format("{}:{}:{}: {}: {}", file, error.mark.line, error.mark.column, error.pointer.empty() ? "/" : error.pointer, error.detail);
}

}  // namespace gk::catalog
