#pragma once

#include <string>
#include <string_view>

#include "base/value.hpp"
#include "programs/cli/commands.hpp"

namespace gk::programs {

// The API's path of a server, or of something below it ("/logs"), with the namespace as its query.
std::string path_of(const ServerName& name, std::string_view below = "");
// "203.0.113.7:30000/udp, ...": where players connect.
std::string endpoints_text(const Value& server);
// "2/15"; "-" when the game does not run or does not say.
std::string players_text(const Value& server);

}  // namespace gk::programs
