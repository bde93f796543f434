#pragma once

#include <string>

#include "shim/conversation.hpp"

namespace gk::shim {

// Takes the files of a game into <folder>/KEY (wire/shim/game_files.hpp): that name is theirs only when all of them have come and are on the disk. Of
// other keys nothing is kept. Whoever could write there otherwise is the game itself, which may write its world as well.
void serve_game_files(Conversation with, const wire::shim::Answer& answer, const std::string& folder);

}  // namespace gk::shim
