#include "programs/cli/completion.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

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

bool wants_server_name(const CLI::App& app) {
    return std::ranges::any_of(app.get_options(),
                               [](const CLI::Option* option) { return option->get_positional() && option->get_name(true) == "NAME"; });
}

const CLI::App* subcommand(const CLI::App& app, const std::string& name) {
    const auto found = app.get_subcommands([&name](const CLI::App* command) { return command->get_name() == name; });
    return found.empty() ? nullptr : found.front();
}

void add_commands_and_flags(const CLI::App& app, bool flags, std::vector<std::string>& out) {
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) out.push_back(command->get_name());
    if (!flags) return;
    for (const CLI::Option* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) out.push_back("--" + name);
    }
}

}  // namespace

std::string completion_script(const std::string& shell) {
    if (shell == "bash") return bash;
    if (shell == "zsh") return zsh;
    if (shell == "fish") return fish;
    return {};
}

std::vector<std::string> completions(const CLI::App& root, const std::vector<std::string>& words,
                                     const std::function<std::vector<std::string>()>& server_names) {
    const CLI::App* app = &root;
    std::size_t positionals = 0;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (words[i].starts_with("-")) continue;
        const auto* below = subcommand(*app, words[i]);
        if (below != nullptr) {
            app = below;
            positionals = 0;
        } else {
            ++positionals;
        }
    }
    const std::string begun = words.empty() ? std::string() : words.back();
    std::vector<std::string> out;
    add_commands_and_flags(*app, begun.starts_with("-"), out);
    if (!begun.starts_with("-") && positionals == 0 && wants_server_name(*app)) {
        for (auto& name : server_names()) out.push_back(std::move(name));
    }
    std::erase_if(out, [&](const std::string& candidate) { return !candidate.starts_with(begun); });
    std::ranges::sort(out);
    return out;
}

}  // namespace gk::programs
