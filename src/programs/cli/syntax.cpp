#include "programs/cli/syntax.hpp"

#include <CLI/CLI.hpp>

namespace gk::programs {
namespace {

const CLI::App* subcommand(const CLI::App& app, const std::string& name) {
    const auto found = app.get_subcommands([&name](const CLI::App* command) { return command->get_name() == name; });
    return found.empty() ? nullptr : found.front();
}

bool has_subcommands(const CLI::App& app) {
    return !app.get_subcommands([](const CLI::App*) { return true; }).empty();
}

// Options of outer commands may stand behind inner ones.
const CLI::Option* option_named(const CLI::App* app, const std::string& name) {
    for (; app != nullptr; app = app->get_parent()) {
        if (const auto* option = app->get_option_no_throw(name)) return option;
    }
    return nullptr;
}

void take_flag(Position& at, const std::string& word) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto* option = option_named(at.command, name);
    if (option == nullptr && at.strange_flag.empty() && name != "--") at.strange_flag = name;
    if (option == nullptr || option->get_items_expected_max() == 0) return;
    if (equals != std::string::npos) at.said[option->get_name()] = word.substr(equals + 1);
    else at.awaiting = option;
}

void take_word(Position& at, const std::string& word) {
    if (const auto* below = subcommand(*at.command, word)) {
        at.command = below;
        at.path += " " + word;
        at.positionals = 0;
    } else if (has_subcommands(*at.command)) {
        if (at.stranger.empty()) at.stranger = word;
    } else {
        ++at.positionals;
    }
}

}  // namespace

Position position_behind(const CLI::App& root, std::span<const std::string> words) {
    Position at{.command = &root, .path = root.get_name()};
    for (const auto& word : words) {
        if (at.awaiting != nullptr) {
            at.said[at.awaiting->get_name()] = word;
            at.awaiting = nullptr;
        } else if (word.starts_with("-")) {
            take_flag(at, word);
        } else {
            take_word(at, word);
        }
    }
    return at;
}

}  // namespace gk::programs
