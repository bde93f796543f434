#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "ports/vault.hpp"

namespace gk::restic {

// What we have begun and finished in one repository, and under which epoch, kept as a small text file in it. It answers without a call to restic
// (half a second of CPU) whether a snapshot whose reply was lost is there, and whether all of it is. Losing the file costs a second snapshot, and
// that one keeper is late in noticing that it was replaced.
class Journal {
public:
    // Lines that make no sense are passed over: they come from a newer version.
    static Journal parse(std::string_view text);
    std::string text() const;

    enum class Known : std::uint8_t { never, begun, finished };
    Known known(SnapshotId id) const;
    // Of a finished one.
    std::optional<TakenSnapshot> taken(SnapshotId id) const;

    void begin(SnapshotId id);
    void finish(SnapshotId id, TakenSnapshot taken);

    // The restic key that our password opens, so that restic need not try the recovery key first.
    const std::string& key() const { return key_; }
    void set_key(std::string key) { key_ = std::move(key); }

    // The highest under which something was changed here; 0 when none is known.
    Epoch epoch() const { return epoch_; }
    void set_epoch(Epoch epoch) { epoch_ = epoch; }

private:
    struct Entry {
        SnapshotId id;
        std::optional<TakenSnapshot> taken;
    };
    std::deque<Entry> entries_;  // Oldest first, the last `entries_max`.
    std::string key_;
    Epoch epoch_{};
};

}  // namespace gk::restic
