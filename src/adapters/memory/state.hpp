#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/ports/book.hpp"
#include "domain/server/record.hpp"
#include "ports/ledger.hpp"

namespace gk::memory {

// What an installation remembers, as plain data. The adapters of one run of the control plane share it and keep nothing themselves; it outlives
// them, as a disk outlives a process, so a simulated crash is: destroy the adapters, make new ones over the same state.
struct StoreState {
    std::map<ServerUid, server::Record> servers;

    Epoch epoch{};
    struct StoredOperation {
        Operation operation;
        std::uint64_t order = 0;  // Of the first put().
    };
    std::map<OperationId, StoredOperation> operations;
    std::vector<Operation> ahead;  // Not on the disk yet: stored with the next write, gone with the process.
    struct StoredReply {
        IdempotentReply reply;
        Time at{};
    };
    std::map<std::pair<std::string, std::string>, StoredReply> replies;
    std::deque<Event> events;  // Oldest first.
    std::uint64_t last_event = 0;
    std::map<SnapshotId, vault::Snapshot> snapshots;
    std::map<ServerUid, std::int64_t> last_sequence;
    std::map<KeyId, ApiKey> keys;
    std::map<ServerUid, KeptWorld> kept_worlds;
    std::map<std::string, std::string> facts;

    std::vector<RestingPort> resting_ports;  // Those that are held stand in the records.

    bool is_fenced(WrittenBy by) const;
    void store(Operation operation);
    void store_ahead();  // Before every write; and before a question about operations.
};

}  // namespace gk::memory
