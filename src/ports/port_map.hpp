#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "domain/ports/book.hpp"
#include "domain/server/exposure.hpp"
#include "domain/server/types.hpp"
#include "ports/task.hpp"

namespace gk {

struct PortMapError {
    // exhausted: the range has no such group of ports left; the detail says how large it is and what to change.
    enum class Kind : std::uint8_t { exhausted, unavailable };
    Kind kind;
    std::string detail;
    // Ports that bear the name of the owner are those of another server of ours. When it has no record, its release makes room.
    std::optional<ServerUid> holder = std::nullopt;
};

// For whom ports are taken. Where ports are objects of a cluster, they bear its names and are opened as it says.
struct PortOwner {
    ServerUid uid;
    std::string space;
    std::string id;
    std::optional<server::Exposure> exposure;
};

// Who holds which public port of this node, over all servers. A reservation lasts until it is released. It becomes durable with the record in
// ServerStore that names its numbers, and without one it ends with the process. A released number rests for 60 s, and that is on disk when
// release() returns. Numbers that a foreign process listens on are passed over.
class PortMap {
public:
    virtual ~PortMap() = default;
    template <class T>
    using Answer = Task<Result<T, PortMapError>>;

    // All wishes or none. A server that has a reservation gets the same one again; with another exposure, its ports are opened in that way from now
    // on, under other numbers only when that way has a range of its own: then those are taken before the old ones are given back. `before` is what it
    // had on another machine, or before it was deleted: it gets those numbers again when they fit the wishes and all of them are free, and others
    // otherwise.
    virtual Answer<std::vector<server::PortBinding>> reserve(PortOwner owner, std::vector<PortWish> wishes,
                                                             std::vector<server::PortBinding> before) = 0;
    // These are the server's, as its row says and whatever was known here before: another control plane may have given them. For rows that no
    // ServerStore has; where ports are objects of a cluster nothing need be entered.
    virtual Answer<Success> enter(ServerUid, std::vector<server::PortBinding>) { co_return Success{}; }
    virtual Answer<Success> release(ServerUid server) = 0;
    using Reservation = PortReservation;
    virtual Answer<std::vector<Reservation>> list() = 0;
};

}  // namespace gk
