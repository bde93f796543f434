#include <filesystem>
#include <memory>
#include <optional>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <gtest/gtest.h>

#include "adapters/restic/engine.hpp"
#include "adapters/restic/folder_place.hpp"
#include "adapters/restic/vault.hpp"
#include "domain/vault/recovery_key.hpp"
#include "tests/host/rig.hpp"

// The restic vault through the hosts that people run: the launcher's confinement (as root) and plain processes.
namespace gk::host_test {
namespace {

using Disk = Host::Disk;

std::unique_ptr<Rig> make_rig(std::string_view kind) {
    if (kind == "launcher") return std::make_unique<LauncherRig>();
    return std::make_unique<PlainRig>();
}

// The control plane is not root. While one of these lives, this process has the rights that the launcher gives to its client.
class AsControlPlane {
public:
    explicit AsControlPlane(const Rig& rig) : launcher_(dynamic_cast<const LauncherRig*>(&rig)) {
        if (launcher_ == nullptr) return;
        EXPECT_EQ(::setegid(launcher_->options.client_gid), 0);
        EXPECT_EQ(::seteuid(launcher_->options.client_uid), 0);
    }
    ~AsControlPlane() {
        if (launcher_ == nullptr) return;
        EXPECT_EQ(::seteuid(0), 0);
        EXPECT_EQ(::setegid(0), 0);
    }
    AsControlPlane(const AsControlPlane&) = delete;
    AsControlPlane& operator=(const AsControlPlane&) = delete;

private:
    const LauncherRig* launcher_;
};

class VaultThroughHost : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        if (has_launcher() && !is_root()) GTEST_SKIP() << "the launcher needs root";
        rig = make_rig(GetParam());
        auto place = std::make_unique<restic::FolderPlace>(restic::FolderOptions{.folder = rig->state + "/vault", .free_min_bytes = 0});
        restic::ResticOptions options{.password = Secret("main"), .recovery_key = vault::recovery_key_text({})};
        vault = std::make_unique<restic::ResticVault>(rig->workbench(), std::move(place), std::move(options));
    }
    void TearDown() override { vault.reset(); }

    template <class T>
    T ask(Task<T> task) {
        const AsControlPlane rights(*rig);
        return rig->run(std::move(task));
    }
    static bool has_launcher() { return std::string_view(GetParam()) == "launcher"; }
    DiskSpec spec(std::uint32_t slot) const { return {.size = {32}, .slot = slot}; }
    SnapshotOrder order() const {
        SnapshotOrder order;
        order.server = castle;
        order.id = SnapshotId(castle.bits());
        order.record = Value::object({{"server", Value::object({{"id", "castle"}})}});
        return order;
    }

    const ServerUid castle = server(7);
    std::unique_ptr<Rig> rig;
    std::unique_ptr<restic::ResticVault> vault;
};

// While it lives, what our children leave behind becomes ours instead of PID 1's. That one may be seconds late, and to restic whoever is not buried
// lives.
class Undertaker {
public:
    Undertaker() { EXPECT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); }
    ~Undertaker() {
        while (waitpid(-1, nullptr, 0) > 0) continue;
        prctl(PR_SET_CHILD_SUBREAPER, 0);
    }
    Undertaker(const Undertaker&) = delete;
    Undertaker& operator=(const Undertaker&) = delete;
};

// A program that was killed while it held its lock, as a crash of everything leaves it.
class DeadLock {
public:
    DeadLock(Rig& rig, bool has_launcher, ServerUid castle, std::string machine) : locks_(rig.state + "/vault/" + castle.text() + "/locks") {
        Workbench::Job doomed;
        doomed.server = castle;
        doomed.needs_world = false;
        doomed.folder = rig.state + "/vault/" + castle.text();
        doomed.may_write_folder = true;
        doomed.host_name = std::move(machine);
        doomed.secrets["RESTIC_PASSWORD"] = Secret("main");
        // restic waits for its input with the lock in its hand, until its time is over and it is killed.
        doomed.argv = {"sh", "-c", "sleep 60 | restic --no-cache --repo '" + doomed.folder + "' backup --stdin --quiet"};
        doomed.time_limit = std::chrono::seconds(3);
        std::optional<Undertaker> undertaker;
        if (!has_launcher) undertaker.emplace();  // Which buries what it runs.
        EXPECT_FALSE(rig.run(rig.workbench().run(std::move(doomed))));
        undertaker.reset();
        EXPECT_TRUE(is_there());
    }
    bool is_there() const { return !std::filesystem::is_empty(locks_); }

private:
    std::string locks_;
};

