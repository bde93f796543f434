#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace gk::programs {

// The shell code that a user loads: for "bash", "zsh" or "fish"; empty for another shell.
std::string completion_script(const std::string& shell);

// What may stand in the place of the last of `words` (which may be empty or half typed), one candidate a line in the shell scripts above.
// `server_names` is asked only where a server's name is expected.
std::vector<std::string> completions(const CLI::App& root, const std::vector<std::string>& words,
                                     const std::function<std::vector<std::string>()>& server_names);

}  // namespace gk::programs
