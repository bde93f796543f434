#pragma once

#include <string>

#include "shim/conversation.hpp"

namespace gk::shim {

// Runs one program for the other side (wire/shim/program.hpp) and tells what it writes and how it ends. When the other side goes, or this process is
// sent SIGTERM, the program is sent SIGINT, on which restic removes its lock, and is killed a little later.
void serve_program(Conversation with, const wire::shim::Answer& answer, const std::string& cgroup_root);

}  // namespace gk::shim
