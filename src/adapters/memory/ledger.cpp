#include "adapters/memory/ledger.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace gk::memory {
namespace {

StoreError no_operation(OperationId id) { return {StoreError::Kind::not_found, fmt::format("there is no operation {}", id.text())}; }

StoreError fenced() { return {StoreError::Kind::fenced, "a newer keeper is at work"}; }

template <class Map>
auto values_of(const Map& map) {
    std::vector<typename Map::mapped_type> values;
    values.reserve(map.size());
    for (const auto& [key, value] : map) values.push_back(value);
    return values;
}

}  // namespace

void StoreState::store(Operation operation) {
    const auto known = operations.find(operation.id);
    if (known != operations.end()) {
        if (operation.is_finished() || !known->second.operation.is_finished()) known->second.operation = std::move(operation);
        return;
    }
    const auto id = operation.id;
    operations.emplace(id, StoredOperation{.operation = std::move(operation), .order = operations.size() + 1});
}

bool StoreState::is_fenced(WrittenBy by) const { return by && *by < epoch; }

void StoreState::store_ahead() {
    for (auto& operation : std::exchange(ahead, {})) {
        if (!operations.contains(operation.id)) store(std::move(operation));
    }
}

MemoryLedger::MemoryLedger(boost::asio::any_io_executor loop, std::shared_ptr<StoreState> state)
    : MemoryLedger(std::move(loop), std::move(state), Limits()) {}

MemoryLedger::MemoryLedger(boost::asio::any_io_executor loop, std::shared_ptr<StoreState> state, Limits limits)
    : state_(std::move(state)),
      watchers_(std::move(loop)),
      limits_(limits) {
    state_->ahead.clear();  // What a process before this one had not written.
}

Ledger::Answer<Epoch> MemoryLedger::next_epoch() {
    state_->store_ahead();
    state_->epoch = static_cast<Epoch>(std::to_underlying(state_->epoch) + 1);
    co_return state_->epoch;
}

Ledger::Answer<Success> MemoryLedger::put(Operation operation, WrittenBy by) {
    state_->store_ahead();
    if (state_->is_fenced(by)) co_return std::unexpected(fenced());
    state_->store(std::move(operation));
    co_return Success{};
}

Ledger::Answer<Success> MemoryLedger::put_ahead(Operation operation) {
    state_->ahead.push_back(std::move(operation));
    co_return Success{};
}

Ledger::Answer<Operation> MemoryLedger::operation(OperationId id) {
    state_->store_ahead();
    const auto known = state_->operations.find(id);
    if (known == state_->operations.end()) co_return std::unexpected(no_operation(id));
    co_return known->second.operation;
}

Ledger::Answer<std::vector<Operation>> MemoryLedger::operations(OperationFilter filter) {
    state_->store_ahead();
    auto before = std::numeric_limits<std::uint64_t>::max();
    if (filter.after) {
        const auto last = state_->operations.find(*filter.after);
        if (last == state_->operations.end()) co_return std::unexpected(no_operation(*filter.after));
        before = last->second.order;
    }
    std::vector<const StoreState::StoredOperation*> found;
    for (const auto& [id, stored] : state_->operations) {
        if (stored.order >= before || (filter.server && stored.operation.server != *filter.server)) continue;
        if (filter.unfinished_only && stored.operation.is_finished()) continue;
        found.push_back(&stored);
    }
    std::ranges::sort(found, std::greater(), [](const auto* stored) { return stored->order; });
    if (found.size() > filter.limit) found.resize(filter.limit);
    std::vector<Operation> page;
    for (const auto* stored : found) page.push_back(stored->operation);
    co_return page;
}

Ledger::Answer<std::optional<IdempotentReply>> MemoryLedger::remember(std::string scope, std::string key, IdempotentReply reply, Time now) {
    state_->store_ahead();
    std::erase_if(state_->replies, [&](const auto& entry) { return entry.second.at + limits_.replies_kept <= now; });
    const auto [place, is_new] =
        state_->replies.try_emplace({std::move(scope), std::move(key)}, StoreState::StoredReply{.reply = std::move(reply), .at = now});
    if (is_new) co_return std::nullopt;
    co_return place->second.reply;
}

