#include "app/keeper/keeper.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/keeper/failures.hpp"
#include "async/deadline.hpp"
#include "async/this_executor.hpp"
#include "base/log.hpp"

namespace gk::app {
namespace {

// A plan that asks for one step after another without ever resting is a defect; it must not burn a processor.
constexpr std::uint32_t rounds_max = 200;

}  // namespace

struct Keeper::Work {
    Work(const KeeperPorts& ports, const KeeperLimits& limits, Epoch epoch)
        : hands(ports, limits, epoch),
          journal(ports, epoch),
          round(ports, limits, hands, journal),
          orphans(ports, limits, epoch) {}
    Hands hands;
    Journal journal;
    Round round;
    Orphans orphans;
};

Keeper::Keeper(KeeperPorts ports, KeeperLimits limits) : ports_(ports), limits_(limits) {}
Keeper::~Keeper() = default;

Task<std::string> Keeper::run() {
    const auto epoch = co_await take_over();
    if (!epoch) co_return epoch.error().detail;
    tenure_.begin(*epoch);
    log::info("keeper", "keeper took over", {{"epoch", *epoch}});
    began_ = ports_.clock.now();
    work_ = std::make_unique<Work>(ports_, limits_, *epoch);
    const auto records = ports_.store.watch([this](ServerUid uid) { wake(uid); });
    const auto runtime = ports_.runtime.watch([this](ServerUid uid) { wake(uid); });
    const auto executor = co_await async::this_executor;
    async::TaskGroup workers(executor);
    auto body = work(workers);
    co_await async::run_with(workers, std::move(body));
    log::warning("keeper", "keeper stopped", {{"why", *stopped_}});
    co_return *stopped_;
}

// Stores and runtime may still be starting: asked until they answer.
Task<Result<Epoch, Halt>> Keeper::take_over() {
    for (std::uint32_t tries = 1;; ++tries) {
        const auto epoch = co_await ports_.ledger.next_epoch();
        if (epoch) {
            const auto fenced = co_await ports_.runtime.fence(*epoch);
            if (fenced) co_return *epoch;
            if (fenced.error().kind == RuntimeError::Kind::refused) co_return std::unexpected(Halt{Halt::Kind::fenced, fenced.error().detail});
        }
        co_await ports_.clock.sleep(server::back_off(tries, limits_.server));
    }
}

Task<void> Keeper::work(async::TaskGroup& workers) {
    while (!stopped_) {
        if (ports_.clock.now() >= next_sweep_) co_await sweep();
        start_due(workers);
        if (!stopped_) co_await wait_for_work();
    }
}

void Keeper::start_due(async::TaskGroup& workers) {
    const auto now = ports_.clock.now();
    std::vector<ServerUid> starting;
    for (auto& [uid, entry] : entries_) {
        if (entry.wake_at && *entry.wake_at <= now) entry.due = true;
        if (!entry.due || entry.busy || busy_ >= limits_.workers_max) continue;
        entry.due = false;
        entry.busy = true;
        entry.wake_at.reset();
        ++busy_;
        starting.push_back(uid);
    }
    // A worker that never has to wait is done, and its entry perhaps gone, when spawn() returns.
    for (const auto uid : starting) workers.spawn("keeper " + uid.text(), tend(uid));
}

// One server, until it rests.
Task<void> Keeper::tend(ServerUid uid) {
    RoundEnd end;
    for (std::uint32_t rounds = 0; rounds < rounds_max && !stopped_; ++rounds) {
        end = co_await work_->round.run(uid);
        if (end.kind != RoundEnd::Kind::again) break;
    }
    settle(uid, end);
    note_first_look(uid);
    changed_.raise();
}

// After a start the world may have changed meanwhile: from here on everything is as it is wanted, or worked on.
void Keeper::note_first_look(ServerUid uid) {
    if (unseen_.erase(uid) == 0 || !unseen_.empty()) return;
    const auto took = std::chrono::duration_cast<Milliseconds>(ports_.clock.now() - began_);
    log::info("keeper", "every server was looked at", {{"ms", took.count()}});
}

void Keeper::settle(ServerUid uid, const RoundEnd& end) {
    --busy_;
    auto& entry = entries_[uid];
    entry.busy = false;
    const auto now = ports_.clock.now();
    switch (end.kind) {
    case RoundEnd::Kind::gone: entries_.erase(uid); return;
    case RoundEnd::Kind::fenced: stop(end.detail); return;
    case RoundEnd::Kind::idle:
        entry.troubles = 0;
        entry.wake_at = end.wake_at;
        return;
    case RoundEnd::Kind::again: log::error("keeper", "server does not come to rest", {{"server", uid}}); [[fallthrough]];
    case RoundEnd::Kind::trouble:
        entry.wake_at = now + server::back_off(++entry.troubles, limits_.server);
        entry.due = false;
        log::warning("keeper", "work on a server is held up", {{"server", uid}, {"detail", end.detail}});
        return;
    }
}

// Every server is looked at now and then, whatever was or was not heard.
Task<void> Keeper::sweep() {
    const bool is_first = next_sweep_ == Time{};
    next_sweep_ = ports_.clock.now() + limits_.server.keeper_interval;
    auto records = co_await ports_.store.list();
    if (!records) {
        log::warning("keeper", "list of servers is not available", {{"detail", records.error().detail}});
        co_return;
    }
    for (const auto& record : *records) {
        if (is_first) unseen_.insert(record.uid);
        auto& entry = entries_[record.uid];
        // One that is held up keeps its back-off.
        if (entry.troubles == 0) entry.due = true;
    }
    const auto swept = co_await work_->orphans.sweep(std::move(*records));
    if (swept) co_return;
    if (swept.error().kind == Halt::Kind::fenced) stop(swept.error().detail);
    else log::warning("keeper", "search for orphans is held up", {{"detail", swept.error().detail}});
}

void Keeper::stop(std::string why) {
    if (!stopped_) stopped_ = why.empty() ? "a newer keeper is at work" : std::move(why);
}

Time Keeper::next_deadline() const {
    auto next = next_sweep_;
    for (const auto& [uid, entry] : entries_) {
        if (!entry.busy && entry.wake_at) next = std::min(next, *entry.wake_at);
    }
    return next;
}

Task<void> Keeper::wait_for_work() {
    auto signal = changed_.wait();
    co_await async::finishes_by(ports_.clock, next_deadline(), std::move(signal));
}

void Keeper::wake(ServerUid uid) {
    entries_[uid].due = true;
    if (work_) work_->round.heard(uid);
    changed_.raise();
}

Task<Result<server::Plan, Halt>> Keeper::look(server::Record record) {
    if (!work_) co_return std::unexpected(Halt{.kind = Halt::Kind::trouble, .detail = "the keeper has not started yet"});
    co_return co_await work_->round.look(std::move(record));
}

}  // namespace gk::app
