#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>

#include "base/id.hpp"
#include "domain/wake/idle.hpp"
#include "ports/clock.hpp"

namespace gk::app {

// Who is at work at a server without playing, as this process sees it: whoever follows its log, which is what a console is, and whoever reads or
// writes its files. What another process of the same installation serves is not seen here.
class Attendance {
public:
    explicit Attendance(Clock& clock) : clock_(clock) {}
    Attendance(const Attendance&) = delete;
    Attendance& operator=(const Attendance&) = delete;

    // A console is open until the handle is dropped, which may outlive this.
    std::shared_ptr<void> open_console(ServerUid server);
    // Of a transfer, which is many requests one after the other: it is under way until `transfer_pause` after the last of them.
    void use_files(ServerUid server);
    static constexpr Milliseconds transfer_pause = std::chrono::minutes(1);

    // What of it keeps the server up.
    std::optional<wake::Awake> keeps_up(ServerUid server, const wake::KeepFor& keep_for) const;

private:
    using Consoles = std::map<ServerUid, std::size_t>;
    Clock& clock_;
    std::shared_ptr<Consoles> consoles_ = std::make_shared<Consoles>();
    std::map<ServerUid, Time> files_used_;
};

}  // namespace gk::app
