#pragma once

#include <map>
#include <span>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace gk::programs {

// Where in the grammar of the command line one is behind some words.
struct Position {
    const CLI::App* command = nullptr;       // The innermost one that was named.
    std::string path;                        // "gamekeeper server create"
    std::size_t positionals = 0;             // Given to `command` so far.
    const CLI::Option* awaiting = nullptr;   // The option whose value comes next.
    std::string stranger;                    // The first word that should have named a command and does not.
    std::string strange_flag;                // The first word with a dash that no command here knows.
    std::map<std::string, std::string> said; // Values of options by name: "--state".
};
Position position_behind(const CLI::App& root, std::span<const std::string> words);

}  // namespace gk::programs
