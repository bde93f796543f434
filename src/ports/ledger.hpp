#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/operation/operation.hpp"
#include "domain/vault/snapshot.hpp"
#include "ports/server_store.hpp"
#include "ports/task.hpp"

namespace gk {

enum class Scope : std::uint8_t { admin, player };
inline constexpr auto scope_names = std::to_array<std::string_view>({"admin", "player"});
constexpr std::span<const std::string_view> names_of(Scope) { return scope_names; }

// An API key as we keep it: never its text, only a digest.
struct ApiKey {
    KeyId id;
    std::string name;
    Scope scope = Scope::admin;
    std::string tenant = "default";
    std::string digest;  // SHA-256 of the secret part, hex.
    Time created_at{};
    std::optional<Time> revoked_at;
    std::optional<Time> last_used_at;  // To the day.
};

// The answer that was given for an Idempotency-Key, and the digest of the request it answered.
struct IdempotentReply {
    std::string request_digest;
    OperationId operation;
};

// A world whose server was deleted and which is kept in the vault until `until`.
struct KeptWorld {
    ServerUid uid;
    std::string id;
    std::string space;
    Value record;  // server::to_value() of its last record.
    Time deleted_at{};
    Time until{};
};

// Who writes. A keeper names the epoch under which it works: from when next_epoch() has given out a newer one on, its writes change nothing and are
// answered with `fenced`. Looking at the epoch and writing are one transaction, so nothing that a newer keeper has read is changed behind it.
// What no keeper writes, a request that any replica of the API may serve, is not fenced.
using WrittenBy = std::optional<Epoch>;
inline constexpr WrittenBy no_keeper;

// Keeps what is not a server: operations, idempotency keys, the outbox, the snapshot catalogue, keys, kept worlds. When a call returns
// success, the change is on disk. No use case needs a transaction over this and ServerStore: the operation is written first, the keeper completes.
class Ledger {
public:
    virtual ~Ledger() = default;
    template <class T>
    using Answer = Task<Result<T, StoreError>>;

    // Raises the stored epoch by one and returns it: once for every start of a keeper.
    virtual Answer<Epoch> next_epoch() = 0;

    // Operations: put() creates or replaces. One that has ended stays ended: what a keeper from before still believes of it changes nothing.
    virtual Answer<Success> put(Operation operation, WrittenBy by) = 0;
    // A new operation ahead of the write that the caller begins next, here or in ServerStore, at once and with nothing awaited in between. When
    // that write succeeds, the operation is on disk; it need not be before. When it is refused (conflict), the operation is stored all the same.
    // When it is `unavailable`, so is what became of the operation. Perhaps lost with the process if nothing is written any more. One with this
    // id that is there already stays as it is: the same request came twice.
    virtual Answer<Success> put_ahead(Operation operation) = 0;
    virtual Answer<Operation> operation(OperationId id) = 0;
    struct OperationFilter {
        std::optional<ServerUid> server;
        bool unfinished_only = false;
        std::size_t limit = 100;
        std::optional<OperationId> after;  // Newest first; goes on behind this one.
    };
    virtual Answer<std::vector<Operation>> operations(OperationFilter filter) = 0;

    // Remembers `reply` under (scope, key), or returns the reply that is there already. Kept at least 24 h.
    virtual Answer<std::optional<IdempotentReply>> remember(std::string scope, std::string key, IdempotentReply reply, Time now) = 0;

    // Appends to the outbox; returns the number. Old events go after `keep` newer ones.
    virtual Answer<std::uint64_t> append(Event event) = 0;
    virtual Answer<std::vector<Event>> events_after(std::uint64_t number, std::size_t limit) = 0;
    // Called on the loop's thread after an append. Ends with the returned handle.
    virtual std::shared_ptr<void> watch_events(std::function<void()> appended) = 0;

    // The snapshot catalogue. put() creates (and gives the next sequence when it is 0) or replaces; returns it as stored.
    virtual Answer<vault::Snapshot> put(vault::Snapshot snapshot, WrittenBy by) = 0;
    virtual Answer<std::vector<vault::Snapshot>> snapshots(ServerUid server) = 0;  // Newest first.
    virtual Answer<Success> remove(ServerUid server, SnapshotId id, WrittenBy by) = 0;

    virtual Answer<Success> put(ApiKey key) = 0;
    virtual Answer<std::vector<ApiKey>> keys() = 0;

    virtual Answer<Success> put(KeptWorld world, WrittenBy by) = 0;
    virtual Answer<std::vector<KeptWorld>> kept_worlds() = 0;
    virtual Answer<Success> remove_kept(ServerUid uid, WrittenBy by) = 0;

    // Small facts by name: the epoch of a schema, when the last vault sample ran.
    virtual Answer<std::optional<std::string>> fact(std::string name) = 0;
    virtual Answer<Success> set_fact(std::string name, std::string value, WrittenBy by) = 0;
};

}  // namespace gk
