#pragma once

#include <set>
#include <string_view>

#include "base/units.hpp"

namespace gk::system {

// Ports of this machine that somebody has bound, from the tables of /proc/net. Ports we reserved ourselves are among them while their games run;
// the port map asks only about numbers that it holds to be free.
class Listeners {
public:
    // As it is now. Tables that cannot be read count as empty: whoever binds a taken port is told by the kernel later.
    static Listeners of_this_machine();
    // Adds the listening sockets of one table: /proc/net/tcp, tcp6, udp or udp6. Lines that are not understood are passed over.
    void add_table(Protocol protocol, std::string_view table);

    bool contains(Protocol protocol, Port port) const { return bound_.contains({protocol, port}); }
    std::size_t size() const { return bound_.size(); }

private:
    std::set<std::pair<Protocol, Port>> bound_;
};

// The question that port maps ask: a fresh look every time, from any thread.
bool is_bound(Protocol protocol, Port port);

}  // namespace gk::system
