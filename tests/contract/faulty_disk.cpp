#include "tests/contract/faulty_disk.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include <sqlite3.h>

#include "base/assert.hpp"

namespace gk::contract {
namespace {

FaultyDisk* the_disk = nullptr;

struct OpenFile {
    sqlite3_file base;  // First: SQLite sees only this.
    std::string* name;
};

const std::string& name_of_file(sqlite3_file* file) { return *reinterpret_cast<OpenFile*>(file)->name; }

int close_file(sqlite3_file* file) {
    delete reinterpret_cast<OpenFile*>(file)->name;
    return SQLITE_OK;
}
int read_file(sqlite3_file* file, void* out, int size, sqlite3_int64 offset) {
    return the_disk->read(name_of_file(file), out, static_cast<std::size_t>(size), static_cast<std::size_t>(offset));
}
int write_file(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    return the_disk->write(name_of_file(file), bytes, static_cast<std::size_t>(size), static_cast<std::size_t>(offset));
}
int truncate_file(sqlite3_file* file, sqlite3_int64 size) { return the_disk->truncate(name_of_file(file), static_cast<std::size_t>(size)); }
int sync_file(sqlite3_file* file, int) { return the_disk->sync(name_of_file(file)); }
int size_of_file(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(the_disk->size(name_of_file(file)));
    return SQLITE_OK;
}
int lock_file(sqlite3_file*, int) { return SQLITE_OK; }
int check_lock(sqlite3_file*, int* locked) {
    *locked = 0;
    return SQLITE_OK;
}
int control_file(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int sector_size(sqlite3_file*) { return 512; }
int characteristics(sqlite3_file*) { return 0; }

const sqlite3_io_methods methods = {.iVersion = 1,
                                    .xClose = close_file,
                                    .xRead = read_file,
                                    .xWrite = write_file,
                                    .xTruncate = truncate_file,
                                    .xSync = sync_file,
                                    .xFileSize = size_of_file,
                                    .xLock = lock_file,
                                    .xUnlock = lock_file,
                                    .xCheckReservedLock = check_lock,
                                    .xFileControl = control_file,
                                    .xSectorSize = sector_size,
                                    .xDeviceCharacteristics = characteristics};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int, int*) {
    auto* opened = reinterpret_cast<OpenFile*>(file);
    opened->base.pMethods = &methods;
    opened->name = new std::string(name != nullptr ? name : "temporary");
    the_disk->create(*opened->name);
    return SQLITE_OK;
}
int delete_file(sqlite3_vfs*, const char* name, int) {
    the_disk->remove(name);
    return SQLITE_OK;
}
int access_file(sqlite3_vfs*, const char* name, int, int* result) {
    *result = the_disk->exists(name) ? 1 : 0;
    return SQLITE_OK;
}

sqlite3_vfs* make_vfs() {
    // Time, randomness and path names come from the system's.
    static sqlite3_vfs vfs = *sqlite3_vfs_find("unix");
    vfs.iVersion = 2;
    vfs.zName = "faulty";
    vfs.szOsFile = sizeof(OpenFile);
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    vfs.xAccess = access_file;
    return &vfs;
}

void apply(std::vector<std::uint8_t>& file, const FaultyDisk::Write& write, std::size_t size) {
    if (file.size() < write.offset + size) file.resize(write.offset + size);
    std::copy_n(write.bytes.begin(), size, file.begin() + static_cast<std::ptrdiff_t>(write.offset));
}

}  // namespace

FaultyDisk* FaultyDisk::current() { return the_disk; }

FaultyDisk::FaultyDisk() {
    ASSERT(the_disk == nullptr, "one faulty disk at a time");
    the_disk = this;
    sqlite3_vfs_register(make_vfs(), 1);
}

FaultyDisk::~FaultyDisk() {
    sqlite3_vfs_unregister(make_vfs());
    the_disk = nullptr;
}

void FaultyDisk::arrange(Fault fault, std::uint64_t nth_operation, std::uint64_t seed) {
    const std::scoped_lock lock(mutex_);
    fault_ = fault;
    at_ = operations_ + nth_operation;
    seed_ = seed;
    happened_ = false;
}

void FaultyDisk::mend() {
    const std::scoped_lock lock(mutex_);
    fault_ = Fault::none;
}

bool FaultyDisk::has_happened() const {
    const std::scoped_lock lock(mutex_);
    return happened_;
}

std::uint64_t FaultyDisk::operations() const {
    const std::scoped_lock lock(mutex_);
    return operations_;
}

void FaultyDisk::restore_what_was_left() {
    const std::scoped_lock lock(mutex_);
    ASSERT(happened_ && fault_ == Fault::power_loss, "the power was lost before");
    files_ = left_;
    fault_ = Fault::none;
}

// The code to fail with, if this operation is to fail.
std::optional<int> FaultyDisk::fault_of(bool is_sync) {
    ++operations_;
    if (fault_ == Fault::none || operations_ < at_) return std::nullopt;
    if (fault_ == Fault::full && !is_sync) return happened_ = true, SQLITE_FULL;
    if (fault_ == Fault::write_fails && !is_sync) return happened_ = true, SQLITE_IOERR_WRITE;
    if (fault_ == Fault::sync_fails && is_sync) return happened_ = true, SQLITE_IOERR_FSYNC;
    if (fault_ == Fault::power_loss && !happened_) {
        happened_ = true;
        left_ = after_power_loss();
    }
    return std::nullopt;
}

// Of each write that was not synced: everything, nothing, or its first sectors.
FaultyDisk::Files FaultyDisk::after_power_loss() const {
    auto left = files_;
    auto dice = seed_;
    for (auto& [name, file] : left) {
        auto content = file.synced;
        for (const auto& write : file.unsynced) {
            dice = dice * 6364136223846793005U + 1442695040888963407U;
            const auto fate = (dice >> 33) % 3;
            const auto torn = write.bytes.size() / 512 / 2 * 512;
            if (fate == 0) apply(content, write, write.bytes.size());
            if (fate == 1) apply(content, write, torn);
        }
        file = {.seen = content, .synced = content, .unsynced = {}};
    }
    return left;
}

int FaultyDisk::write(const std::string& name, const void* bytes, std::size_t size, std::size_t offset) {
    const std::scoped_lock lock(mutex_);
    if (const auto code = fault_of(false)) return *code;
    const auto* first = static_cast<const std::uint8_t*>(bytes);
    Write write{.offset = offset, .bytes = {first, first + size}};
    auto& file = files_[name];
    apply(file.seen, write, size);
    file.unsynced.push_back(std::move(write));
    return SQLITE_OK;
}

int FaultyDisk::truncate(const std::string& name, std::size_t size) {
    const std::scoped_lock lock(mutex_);
    if (const auto code = fault_of(false)) return *code;
    auto& file = files_[name];
    file.seen.resize(size);
    // File systems journal sizes; the truncation itself is kept, and what was written beyond it is gone.
    if (file.synced.size() > size) file.synced.resize(size);
    std::erase_if(file.unsynced, [&](const Write& write) { return write.offset + write.bytes.size() > size; });
    return SQLITE_OK;
}

int FaultyDisk::sync(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    if (const auto code = fault_of(true)) return *code;
    auto& file = files_[name];
    file.synced = file.seen;
    file.unsynced.clear();
    return SQLITE_OK;
}

int FaultyDisk::read(const std::string& name, void* out, std::size_t size, std::size_t offset) const {
    const std::scoped_lock lock(mutex_);
    const auto& seen = files_.at(name).seen;
    const auto available = offset < seen.size() ? std::min(size, seen.size() - offset) : 0;
    if (available > 0) std::memcpy(out, seen.data() + offset, available);
    std::memset(static_cast<std::uint8_t*>(out) + available, 0, size - available);
    return available == size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

std::size_t FaultyDisk::size(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    const auto file = files_.find(name);
    return file == files_.end() ? 0 : file->second.seen.size();
}

bool FaultyDisk::exists(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    return files_.contains(name);
}

void FaultyDisk::create(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    files_.try_emplace(name);
}

void FaultyDisk::remove(const std::string& name) {
    const std::scoped_lock lock(mutex_);
    files_.erase(name);
}

}  // namespace gk::contract
