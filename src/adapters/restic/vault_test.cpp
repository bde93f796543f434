#include "adapters/restic/vault.hpp"

#include <algorithm>
#include <filesystem>
#include <random>
#include <ranges>
#include <sys/mount.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/vault/test_vault.hpp"

namespace gk::restic {
namespace {

namespace fs = std::filesystem;
using Kind = VaultError::Kind;

const ServerUid castle = server_of(1);

class ResticVaultTest : public testing::Test {
protected:
    TakenSnapshot take(std::uint8_t n) {
        auto taken = test.run(test.vault.take(order_of(castle, n)));
        EXPECT_TRUE(taken) << (taken ? "" : taken.error().detail);
        return taken.value_or(TakenSnapshot{});
    }
    Result<Success, VaultError> verify(const TakenSnapshot& taken) { return test.run(test.vault.verify(castle, taken.engine_id)); }
    std::size_t runs_of(std::string_view verb) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(test.bench.runs, [&](const auto& argv) { return std::ranges::find(argv, verb) != argv.end(); }));
    }
    fs::path repository() const { return test.repository_of(castle); }
    // All files of the repository whose damage must be found.
    std::vector<fs::path> stored() const {
        std::vector<fs::path> files;
        for (const auto* kind : {"data", "index", "snapshots", "keys"}) {
            for (const auto& name : names_in(repository(), kind)) files.push_back(path_of(repository(), kind, name));
        }
        return files;
    }
    // Another process' view: nothing is remembered.
    ResticVault again() { return ResticVault(test.bench, test.place(), test.options()); }

    TestVault test;
};