Ledger::Answer<std::uint64_t> MemoryLedger::append(Event event) {
    state_->store_ahead();
    event.number = ++state_->last_event;
    state_->events.push_back(std::move(event));
    if (state_->events.size() > limits_.events_kept) state_->events.erase(state_->events.begin());
    watchers_.notify();
    co_return state_->last_event;
}

Ledger::Answer<std::vector<Event>> MemoryLedger::events_after(std::uint64_t number, std::size_t limit) {
    const auto first = std::ranges::upper_bound(state_->events, number, {}, &Event::number);
    const auto count = std::min(limit, static_cast<std::size_t>(state_->events.end() - first));
    co_return std::vector<Event>(first, first + static_cast<std::ptrdiff_t>(count));
}

std::shared_ptr<void> MemoryLedger::watch_events(std::function<void()> appended) { return watchers_.add(std::move(appended)); }

Ledger::Answer<vault::Snapshot> MemoryLedger::put(vault::Snapshot snapshot, WrittenBy by) {
    state_->store_ahead();
    if (state_->is_fenced(by)) co_return std::unexpected(fenced());
    auto& last = state_->last_sequence[snapshot.server];
    const auto known = state_->snapshots.find(snapshot.id);
    if (snapshot.sequence == 0) snapshot.sequence = known != state_->snapshots.end() ? known->second.sequence : last + 1;
    last = std::max(last, snapshot.sequence);
    state_->snapshots[snapshot.id] = snapshot;
    co_return snapshot;
}

Ledger::Answer<std::vector<vault::Snapshot>> MemoryLedger::snapshots(ServerUid server) {
    std::vector<vault::Snapshot> all;
    for (const auto& [id, snapshot] : state_->snapshots) {
        if (snapshot.server == server) all.push_back(snapshot);
    }
    std::ranges::sort(all, std::greater(), &vault::Snapshot::sequence);
    co_return all;
}

Ledger::Answer<Success> MemoryLedger::remove(ServerUid server, SnapshotId id, WrittenBy by) {
    state_->store_ahead();
    if (state_->is_fenced(by)) co_return std::unexpected(fenced());
    std::erase_if(state_->snapshots, [&](const auto& entry) { return entry.first == id && entry.second.server == server; });
    co_return Success{};
}

Ledger::Answer<Success> MemoryLedger::put(ApiKey key) {
    state_->store_ahead();
    state_->keys[key.id] = std::move(key);
    co_return Success{};
}

Ledger::Answer<std::vector<ApiKey>> MemoryLedger::keys() {
    auto all = values_of(state_->keys);
    std::ranges::sort(all, {}, [](const ApiKey& key) { return std::pair(key.created_at, key.id); });
    co_return all;
}

Ledger::Answer<Success> MemoryLedger::put(KeptWorld world, WrittenBy by) {
    state_->store_ahead();
    if (state_->is_fenced(by)) co_return std::unexpected(fenced());
    state_->kept_worlds[world.uid] = std::move(world);
    co_return Success{};
}

Ledger::Answer<std::vector<KeptWorld>> MemoryLedger::kept_worlds() {
    auto all = values_of(state_->kept_worlds);
    std::ranges::sort(all, {}, [](const KeptWorld& world) { return std::pair(world.deleted_at, world.uid); });
    co_return all;
}

Ledger::Answer<Success> MemoryLedger::remove_kept(ServerUid uid, WrittenBy by) {
    state_->store_ahead();
    if (state_->is_fenced(by)) co_return std::unexpected(fenced());
    state_->kept_worlds.erase(uid);
    co_return Success{};
}

Ledger::Answer<std::optional<std::string>> MemoryLedger::fact(std::string name) {
    const auto known = state_->facts.find(name);
    if (known == state_->facts.end()) co_return std::nullopt;
    co_return known->second;
}

Ledger::Answer<Success> MemoryLedger::set_fact(std::string name, std::string value, WrittenBy by) {
    state_->store_ahead();
    if (state_->is_fenced(by)) co_return std::unexpected(fenced());
    state_->facts[std::move(name)] = std::move(value);
    co_return Success{};
}

}  // namespace gk::memory
