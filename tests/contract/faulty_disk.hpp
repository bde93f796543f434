#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

struct sqlite3_file;

namespace gk::contract {

// A disk in memory below SQLite, in place of the system's while it lives, that does what real disks do at the worst moment: it is full, it
// fails, or it loses power and with that everything that was not synced, in part or torn in the middle. One at a time in a process.
class FaultyDisk {
public:
    // What is on it: every file as the programs see it, and the writes since its last sync.
    struct Write {
        std::size_t offset = 0;
        std::vector<std::uint8_t> bytes;
    };
    struct File {
        std::vector<std::uint8_t> seen;
        std::vector<std::uint8_t> synced;
        std::vector<Write> unsynced;
    };
    using Files = std::map<std::string, File>;
    enum class Fault : std::uint8_t { none, full, write_fails, sync_fails, power_loss };

    FaultyDisk();
    ~FaultyDisk();
    FaultyDisk(const FaultyDisk&) = delete;
    FaultyDisk& operator=(const FaultyDisk&) = delete;

    // The fault happens at the n-th operation (write, truncation or sync) from now on; `full` lasts until mend(). At a power loss nothing seems
    // to happen; what would be left is kept for restore_what_was_left(). The seed decides what survives of the writes that were not synced.
    void arrange(Fault fault, std::uint64_t nth_operation, std::uint64_t seed = 0);
    void mend();
    bool has_happened() const;
    std::uint64_t operations() const;
    void restore_what_was_left();

    Files& files() { return files_; }

    // For the functions that SQLite calls.
    int write(const std::string& name, const void* bytes, std::size_t size, std::size_t offset);
    int truncate(const std::string& name, std::size_t size);
    int sync(const std::string& name);
    int read(const std::string& name, void* out, std::size_t size, std::size_t offset) const;
    std::size_t size(const std::string& name) const;
    bool exists(const std::string& name) const;
    void create(const std::string& name);
    void remove(const std::string& name);
    static FaultyDisk* current();

private:
    std::optional<int> fault_of(bool is_sync);
    Files after_power_loss() const;

    mutable std::mutex mutex_;
    Files files_;
    Files left_;
    Fault fault_ = Fault::none;
    std::uint64_t at_ = 0;
    std::uint64_t seed_ = 0;
    std::uint64_t operations_ = 0;
    bool happened_ = false;
};

}  // namespace gk::contract
