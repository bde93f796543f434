#pragma once

#include <string>

#include "shim/files/confined_files.hpp"

namespace gk::shim {

// What is answered to one request.
wire::files::Reply reply_to(const ConfinedFiles& files, const wire::files::Request& request);

// The sub-program `gamekeeper files-server`: serves the files below `directory` (shim/files/confined_files) to whoever holds the other end
// of the stream socket `connection`, until that end is closed. The host starts it with the world's own uid and nothing else to see, so that
// what a hostile world could make of it is not more than the game can do anyway. Returns the exit code.
int files_server_main(int connection, const std::string& directory);

}  // namespace gk::shim
