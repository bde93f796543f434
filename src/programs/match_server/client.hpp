#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "async/task_group.hpp"
#include "base/time.hpp"
#include "net/http/transport.hpp"
#include "ports/task.hpp"

namespace gk::programs {

class Client;
class Room;

// Clients who are cut when their time has come, in the order of their times.
struct Watch {
    Time at;
    Client* client;
};
using Watches = std::list<Watch>;

// One connection of a player. What it is told waits in a bounded buffer; who does not read is dropped.
class Client : public std::enable_shared_from_this<Client> {
public:
    // Unsent bytes; the longest piece of input there is (read_bytes) brings less than that of replies.
    static constexpr std::size_t unsent_max = 8 * 1024;
    static constexpr std::size_t read_bytes = 512;

    // `writing` owns what is under way to the client.
    Client(async::TaskGroup& writing, std::unique_ptr<net::Transport> transport) : writing_(writing), transport_(std::move(transport)) {}

    // Leaves with the next flush().
    void say(std::string_view line) { unsent_ += line; }
    void flush();
    // Nothing is told or taken any more: once what was said has left, the client is told that nothing more comes, and whoever reads from it goes on
    // until it closes its side. A socket that is closed with unread bytes would take back what was said last.
    void part();
    void cut();

    net::Transport& transport() { return *transport_; }
    bool is_parting() const { return parting_; }

    // What the server knows of it.
    std::string session;  // That it named; only with many.
    std::string player;  // By its token.
    Room* room = nullptr;  // That it is in.
    Watches* watched_in = nullptr;
    Watches::iterator watch;

private:
    static Task<void> write_out(std::shared_ptr<Client> self);

    async::TaskGroup& writing_;
    std::unique_ptr<net::Transport> transport_;
    std::string unsent_;
    std::string leaving_;  // Being written.
    bool is_writing_ = false;
    bool parting_ = false;
    bool has_parted_ = false;
    bool cut_ = false;
};

}  // namespace gk::programs
