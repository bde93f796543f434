#include <algorithm>
#include <cstdio>
#include <memory>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/deaths.hpp"
#include "tests/sim/world.hpp"

// One server's life from create to the end of its kept world, without any other fault, and with a death of the control plane in each of its waits.
namespace gk::sim {
namespace {

using namespace std::chrono_literals;
using server::Verb;

const app::Caller owner{.name = "owner"};

struct Ask {
    enum class What : std::uint8_t { create, verb };
    What what = What::verb;
    app::CreateOrder create;
    app::VerbOrder verb;
    app::Idempotency once;
    std::optional<Result<app::Accepted, app::Error>> answer;
};

Task<void> carry(app::Servers& servers, std::shared_ptr<Ask> ask) {
    const std::string space = "default", id = "castle";
    if (ask->what == Ask::What::create) ask->answer = co_await servers.create(owner, ask->create, ask->once);
    else ask->answer = co_await servers.ask(owner, space, id, ask->verb, ask->once);
}

// Who asks: repeats under the same key what a death left unanswered, as a program with sense does, and then waits for the operation.
class Script {
public:
    explicit Script(std::set<std::uint64_t> deaths) {
        ground().faults = Faults();
        ground().quiet = true;
        ground().deaths = std::move(deaths);
    }
    // What went wrong; empty when everything came about.
    std::string run();
    Ground& ground() { return world_.ground(); }
    std::string last_steps() const { return world_.last_steps(); }

private:
    void play();
    void create();
    void ask(Verb verb, std::optional<SnapshotId> snapshot = {});
    std::optional<SnapshotId> newest_snapshot();
    Operation carry_out(const Ask& order);
    app::Accepted accepted(const Ask& order, std::string key);
    Operation ended(OperationId id);
    void expect(bool holds, const std::string& what) {
        if (!holds && wrong_.empty()) wrong_ = what;
    }
    ServerUid uid() { return ground().state->servers.begin()->first; }

