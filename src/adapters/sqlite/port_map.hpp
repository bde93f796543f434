#pragma once

#include <optional>

#include "adapters/sqlite/database.hpp"
#include "domain/ports/book.hpp"
#include "ports/clock.hpp"
#include "ports/port_map.hpp"
#include "ports/server_store.hpp"

namespace gk::sqlite {

// A book in memory, filled from the records and from what rests when it is first asked for. A reservation writes nothing: it becomes durable
// with the record that names the numbers. `foreign` is asked on the loop.
class SqlitePortMap final : public PortMap {
public:
    using Rules = PortBook::Rules;
    SqlitePortMap(Database& db, ServerStore& store, const Clock& clock, Rules rules)
        : db_(db),
          store_(store),
          clock_(clock),
          rules_(std::move(rules)) {}

    Answer<std::vector<server::PortBinding>> reserve(PortOwner owner, std::vector<PortWish> wishes, std::vector<server::PortBinding> before) override;
    Answer<Success> enter(ServerUid server, std::vector<server::PortBinding> bindings) override;
    Answer<Success> release(ServerUid server) override;
    Answer<std::vector<Reservation>> list() override;

private:
    Answer<Success> load();

    Database& db_;
    ServerStore& store_;
    const Clock& clock_;
    Rules rules_;
    std::optional<PortBook> book_;
};

}  // namespace gk::sqlite
