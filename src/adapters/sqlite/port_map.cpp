#include "adapters/sqlite/port_map.hpp"

#include <set>

#include "adapters/sqlite/document.hpp"

namespace gk::sqlite {
namespace {

using server::PortBinding;

PortMapError unavailable(const StoreError& error) { return {PortMapError::Kind::unavailable, error.detail}; }

// The columns protocol, port, bound, role, internal, in this order.
Result<PortBinding, StoreError> read_binding(const Rows& row) {
    const auto protocol = from_name<Protocol>(row.text(0));
    const auto in_range = [](std::int64_t number) { return number >= 1 && number <= 65535; };
    if (!protocol || !in_range(row.number(1)) || !in_range(row.number(2))) {
        return std::unexpected(corrupt_row(fmt::format("port {}/{}", row.number(1), row.text(0)), "it is out of range"));
    }
    return PortBinding{.role = std::string(row.text(3)),
                       .protocol = *protocol,
                       .open = static_cast<Port>(row.number(1)),
                       .bound = static_cast<Port>(row.number(2)),
                       .internal = row.number(4) != 0};
}

Result<std::vector<PortBinding>, StoreError> held_by(Connection& db, const std::string& server) {
    auto rows = db.query("SELECT protocol, port, bound, role, internal FROM ports WHERE server = ?1 AND released_at IS NULL ORDER BY place", server);
    std::vector<PortBinding> held;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return held;
        TRY(binding, read_binding(rows));
        held.push_back(std::move(binding));
    }
}

Result<std::set<std::pair<Protocol, Port>>, StoreError> all_taken(Connection& db) {
    auto rows = db.query("SELECT protocol, port, bound, role, internal FROM ports");
    std::set<std::pair<Protocol, Port>> taken;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return taken;
        TRY(binding, read_binding(rows));
        taken.emplace(binding.protocol, binding.open);
    }
}

Result<Success, StoreError> insert(Connection& db, const std::string& server, const std::vector<PortBinding>& bindings) {
    int place = 0;
    for (const auto& binding : bindings) {
        TRY_OK(db.change("INSERT INTO ports (protocol, port, server, place, role, bound, internal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                         name_of(binding.protocol), int{std::to_underlying(binding.open)}, server, place++, binding.role,
                         int{std::to_underlying(binding.bound)}, int{binding.internal}));
    }
    return Success{};
}

// No ports are an answer, not an error of the database: that the range is exhausted travels as the inner result.
using Chosen = Result<std::vector<PortBinding>, PortShortage>;

Result<Chosen, StoreError> reserve_now(Connection& db, const std::string& server, const std::vector<PortWish>& wishes,
                                       const std::vector<PortBinding>& before, const SqlitePortMap::Rules& rules, Time now) {
    TRY(held, held_by(db, server));
    if (!held.empty()) return Chosen(std::move(held));
    TRY_OK(db.change("DELETE FROM ports WHERE released_at <= ?1", now - rules.rest));
    TRY(taken, all_taken(db));
    const PortQuestion reserved = [&](Protocol protocol, Port port) { return taken.contains({protocol, port}); };
    auto chosen = choose_ports_again(rules.range, wishes, before, reserved, rules.foreign);
    if (chosen) TRY_OK(insert(db, server, *chosen));
    return Result<Chosen, StoreError>(std::move(chosen));
}

Result<std::vector<PortMap::Reservation>, StoreError> list_now(Connection& db) {
    auto rows = db.query("SELECT protocol, port, bound, role, internal, server FROM ports WHERE released_at IS NULL ORDER BY port, protocol");
    std::vector<PortMap::Reservation> all;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return all;
        TRY(binding, read_binding(rows));
        const auto server = ServerUid::parse(rows.text(5));
        if (!server) return std::unexpected(corrupt_row(fmt::format("port {}/{}", rows.number(1), rows.text(0)), "its server is no UUID"));
        all.push_back({.server = *server, .binding = std::move(binding)});
    }
}

}  // namespace

PortMap::Answer<std::vector<PortBinding>> SqlitePortMap::reserve(ServerUid server, std::vector<PortWish> wishes, std::vector<PortBinding> before) {
    Work<Chosen> work = [uid = server.text(), wishes = std::move(wishes), before = std::move(before), rules = rules_,
                         now = clock_.now()](Connection& db) { return reserve_now(db, uid, wishes, before, rules, now); };
    auto chosen = co_await db_.write(std::move(work));
    if (!chosen) co_return std::unexpected(unavailable(chosen.error()));
    if (!*chosen) co_return std::unexpected(PortMapError{PortMapError::Kind::exhausted, chosen->error().detail});
    co_return std::move(**chosen);
}

PortMap::Answer<Success> SqlitePortMap::release(ServerUid server) {
    Work<Success> work = [uid = server.text(), now = clock_.now()](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(db.change("UPDATE ports SET released_at = ?2 WHERE server = ?1 AND released_at IS NULL", uid, now));
        return Success{};
    };
    const auto released = co_await db_.write(std::move(work));
    if (!released) co_return std::unexpected(unavailable(released.error()));
    co_return Success{};
}

PortMap::Answer<std::vector<PortMap::Reservation>> SqlitePortMap::list() {
    Work<std::vector<Reservation>> work = list_now;
    auto all = co_await db_.read(std::move(work));
    if (!all) co_return std::unexpected(unavailable(all.error()));
    co_return std::move(*all);
}

}  // namespace gk::sqlite