    World world_{1};
    std::uint64_t keys_ = 0;
    std::string wrong_;
};

app::Accepted Script::accepted(const Ask& order, std::string key) {
    for (int tries = 0; tries < 20 && world_.breach().empty(); ++tries) {
        auto asked = std::make_shared<Ask>(order);
        asked->once = {.key = key, .digest = key};
        const auto life = world_.lives_made();
        world_.life().spawn(carry(world_.life().servers(), asked));
        for (int i = 0; i < 100 && !asked->answer && life == world_.lives_made(); ++i) world_.run_for(100ms);
        if (asked->answer && *asked->answer) return **asked->answer;
        if (asked->answer) expect(asked->answer->error().kind == app::Error::Kind::unavailable, "refused: " + asked->answer->error().message);
    }
    expect(false, "never accepted");
    return {};
}

Operation Script::ended(OperationId id) {
    for (int i = 0; i < 600 && world_.breach().empty(); ++i) {
        const auto at = ground().state->operations.find(id);
        if (at != ground().state->operations.end() && at->second.operation.is_finished()) return at->second.operation;
        world_.run_for(1s);
    }
    expect(false, "an operation did not end within ten minutes");
    return {};
}

Operation Script::carry_out(const Ask& order) {
    for (int tries = 0; tries < 3 && wrong_.empty() && world_.breach().empty(); ++tries) {
        const auto operation = ended(accepted(order, fmt::format("key {}", ++keys_)).operation.id);
        // A death between operation and record: said so, and to be asked again.
        if (operation.error && operation.error->code == "interrupted") continue;
        const auto why = operation.error ? operation.error->detail : std::string();
        expect(operation.status == Operation::Status::succeeded, fmt::format("{} failed: {}", name_of(operation.verb), why));
        return operation;
    }
    return {};
}

void Script::create() {
    Ask order;
    order.what = Ask::What::create;
    order.create.id = "castle";
    order.create.game = "toy";
    order.create.start = true;
    std::ignore = carry_out(order);
}

void Script::ask(Verb verb, std::optional<SnapshotId> snapshot) {
    if (!wrong_.empty() || !world_.breach().empty()) return;
    Ask order;
    order.verb.verb = verb;
    order.verb.snapshot = snapshot;
    std::ignore = carry_out(order);
}

// Of a running server that was played in since: nothing prunes this one.
std::optional<SnapshotId> Script::newest_snapshot() {
    for (const auto& it : ground().snapshots(uid())) {
        if (it.status == vault::SnapshotStatus::complete) return it.id;
    }
    return std::nullopt;
}

void Script::play() {
    if (!wrong_.empty() || ground().state->servers.empty()) return;
    const auto before = ground().truths[uid()].world;
    ground().play(uid());
    expect(ground().truths[uid()].world != before, "nobody could play in a server that is up");
}

std::string Script::run() {
    create();
    play();
    ask(Verb::backup);
    play();
    ask(Verb::pause);
    ask(Verb::start);
    play();
    ask(Verb::restart);
    play();
    if (wrong_.empty()) ask(Verb::restore, newest_snapshot());
    ask(Verb::restore_undo);
    play();
    ask(Verb::stop);
    ask(Verb::start);
    play();
    // The rest is only waited for when a death is still to come.
    if (!ground().deaths.empty()) world_.run_for(4min);  // The first snapshots are pruned.
    ask(Verb::remove);
    if (!ground().deaths.empty()) {
        world_.run_for(12min);
        expect(ground().state->kept_worlds.empty() && ground().state->snapshots.empty(), "the kept world is still there");
    }
    const auto unrest = world_.settle_down(2min);
    if (!world_.breach().empty()) return world_.breach();
    return wrong_.empty() ? unrest : wrong_;
}

// What a control plane asks for that looks at everything and finds nothing to do.
const std::set<std::string> looks = {"store.list", "ledger.operations",  "runtime.list", "store.get", "ledger.snapshots",
                                     "ports.list", "ledger.kept_worlds", "ledger.fact",  "observe",   "vault.sample"};

TEST(CrashAtEveryAwait, IsSurvivedOnceAndAgainWhileRecovering) {
    Script whole({~0ULL});
    ASSERT_EQ(whole.run(), "") << whole.last_steps();
    const auto waits = waits_of_work(whole.ground().waits, looks);
    print_counts(whole.ground().waits, waits);

    const auto all = deaths_to_try(waits, 6);
    std::uint64_t failed = 0;
    for (std::size_t i = 0; i < all.size() && failed < 5; ++i) {
        const auto at = *all[i].begin();
        Script script(all[i]);
        const auto wrong = script.run();
        EXPECT_EQ(wrong, "") << fmt::format("{} ({})\n", replay_of(all[i]), whole.ground().waits[at - 1]) << script.last_steps();
        if (!wrong.empty()) ++failed;
        if (i % 500 == 0) fmt::print("{} of {} runs, wait {}\n", i, all.size(), at);
        std::fflush(stdout);
    }
    fmt::print("{} runs, {} failed\n", all.size(), failed);
}

// Every call with an effect that this life of a server makes is in the table above; one that is missing is not tried.
TEST(CrashAtEveryAwait, CoversEveryEffect) {
    Script whole({~0ULL});
    ASSERT_EQ(whole.run(), "");

    for (const auto* name : {"store.create",
                             "store.replace",
                             "store.remove",
                             "ledger.next_epoch",
                             "ledger.put_operation",
                             "ledger.remember",
                             "ledger.append",
                             "ledger.put_snapshot",
                             "ledger.put_kept",
                             "ledger.remove_snapshot",
                             "ledger.remove_kept",
                             "ledger.set_fact",
                             "ports.reserve",
                             "ports.release",
                             "fence",
                             "create_disk",
                             "free_disk",
                             "stage_disk",
                             "commit_staged",
                             "launch",
                             "stop",
                             "clean",
                             "forget",
                             "quiesce",
                             "resume",
                             "vault.take",
                             "vault.verify",
                             "vault.restore",
                             "vault.forget",
                             "vault.remove_repository",
                             "files.write"}) {
        EXPECT_TRUE(std::ranges::find(whole.ground().waits, name) != whole.ground().waits.end()) << name;
    }
}

}  // namespace
}  // namespace gk::sim
