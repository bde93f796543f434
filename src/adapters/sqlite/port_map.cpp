#include "adapters/sqlite/port_map.hpp"

#include "adapters/sqlite/document.hpp"

namespace gk::sqlite {
namespace {

using server::PortBinding;

std::unexpected<PortMapError> unavailable(const StoreError& error) {
    return std::unexpected(PortMapError{PortMapError::Kind::unavailable, error.detail});
}

Result<std::vector<RestingPort>, StoreError> resting_now(Connection& db) {
    auto rows = db.query("SELECT protocol, port, released_at FROM resting_ports");
    std::vector<RestingPort> all;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return all;
        const auto protocol = from_name<Protocol>(rows.text(0));
        const auto port = rows.number(1);
        if (!protocol || port < 1 || port > 65535) {
            return std::unexpected(corrupt_row(fmt::format("port {}/{}", port, rows.text(0)), "it is out of range"));
        }
        all.push_back({.protocol = *protocol, .port = static_cast<Port>(port), .since = Time(Milliseconds(rows.number(2)))});
    }
}

// All of them, every time: there are few, and what an earlier failure left out is made good.
Result<Success, StoreError> replace_resting(Connection& db, const std::vector<RestingPort>& all) {
    TRY_OK(db.change("DELETE FROM resting_ports"));
    for (const auto& resting : all) {
        TRY_OK(db.change("INSERT INTO resting_ports (protocol, port, released_at) VALUES (?1, ?2, ?3)", name_of(resting.protocol),
                         int{std::to_underlying(resting.port)}, resting.since));
    }
    return Success{};
}

}  // namespace

PortMap::Answer<Success> SqlitePortMap::load() {
    if (book_) co_return Success{};
    const auto records = co_await store_.list();
    if (!records) co_return unavailable(records.error());
    Work<std::vector<RestingPort>> work = resting_now;
    const auto resting = co_await db_.read(std::move(work));
    if (!resting) co_return unavailable(resting.error());
    // Somebody else may have been faster, and have reserved numbers meanwhile.
    if (book_) co_return Success{};
    book_.emplace(rules_);
    for (const auto& record : *records) book_->hold(record.uid, record.ports);
    for (const auto& port : *resting) book_->rest(port);
    co_return Success{};
}

PortMap::Answer<std::vector<PortBinding>> SqlitePortMap::reserve(PortOwner owner, std::vector<PortWish> wishes, std::vector<PortBinding> before) {
    CO_TRY_OK(co_await load());
    auto chosen = book_->reserve(owner.uid, wishes, before, clock_.now());
    if (!chosen) co_return std::unexpected(PortMapError{PortMapError::Kind::exhausted, std::move(chosen).error().detail});
    co_return std::move(*chosen);
}

PortMap::Answer<Success> SqlitePortMap::enter(ServerUid server, std::vector<PortBinding> bindings) {
    CO_TRY_OK(co_await load());
    book_->hold(server, bindings);
    co_return Success{};
}

PortMap::Answer<Success> SqlitePortMap::release(ServerUid server) {
    CO_TRY_OK(co_await load());
    const auto now = clock_.now();
    book_->release(server, now);
    Work<Success> work = [resting = book_->resting(now)](Connection& db) { return replace_resting(db, resting); };
    const auto stored = co_await db_.write(std::move(work));
    if (!stored) co_return unavailable(stored.error());
    co_return Success{};
}

PortMap::Answer<std::vector<PortMap::Reservation>> SqlitePortMap::list() {
    CO_TRY_OK(co_await load());
    co_return book_->held();
}

}  // namespace gk::sqlite
