#include "app/vault/restore_help.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "tests/vault/test_vault.hpp"

namespace gk::app {
namespace {

namespace fs = std::filesystem;

// The commands of the text, as a person would copy them.
std::vector<std::string> commands_in(const std::string& text) {
    std::vector<std::string> commands;
    for (const auto line : split(text, '\n')) {
        if (line.starts_with("  restic ")) commands.emplace_back(trimmed(line));
    }
    return commands;
}

// The exit code of the command, run in a shell within the folder; its output lands in the file `output` there, and no cache of restic's
// in anybody's home.
int run_in(const fs::path& folder, const std::string& command) {
    const auto line = "export RESTIC_CACHE_DIR=/nonexistent; cd \"" + folder.string() + "\" && " + command + " >output 2>output.errors";
    return std::system(line.c_str());
}

TEST(RestoreHelp, ItsCommandsRestoreTheWorldWithPlainRestic) {
    // Given a backup of a world, and a state directory with the key.
    restic::TestVault test;
    const auto castle = restic::server_of(1);
    test.write_world(castle, {{"map", "blocks"}, {"players/ann", "health"}});
    const auto taken = test.run(test.vault.take(restic::order_of(castle, 1)));
    ASSERT_TRUE(taken) << taken.error().detail;
    const auto person = test.root / "a person's home";
    fs::create_directories(person);
    std::ofstream(person / "vault.key") << test.options().password.reveal() << '\n';
    vault::Snapshot snapshot;
    snapshot.status = vault::SnapshotStatus::complete;
    snapshot.engine_id = taken->engine_id;

    const auto text = restore_help({.name = "default/castle", .repository = test.repository_of(castle), .password_file = person / "vault.key"},
                                   std::vector{snapshot});
    const auto commands = commands_in(text);

    ASSERT_EQ(commands.size(), 3u) << text;
    for (const auto& command : commands) EXPECT_EQ(run_in(person, command), 0) << command << '\n' << restic::read_file(person / "output.errors");
    EXPECT_EQ(restic::TestVault::read_tree(person / "restored" / "data"), test.read_world(castle, WorldDisk::live));
    EXPECT_EQ(restic::read_file(person / "output"), to_json(restic::order_of(castle, 1).record)) << "the last command shows the record";

    // And the recovery key opens the same repository.
    const auto with_recovery_key = "RESTIC_PASSWORD='" + restic::TestVault::recovery_key().reveal() + "' restic --no-cache --repo '" +
                                   test.repository_of(castle).string() + "' restore latest --target again --include /data";
    EXPECT_EQ(run_in(person, with_recovery_key), 0) << restic::read_file(person / "output");
    EXPECT_EQ(restic::TestVault::read_tree(person / "again" / "data"), test.read_world(castle, WorldDisk::live));
}

TEST(RestoreHelp, ShowsOnlyWhatCanBeTrusted) {
    vault::Snapshot failed;
    failed.status = vault::SnapshotStatus::failed;
    failed.engine_id = "0123456789";
    const auto text = restore_help({.name = "default/castle", .repository = "/v", .password_file = "/k"}, std::vector{failed});
    EXPECT_EQ(text.find("01234567"), std::string::npos);
    EXPECT_TRUE(commands_in(text).empty());
}

}  // namespace
}  // namespace gk::app
