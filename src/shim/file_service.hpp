#pragma once

#include <string>

#include "shim/conversation.hpp"

namespace gk::shim {

// Serves the files below a folder (wire/files) until the other side has gone.
void serve_files(Conversation with, const wire::shim::Answer& answer, const std::string& folder);

}  // namespace gk::shim