// Bytes that do not compress.
std::string noise(std::size_t size) {
    std::mt19937 random(7);
    std::string bytes(size, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    return bytes;
}

void flip(const fs::path& file, std::size_t at) {
    auto content = read_file(file);
    content[at] = static_cast<char>(content[at] ^ 0x10);
    fs::permissions(file, fs::perms::owner_all);
    std::ofstream(file, std::ios::binary) << content;
}

TEST_F(ResticVaultTest, AFirstSnapshotMakesARepositoryThatTheRecoveryKeyOpens) {
    test.write_world(castle, {{"map", "blocks"}, {"players/ann", "health"}});

    const auto taken = take(1);

    EXPECT_EQ(taken.files, 2);
    EXPECT_EQ(taken.bytes, 12);
    EXPECT_EQ(taken.engine_id.size(), 64u);
    EXPECT_EQ(names_in(repository(), "keys").size(), 2u);
    EXPECT_TRUE(verify(taken));

    // A machine that has only the vault and the recovery key reads it, and puts its own key in.
    auto options = test.options();
    options.password = Secret("of the new machine");
    ResticVault elsewhere(test.bench, test.place(), options);
    const auto record = test.run(elsewhere.record_of(castle, taken.engine_id));
    ASSERT_TRUE(record) << record.error().detail;
    EXPECT_EQ(*record, order_of(castle, 1).record);
    EXPECT_EQ(names_in(repository(), "keys").size(), 3u);
}

TEST_F(ResticVaultTest, ARepositoryThatNoKeyOpensIsNotTriedForEver) {
    test.write_world(castle, {{"map", "blocks"}});
    take(1);
    auto options = test.options();
    options.password = Secret("wrong");
    options.recovery_key = Secret("also wrong");
    ResticVault stranger(test.bench, test.place(), options);
    EXPECT_EQ(test.run(stranger.list(castle)).error().kind, Kind::corrupt);
}

TEST_F(ResticVaultTest, ATakeWhoseReplyWasLostIsFoundWithoutAskingRestic) {
    test.write_world(castle, {{"map", "blocks"}});
    const auto first = take(1);
    const auto runs = test.bench.runs.size();

    auto later = again();
    const auto second = test.run(later.take(order_of(castle, 1)));

    ASSERT_TRUE(second);
    EXPECT_EQ(second->engine_id, first.engine_id);
    EXPECT_EQ(second->files, first.files);
    EXPECT_EQ(test.bench.runs.size(), runs);
}

TEST_F(ResticVaultTest, ATakeThatWasCutOffIsMadeAgainAndNotTwice) {
    test.write_world(castle, {{"map", "blocks"}});
    test.bench.lose_next_reply = true;
    ASSERT_FALSE(test.run(test.vault.take(order_of(castle, 1))));
    ASSERT_EQ(names_in(repository(), "snapshots").size(), 1u) << "restic was done, we only do not know";

    auto later = again();
    EXPECT_TRUE(test.run(later.list(castle))->empty()) << "nobody knows whether all of it is there";
    const auto taken = test.run(later.take(order_of(castle, 1)));

    ASSERT_TRUE(taken) << taken.error().detail;
    EXPECT_EQ(names_in(repository(), "snapshots"), Names{taken->engine_id});
}

TEST_F(ResticVaultTest, AWorldThatIsNotThereIsUnreadableAndLeavesNoSnapshot) {
    EXPECT_EQ(test.run(test.vault.take(order_of(castle, 1))).error().kind, Kind::unreadable) << "no disk";

    fs::create_directories(test.bench.world(castle, WorldDisk::live).parent_path());
    EXPECT_EQ(test.run(test.vault.take(order_of(castle, 2))).error().kind, Kind::unreadable) << "a disk without a world";
    EXPECT_TRUE(names_in(repository(), "snapshots").empty());
}

TEST_F(ResticVaultTest, ExcludesAreBelowTheWorldAndNeverTakeAllOfIt) {
    test.write_world(castle, {{"map", "m"}, {"cache/a", "a"}, {"mods/cache/b", "b"}, {"live", "l"}, {"x.tmp", "t"}, {"deep/y.tmp", "t"}});
    auto order = order_of(castle, 1);
    order.excludes = {"/cache", "*.tmp", "mods/cache", "worlds"};
    const auto taken = test.run(test.vault.take(std::move(order)));
    ASSERT_TRUE(taken) << taken.error().detail;

    test.write_world(castle, {}, WorldDisk::staged);
    ASSERT_TRUE(test.run(test.vault.restore_to_stage(castle, taken->engine_id, 7, Epoch{1})));

    EXPECT_EQ(test.read_world(castle, WorldDisk::staged), (std::map<std::string, std::string>{{"map", "m"}, {"live", "l"}}));
    EXPECT_EQ(test.bench.owned_by, std::vector<std::uint32_t>{7});
}

TEST_F(ResticVaultTest, EveryFlippedByteIsFound) {
    test.write_world(castle, {{"map", std::string(3000, 'x')}, {"players", "ann"}});
    const auto taken = take(1);
    const bool all = std::getenv("GK_EVERY_BYTE") != nullptr;
    std::size_t flips = 0;
    for (const auto& file : stored()) {
        const auto good = read_file(file);
        for (std::size_t at = 0; at < good.size(); at += all ? 1 : 1 + good.size() / 40, ++flips) {
            flip(file, at);
            EXPECT_EQ(verify(taken).error().kind, Kind::corrupt) << file << " byte " << at;
            std::ofstream(file, std::ios::binary) << good;
        }
    }
    EXPECT_GT(flips, 150u);
    EXPECT_TRUE(verify(taken));
}

TEST_F(ResticVaultTest, AMissingOrShortFileIsFoundAlsoWhenAnOlderSnapshotBroughtIt) {
    test.write_world(castle, {{"map", noise(100000)}});
    take(1);
    const auto packs = names_in(repository(), "data");
    test.write_world(castle, {{"players", "ann"}});
    const auto second = take(2);
    ASSERT_TRUE(verify(second));
    // The pack with the map; restic tries for half a minute to read one with folders that is gone.
    const auto pack = std::ranges::max(packs | std::views::transform([&](const auto& name) { return path_of(repository(), "data", name); }), {},
                                       [](const fs::path& file) { return fs::file_size(file); });
    const auto good = read_file(pack);

    fs::remove(pack);
    EXPECT_EQ(verify(second).error().kind, Kind::corrupt) << "gone";
    std::ofstream(pack, std::ios::binary) << good.substr(1);
    EXPECT_EQ(verify(second).error().kind, Kind::corrupt) << "short";
    std::ofstream(pack, std::ios::binary) << good;
    EXPECT_TRUE(verify(second));
    EXPECT_EQ(test.run(test.vault.verify(castle, std::string(64, 'a'))).error().kind, Kind::not_found);
}

TEST_F(ResticVaultTest, AfterDamageTheNextSnapshotIsWholeAgain) {
    test.write_world(castle, {{"map", std::string(100000, 'x')}});
    const auto first = take(1);
    for (const auto& name : names_in(repository(), "data")) flip(path_of(repository(), "data", name), 20);
    ASSERT_EQ(verify(first).error().kind, Kind::corrupt);

    const auto second = take(2);

    const auto proven = verify(second);
    EXPECT_TRUE(proven) << proven.error().detail;
    EXPECT_EQ(verify(first).error().kind, Kind::corrupt) << "what is lost stays lost, and we say so";
    fs::create_directories(test.bench.world(castle, WorldDisk::staged));
    ASSERT_TRUE(test.run(test.vault.restore_to_stage(castle, second.engine_id, 0, Epoch{1})));
    EXPECT_EQ(test.read_world(castle, WorldDisk::staged), test.read_world(castle, WorldDisk::live));
}

TEST_F(ResticVaultTest, ALostKeyComesBack) {
    test.write_world(castle, {{"map", "blocks"}});
    const auto first = take(1);
    const auto keys = names_in(repository(), "keys");
    for (const auto& name : keys) {
        flip(path_of(repository(), "keys", name), 30);
        ASSERT_EQ(verify(first).error().kind, Kind::corrupt);

        const auto next = take(static_cast<std::uint8_t>(std::distance(keys.begin(), keys.find(name)) + 2));

        const auto proven = verify(next);
        EXPECT_TRUE(proven) << proven.error().detail;
        EXPECT_EQ(names_in(repository(), "keys").size(), 2u);
    }
}

TEST_F(ResticVaultTest, ASampleReadsEveryPackInTurn) {
    test.write_world(castle, {{"map", std::string(100000, 'x')}});
    take(1);
    flip(path_of(repository(), "data", *names_in(repository(), "data").begin()), 5);

    int found = 0;
    for (std::uint64_t day = 0; day < 20; ++day) found += test.run(test.vault.sample(castle, 5, day)) ? 0 : 1;

    EXPECT_EQ(found, 1);
}

// A prune that was interrupted by `signal` while it held the exclusive lock.
class InterruptedPrune {
public:
    InterruptedPrune(const fs::path& repository, int signal) {
        pid_ = ::fork();
        if (pid_ == 0) {
            ::setenv("RESTIC_PASSWORD", "main", 1);
            ::execlp("restic", "restic", "--no-cache", "-q", "-r", repository.c_str(), "prune", nullptr);
            ::_exit(127);
        }
        while (!holds_lock(repository)) {
        }
        ::kill(pid_, signal);
    }
    ~InterruptedPrune() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

private:
    static bool holds_lock(const fs::path& repository) { return !names_in(repository, "locks").empty(); }
    pid_t pid_ = 0;
};

TEST_F(ResticVaultTest, ADeadLockDoesNotStopABackupNorARestore) {
    test.write_world(castle, {{"map", "blocks"}});
    const auto first = take(1);
    {
        const InterruptedPrune prune(repository(), SIGKILL);
    }
    ASSERT_FALSE(names_in(repository(), "locks").empty());

    EXPECT_TRUE(verify(first));
    EXPECT_NE(take(2).engine_id, "");
    EXPECT_EQ(runs_of("unlock"), 1u);
}

TEST_F(ResticVaultTest, ALockIsRespectedUntilItsOwnerCannotBeAlive) {
    test.write_world(castle, {{"map", "blocks"}});
    take(1);
    // Given a process that exists, which is all that restic looks at.
    const InterruptedPrune prune(repository(), SIGSTOP);
    const auto lock = repository() / "locks" / *names_in(repository(), "locks").begin();
    EXPECT_EQ(test.run(test.vault.take(order_of(castle, 2))).error().kind, Kind::unavailable);
    EXPECT_TRUE(fs::exists(lock));

    fs::last_write_time(lock, fs::last_write_time(lock) - std::chrono::minutes(10));

    EXPECT_NE(take(2).engine_id, "");
}

TEST_F(ResticVaultTest, ForgettingKeepsWhatOthersNeed) {
    test.write_world(castle, {{"map", std::string(50000, 'x')}});
    const auto first = take(1);
    test.write_world(castle, {{"map", std::string(50000, 'y')}, {"new", "n"}});
    const auto second = take(2);

    ASSERT_TRUE(test.run(test.vault.forget(castle, {first.engine_id}, Epoch{1})));
    ASSERT_TRUE(test.run(test.vault.forget(castle, {first.engine_id}, Epoch{1}))) << "again is no error";

    const auto left = test.run(test.vault.list(castle));
    ASSERT_TRUE(left);
    ASSERT_EQ(left->size(), 1u);
    EXPECT_EQ(left->front().engine_id, second.engine_id);
    EXPECT_TRUE(verify(second));
}

TEST_F(ResticVaultTest, OrdersForOneServerWaitForEachOther) {
    test.write_world(castle, {{"map", "blocks"}});
    int done = 0;
    for (std::uint8_t n = 1; n <= 3; ++n) {
        boost::asio::co_spawn(test.io, test.vault.take(order_of(castle, n)), [&](std::exception_ptr, const Result<TakenSnapshot, VaultError>& taken) {
            EXPECT_TRUE(taken);
            ++done;
        });
    }
    test.io.run();
    EXPECT_EQ(done, 3);
    EXPECT_EQ(names_in(repository(), "snapshots").size(), 3u);
}

TEST_F(ResticVaultTest, AVaultThatCannotBeReadIsAwayAndNothingIsConcluded) {
    if (::geteuid() == 0) GTEST_SKIP() << "nothing is unreadable for root; tests/e2e has this with an unprivileged control plane";
    test.write_world(castle, {{"map", "blocks"}});
    const auto taken = take(1);
    fs::permissions(test.root / "vault", fs::perms::none);

    EXPECT_EQ(verify(taken).error().kind, Kind::unavailable);
    EXPECT_EQ(test.run(test.vault.take(order_of(castle, 2))).error().kind, Kind::unavailable);
    EXPECT_EQ(test.run(test.vault.list(castle)).error().kind, Kind::unavailable);
    EXPECT_EQ(test.run(test.vault.repositories()).error().kind, Kind::unavailable);
    EXPECT_EQ(test.run(test.vault.probe()).error().kind, Kind::unavailable);

    fs::permissions(test.root / "vault", fs::perms::owner_all);
    EXPECT_TRUE(verify(taken));
}

TEST_F(ResticVaultTest, AFullDiskIsToldFromDamageAndHealsWithRoom) {
    // Given a vault of 3 MiB, for which one has to be root.
    const auto place = test.root / "small";
    fs::create_directories(place);
    if (::mount("tmpfs", place.c_str(), "tmpfs", 0, "size=3m") != 0) GTEST_SKIP() << "mounting needs root";
    fs::copy(test.root / "vault", place / "vault", fs::copy_options::recursive);
    {
        ResticVault small(test.bench, TestVault::place_in(place / "vault"), test.options());
        test.write_world(castle, {{"map", noise(8'000'000)}});
        const auto failed = test.run(small.take(order_of(castle, 1)));
        EXPECT_EQ(failed.error().kind, Kind::unavailable) << failed.error().detail;
        EXPECT_NE(failed.error().detail.find("full"), std::string::npos) << failed.error().detail;

        test.write_world(castle, {{"map", noise(10'000)}});
        const auto taken = test.run(small.take(order_of(castle, 1)));
        EXPECT_TRUE(taken) << taken.error().detail;
        EXPECT_TRUE(taken && test.run(small.verify(castle, taken->engine_id)));
        const auto narrow = TestVault::place_in(place / "vault", std::int64_t{1} << 30);
        EXPECT_EQ(test.run(narrow->probe()).error().kind, Kind::unavailable);
    }
    ::umount2(place.c_str(), MNT_DETACH);
}

TEST_F(ResticVaultTest, RepositoriesAreListedAndRemovedWhole) {
    test.write_world(castle, {{"map", "blocks"}});
    take(1);
    EXPECT_EQ(*test.run(test.vault.repositories()), std::vector{castle});

    ASSERT_TRUE(test.run(test.vault.remove_repository(castle, Epoch{1})));

    EXPECT_TRUE(test.run(test.vault.repositories())->empty());
    EXPECT_TRUE(test.run(test.vault.list(castle))->empty());
    EXPECT_TRUE(test.run(test.vault.remove_repository(castle, Epoch{1}))) << "again is no error";
    EXPECT_TRUE(fs::is_empty(test.root / "vault")) << "neither journal nor leftovers";
}

}  // namespace
}  // namespace gk::restic
