#include "shim/file_service.hpp"

#include "shim/files/files_server.hpp"
#include "wire/files/protocol.hpp"

namespace gk::shim {
namespace {

namespace files = wire::files;

// False when the other side is gone or does not keep to the protocol.
bool serve_one(Conversation& with, const ConfinedFiles& folder) {
    if (!with.await(files::length_size)) return false;
    const auto size = files::parse_length(ByteSpan(with.heard()).first(files::length_size));
    if (!size || !with.await(files::length_size + *size)) return false;
    const auto request = files::parse_request(ByteSpan(with.heard()).subspan(files::length_size, *size));
    if (!request) return false;
    with.heard() = {};  // It asks in turn: nothing can be behind it.
    return with.say(files::to_frame(reply_to(folder, *request)));
}

}  // namespace

void serve_files(Conversation with, const wire::shim::Answer& answer, const std::string& folder) {
    const auto files = ConfinedFiles::open(folder);
    if (!files || !with.begin(answer)) return;
    while (serve_one(with, *files)) {
    }
}

}  // namespace gk::shim
