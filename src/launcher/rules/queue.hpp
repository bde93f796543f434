#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <vector>

#include "wire/launcher/messages.hpp"

// Which requests may be carried out at the same time.
namespace gk::launcher {

// The server that the order is about; the nil uid where there is none.
ServerUid server_of(const wire::launcher::Order& order);
// Whether it must be alone with its server.
bool changes_server(const wire::launcher::Order& order);
// Whether it runs so long or so hard that only a few may at once.
bool is_slow(const wire::launcher::Order& order);
// Whether it reads or writes the server's disks, and programs that do must end before such an order.
bool uses_disk(const wire::launcher::Order& order);
bool takes_disk_away(const wire::launcher::Order& order);

// Requests in the order of their arrival, some of them under way. Those that change the same server follow one another.
class Queue {
public:
    void add(wire::launcher::Request request) { waiting_.push_back(std::move(request)); }
    // The first that may begin now; it is under way until done().
    std::optional<wire::launcher::Request> next();
    void done(std::uint64_t request);
    // Takes it out before it has begun; false when it is not waiting.
    bool withdraw(std::uint64_t request);
    // Then nothing more should be taken in until some are done.
    bool is_full() const { return waiting_.size() >= waiting_max; }

    static constexpr std::size_t running_max = 64;
    static constexpr std::ptrdiff_t slow_max = 8;
    static constexpr std::size_t waiting_max = 4096;

private:
    struct Running {
        std::uint64_t id;
        ServerUid server;
        bool changes;
        bool slow;
    };
    bool may_begin(std::list<wire::launcher::Request>::const_iterator place) const;

    std::list<wire::launcher::Request> waiting_;
    std::vector<Running> running_;
};

}  // namespace gk::launcher
