#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "domain/server/record.hpp"
#include "ports/task.hpp"

namespace gk {

struct StoreError {
    // conflict: somebody else changed it, or the name is taken: read again. unavailable: nothing is known of the effect, read again later;
    // also when the disk is full. corrupt: a person must look. fenced: nothing was changed, because a newer keeper is at work; stop for good.
    enum class Kind : std::uint8_t { conflict, not_found, unavailable, corrupt, fenced };
    Kind kind;
    std::string detail;
};

// Keeps the records of servers, one object at a time. When a call returns success, the change is on disk.
class ServerStore {
public:
    virtual ~ServerStore() = default;
    // `conflict` when (space, id), the uid, the slot or one of its ports is taken. Returns the first version.
    virtual Task<Result<server::Version, StoreError>> create(server::Record record) = 0;
    // Writes `record` if the stored version is still `record.version`; otherwise changes nothing and reports `conflict`. Returns the next version,
    // which may be the same when nothing in the record differs.
    virtual Task<Result<server::Version, StoreError>> replace(server::Record record) = 0;
    virtual Task<Result<Success, StoreError>> remove(ServerUid uid, server::Version seen) = 0;
    virtual Task<Result<server::Record, StoreError>> get(ServerUid uid) = 0;
    virtual Task<Result<server::Record, StoreError>> find(std::string space, std::string id) = 0;
    // All of them, ordered by space and id.
    virtual Task<Result<std::vector<server::Record>, StoreError>> list() = 0;

    // Calls `changed` on the loop's thread after any change, by whomever; it only wakes, the receiver reads again. Ends when the returned
    // handle is destroyed.
    using Changed = std::function<void(ServerUid)>;
    virtual std::shared_ptr<void> watch(Changed changed) = 0;
};

}  // namespace gk
