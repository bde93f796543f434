#include "programs/cli/completion.hpp"

#include <algorithm>
#include <span>

#include <CLI/CLI.hpp>

#include "programs/cli/syntax.hpp"

namespace gk::programs {
namespace {

constexpr const char* bash = R"~(_gamekeeper() {
    local IFS=$'\n'
    COMPREPLY=($(gamekeeper __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _gamekeeper gamekeeper
)~";
constexpr const char* zsh = R"~(#compdef gamekeeper
_gamekeeper() {
    local -a found
    found=(${(f)"$(gamekeeper __complete "${(@)words[2,CURRENT]}" 2>/dev/null)"})
    compadd -a found
}
compdef _gamekeeper gamekeeper
)~";
constexpr const char* fish = R"~(complete -c gamekeeper -f -a '(gamekeeper __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
)~";

// What an option's or a positional's value may be.
std::vector<std::string> values_of(const CLI::Option& option, const CLI::App& command, const Position& at, const NameSource& names) {
    const auto name = option.get_name(option.get_positional());
    if (name == "--output") return {"table", "json"};
    if (name == "--world") return {"adopt", "fresh"};
    if (name == "--scope") return {"admin", "player"};
    if (name == "SHELL") return {"bash", "zsh", "fish"};
    if (name == "--game" || name == "GAME") return names(NameKind::game, at.said);
    if (name == "--package") return names(NameKind::package, at.said);
    const bool is_new = command.get_name() == "create";
    if (name == "--server" || (name == "NAME" && !is_new)) return names(NameKind::server, at.said);
    return {};
}

std::vector<std::string> command_names(const CLI::App& app) {
    std::vector<std::string> out;
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) out.push_back(command->get_name());
    return out;
}

std::vector<std::string> candidates(const Position& at, bool wants_flag, const NameSource& names) {
    if (at.awaiting != nullptr) return values_of(*at.awaiting, *at.command, at, names);
    if (wants_flag) return flags_of(*at.command);
    auto out = command_names(*at.command);
    std::size_t place = 0;
    for (const CLI::Option* option : at.command->get_options()) {
        if (!option->get_positional() || place++ != at.positionals) continue;
        for (auto& value : values_of(*option, *at.command, at, names)) out.push_back(std::move(value));
    }
    return out;
}

}  // namespace

std::string completion_script(const std::string& shell) {
    if (shell == "bash") return bash;
    if (shell == "zsh") return zsh;
    if (shell == "fish") return fish;
    return {};
}

std::vector<std::string> flags_of(const CLI::App& command) {
    std::vector<std::string> out;
    for (const CLI::App* app = &command; app != nullptr; app = app->get_parent()) {
        for (const CLI::Option* option : app->get_options()) {
            for (const auto& name : option->get_lnames()) out.push_back("--" + name);
        }
    }
    return out;
}

std::vector<std::string> completions(const CLI::App& root, const std::vector<std::string>& words, const NameSource& names) {
    const auto begun = words.empty() ? std::string() : words.back();
    const auto at = position_behind(root, std::span(words).first(words.empty() ? 0 : words.size() - 1));
    auto out = candidates(at, begun.starts_with("-"), names);
    std::erase_if(out, [&](const std::string& candidate) { return !candidate.starts_with(begun); });
    std::ranges::sort(out);
    out.erase(std::ranges::unique(out).begin(), out.end());
    return out;
}

}  // namespace gk::programs
