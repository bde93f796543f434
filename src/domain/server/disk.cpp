#include "domain/server/disk.hpp"

#include <algorithm>
#include <utility>

namespace gk::server {
namespace {

bool shows_disk(const Record& record) {
    return record.reason == disk_problem(DiskLevel::low).code || record.reason == disk_problem(DiskLevel::full).code;
}

}  // namespace

DiskLevel disk_level(DiskLevel before, const Usage& usage, MebiBytes given) {
    const auto size = usage.disk_size.value_or(given).count;
    const auto used = usage.disk.count;
    if (size <= 0) return DiskLevel::fine;
    if (used >= size) return DiskLevel::full;
    const auto low_from = before == DiskLevel::fine ? disk_low_percent : disk_fine_percent;
    return used * 100 >= size * low_from ? DiskLevel::low : DiskLevel::fine;
}

Problem disk_problem(DiskLevel level) {
    switch (level) {
    case DiskLevel::fine: return {};
    case DiskLevel::low:
        return {"disk_low",
                "the world's disk is more than 85 % full; when it is full the server is paused. Remove what is not needed, or make the server "
                "anew with a larger package: delete it, which keeps the world, and create it again with the world adopted"};
    case DiskLevel::full:
        return {"disk_full",
                "the world's disk is full and the server is paused, because the game cannot save any more. Restore an older snapshot, or make the "
                "server anew with a larger package: delete it, which keeps the world, and create it again with the world adopted"};
    }
    std::unreachable();
}

void show_disk(Record& record) {
    if (!record.reason.empty() && !shows_disk(record)) return;
    auto [code, detail] = disk_problem(record.disk_level);
    record.reason = std::move(code);
    record.message = std::move(detail);
}

void note_disk(Record& record, DiskLevel level) {
    const bool worse = level > record.disk_level;
    record.disk_level = level;
    show_disk(record);
    if (worse && shows_disk(record) && record.notice_due.empty()) record.notice_due = record.reason;
}

bool must_pause_for_disk(const Record& record) {
    return record.disk_level == DiskLevel::full && record.phase == Phase::running && record.wanted == Wanted::running;
}

}  // namespace gk::server
