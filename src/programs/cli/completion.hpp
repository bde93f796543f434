#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace gk::programs {

// The shell code that a user loads: for "bash", "zsh" or "fish"; empty for another shell.
std::string completion_script(const std::string& shell);

// The long options that a command takes, those of outer commands too: "--follow".
std::vector<std::string> flags_of(const CLI::App& command);

// Names that only the API knows.
enum class NameKind { server, game, package };
// `said` are the options that were given so far ("--socket"), so that the right Gamekeeper is asked.
using NameSource = std::function<std::vector<std::string>(NameKind, const std::map<std::string, std::string>& said)>;

// What may stand in the place of the last of `words` (which may be empty or half typed), one candidate a line in the shell scripts above; none
// where a file or a free text is expected. `names` is asked only where such a name is expected.
std::vector<std::string> completions(const CLI::App& root, const std::vector<std::string>& words, const NameSource& names);

}  // namespace gk::programs
