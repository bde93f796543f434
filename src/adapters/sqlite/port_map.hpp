#pragma once

#include "adapters/sqlite/database.hpp"
#include "ports/clock.hpp"
#include "ports/port_map.hpp"

namespace gk::sqlite {

class SqlitePortMap final : public PortMap {
public:
    struct Rules {
        PortRange range;
        // What programs that are not ours listen on (adapters/system/listeners). Asked on the database's thread.
        PortQuestion foreign = [](Protocol, Port) { return false; };
        Milliseconds rest = std::chrono::seconds(60);
    };
    SqlitePortMap(Database& db, const Clock& clock, Rules rules) : db_(db), clock_(clock), rules_(std::move(rules)) {}

    using PortMap::reserve;
    Answer<std::vector<server::PortBinding>> reserve(ServerUid server, std::vector<PortWish> wishes,
                                                     std::vector<server::PortBinding> before) override;
    Answer<Success> release(ServerUid server) override;
    Answer<std::vector<Reservation>> list() override;

private:
    Database& db_;
    const Clock& clock_;
    Rules rules_;
};

}  // namespace gk::sqlite
