#include "app/servers/servers.hpp"
#include "domain/catalog/render.hpp"

// Ports of a server that has no record yet.
namespace gk::app {

// A create that failed between its ports and its record leaves, where ports bear the names of servers, its name taken. It goes here and now: the
// search for orphans would wait for a while, because a create may be at work.
Servers::Answer<std::vector<server::PortBinding>> Servers::ports_for(server::Record record) {
    for (bool is_first = true;; is_first = false) {
        PortOwner owner{.uid = record.uid, .space = record.space, .id = record.id, .exposure = record.exposure};
        auto before = record.ports;
        auto bindings = co_await ports_.port_map.reserve(std::move(owner), catalog::port_wishes(*games_.game(record.game)), std::move(before));
        if (bindings) co_return std::move(*bindings);
        const auto holder = bindings.error().holder;
        const bool makes_room = is_first && holder && co_await was_left_behind(*holder);
        if (!makes_room || !co_await ports_.port_map.release(*holder)) co_return std::unexpected(from(bindings.error()));
    }
}

// By a create that is over. That there is no record is never said by an old copy (ServerStore).
Task<bool> Servers::was_left_behind(ServerUid holder) {
    if (being_made_.contains(holder)) co_return false;
    const auto record = co_await ports_.store.get(holder);
    co_return !record && record.error().kind == StoreError::Kind::not_found;
}

}  // namespace gk::app
