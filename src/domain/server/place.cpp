#include "domain/server/place.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/server/disk.hpp"

namespace gk::server {
namespace {

// What of it concerns somebody: that there is no room for a game is of no interest while none is to run.
std::optional<Problem> obstacle_of(const View& view) {
    const auto& seen = view.facts.seen;
    if (view.alive() && !seen.disk && seen.disk_lost) return seen.disk_lost;
    return view.in_the_dark() || view.wants(Wanted::running) ? seen.obstacle : std::nullopt;
}

// In all others a disk is being made or freed, or there is none.
bool has_a_disk(Phase phase) {
    return phase == Phase::paused || phase == Phase::deploying || phase == Phase::backing_up || phase == Phase::backup_failed ||
           phase == Phase::failed;
}

std::string loss_text(const View& view) {
    const auto& why = view.facts.seen.disk_lost;
    const auto* newest = newest_complete(view.facts.snapshots);
    const auto gone = why ? why->detail : std::string("the world's disk is gone");
    if (newest == nullptr) return gone + "; there is no proven backup that could take its place";
    const auto since = view.record.world_dirty ? "; what was written after it is lost" : "; nothing was written after it";
    return fmt::format("{}; the newest proven backup, of {}, takes its place{}", gone, rfc3339(newest->created_at), since);
}

// Players have time to get to safety. Where nobody plays, nobody waits.
std::optional<Plan> give_notice(const View& view) {
    const auto& facts = view.facts;
    if (facts.notice <= Milliseconds(0) || facts.seen.players == 0) return std::nullopt;
    if (facts.told_at) return view.now < *facts.told_at + facts.notice ? std::optional(wait_until(*facts.told_at + facts.notice)) : std::nullopt;
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(facts.notice).count();
    auto text = fmt::format("This world moves to another machine in {} seconds and is back a little later, as you leave it.", seconds);
    return now_do(TellPlayers{.it_leaves = true, .text = std::move(text)});
}

// Somebody has thought better of it.
std::optional<Plan> stay(const View& view) {
    if (!view.facts.told_at) return std::nullopt;
    return now_do(TellPlayers{.it_leaves = false, .text = "This world stays where it is after all."});
}

}  // namespace

std::optional<Plan> note_place(const View& view) {
    auto obstacle = obstacle_of(view);
    const bool tied = view.facts.seen.disk_tied;
    if (obstacle == view.record.obstacle && tied == view.record.disk_tied) return std::nullopt;
    return now_do(NotePlace{.obstacle = std::move(obstacle), .disk_tied = tied});
}

std::optional<Plan> note_loss(const View& view) {
    if (view.facts.seen.disk || view.alive() || !view.record.world_complete || view.purges() || !has_a_disk(view.record.phase)) return std::nullopt;
    return now_do(NoteLoss{{"disk_lost", loss_text(view)}});
}

std::optional<Plan> leave_node(const View& view) {
    if (!view.leaves()) return stay(view);
    if (auto plan = give_notice(view)) return plan;
    return follow(Event::move_asked, view.facts.seen.leave->code, view.facts.seen.leave->detail);
}

void show_obstacle(Record& record) {
    // What is lost is the greater news, until it has been replaced.
    if (!record.obstacle || record.given_up || record.world_lost) return;
    record.reason = record.obstacle->code;
    record.message = record.obstacle->detail;
}

void note_place(Record& record, const NotePlace& step) {
    const auto before = std::exchange(record.obstacle, step.obstacle);
    record.disk_tied = step.disk_tied;
    if (!before || record.obstacle) return;
    record.not_before.reset();  // What was waited for has come.
    if (record.reason != before->code) return;
    record.reason.clear();
    record.message.clear();
    show_disk(record);
}

void note_loss(Record& record, const NoteLoss& step) {
    record.world_complete = false;
    record.world_dirty = false;
    record.world_lost = true;
    record.reason = step.why.code;
    record.message = step.why.detail;
    record.notice_due = step.why.code;
}

}  // namespace gk::server
