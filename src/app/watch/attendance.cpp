#include "app/watch/attendance.hpp"

namespace gk::app {

std::shared_ptr<void> Attendance::open_console(ServerUid server) {
    ++(*consoles_)[server];
    return {nullptr, [consoles = consoles_, server](void*) {
                if (const auto at = consoles->find(server); --at->second == 0) consoles->erase(at);
            }};
}

void Attendance::use_files(ServerUid server) {
    const auto now = clock_.now();
    std::erase_if(files_used_, [now](const auto& entry) { return entry.second + transfer_pause <= now; });
    files_used_.insert_or_assign(server, now);
}

std::optional<wake::Awake> Attendance::keeps_up(ServerUid server, const wake::KeepFor& keep_for) const {
    if (keep_for.console && consoles_->contains(server)) return wake::Awake::console;
    const auto used = files_used_.find(server);
    const bool is_transferring = used != files_used_.end() && clock_.now() < used->second + transfer_pause;
    return keep_for.files && is_transferring ? std::optional(wake::Awake::files) : std::nullopt;
}

}  // namespace gk::app