TEST_P(VaultThroughHost, WhatACrashLeavesLockedIsWorkedOnAgainAtOnce) {
    ASSERT_TRUE(rig->run(rig->host().create_disk(castle, Disk::live, spec(7))));
    write_text(rig->world(castle) + "/map", "blocks");
    ASSERT_TRUE(ask(vault->take(order())));
    const auto first = ask(vault->list(castle)).value().front().engine_id;
    const DeadLock lock(*rig, has_launcher(), castle, restic::lock_name(Secret("main")));

    const auto forgotten = ask(vault->forget(castle, {first}, Epoch{1}));

    EXPECT_TRUE(forgotten) << forgotten.error().detail;
    EXPECT_FALSE(lock.is_there());
}

TEST_P(VaultThroughHost, WhatAnotherMachineHasLockedIsNotTakenForOurs) {
    if (!has_launcher()) GTEST_SKIP() << "a program that is not confined bears the machine's own name";
    ASSERT_TRUE(rig->run(rig->host().create_disk(castle, Disk::live, spec(7))));
    write_text(rig->world(castle) + "/map", "blocks");
    ASSERT_TRUE(ask(vault->take(order())));
    const auto first = ask(vault->list(castle)).value().front().engine_id;
    const DeadLock lock(*rig, has_launcher(), castle, restic::lock_name(Secret("of an older machine")));

    const auto forgotten = ask(vault->forget(castle, {first}, Epoch{1}));

    ASSERT_FALSE(forgotten);
    EXPECT_EQ(forgotten.error().kind, VaultError::Kind::unavailable) << "from here nobody sees whether that one lives";
    EXPECT_TRUE(lock.is_there());
}

TEST_P(VaultThroughHost, AWorldThatOnlyItsGameMayReadIsSavedProvenAndRestored) {
    ASSERT_TRUE(rig->run(rig->host().create_disk(castle, Disk::live, spec(7))));
    const auto secret = rig->world(castle) + "/secret";
    write_text(secret, "treasure");
    if (is_root()) {
        ASSERT_EQ(::chown(secret.c_str(), uid_base + 7, uid_base + 7), 0);
    }
    ::chmod(secret.c_str(), 0600);

    const auto taken = ask(vault->take(order()));
    ASSERT_TRUE(taken) << taken.error().detail;
    EXPECT_EQ(taken->files, 1);
    EXPECT_EQ(taken->bytes, 8);
    const auto proven = ask(vault->verify(castle, taken->engine_id));
    EXPECT_TRUE(proven) << proven.error().detail;

    ASSERT_TRUE(rig->run(rig->host().create_disk(castle, Disk::staged, spec(7))));
    const auto restored = ask(vault->restore_to_stage(castle, taken->engine_id, 7, Epoch{1}));
    ASSERT_TRUE(restored) << restored.error().detail;
    const auto copy = rig->world(castle, Disk::staged) + "/secret";
    EXPECT_EQ(read_text(copy), "treasure");
    struct stat info{};
    ASSERT_EQ(::stat(copy.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0600u);
    struct stat live{};
    ASSERT_EQ(::stat(secret.c_str(), &live), 0);
    EXPECT_EQ(info.st_uid, live.st_uid);

    ASSERT_TRUE(ask(vault->record_of(castle, taken->engine_id)));
    EXPECT_EQ(ask(vault->list(castle))->size(), 1u);
    EXPECT_TRUE(ask(vault->forget(castle, {taken->engine_id}, Epoch{1})));
}

TEST_P(VaultThroughHost, WithoutAWorldThereIsNothingToSaveOrRestoreInto) {
    EXPECT_EQ(ask(vault->take(order())).error().kind, VaultError::Kind::unreadable);
}

INSTANTIATE_TEST_SUITE_P(Hosts, VaultThroughHost, testing::Values("launcher", "plain"), [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gk::host_test
