#include "launcher/rules/permit.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace gk::launcher {
namespace {

using namespace wire::launcher;

const ServerUid server = *ServerUid::parse("0f8fad5b-d9cb-469f-a165-708677289501");

Launch game() {
    Launch order;
    order.server = server;
    order.spec.program = {.argv = {"/game/toy"}, .env = {}, .working_directory = "/data"};
    order.cpu_millis = 100;
    order.memory_mebibytes = 64;
    order.mounts = {{.source = "/usr/games", .target = "/game"}};
    return order;
}

RunConfined backup() {
    RunConfined order;
    order.server = server;
    order.argv = {"restic", "backup"};
    order.host_name = "gamekeeper-vault";
    order.extra_files = {{"facts.json", "{}"}};
    return order;
}

// What is wrong with an order that was right before `spoil`; empty when it still is.
template <class T, class Spoil>
std::string refusal_of(T order, Spoil spoil) {
    Options options;
    options.uid_count = 100;
    spoil(order);
    const auto permitted = permit(options, order);
    return permitted ? std::string() : permitted.error().text;
}

TEST(Permit, LetsWhatIsRightPass) {
    const auto as_it_is = [](auto&) {};

    EXPECT_EQ(refusal_of(CreateDisk{server, Disk::live, 99, 8}, as_it_is), "");
    EXPECT_EQ(refusal_of(OwnDisk{server, Disk::live, 99}, as_it_is), "");
    EXPECT_EQ(refusal_of(game(), as_it_is), "");
    EXPECT_EQ(refusal_of(backup(), as_it_is), "");
    EXPECT_EQ(refusal_of(Kill{server}, as_it_is), "");
}

TEST(Permit, RefusesUidsThatAreNotOurs) {
    const auto beyond = [](auto& order) { order.slot = 100; };

    EXPECT_NE(refusal_of(CreateDisk{server, Disk::live, 0, 8}, beyond), "");
    EXPECT_NE(refusal_of(OwnDisk{server, Disk::live, 0}, beyond), "");
    EXPECT_NE(refusal_of(game(), beyond), "");
}

TEST(Permit, RefusesDisksThatCannotBe) {
    for (const std::uint32_t mebibytes : {0U, 7U, (4U << 20) + 1, ~0U}) {
        EXPECT_NE(refusal_of(CreateDisk{server, Disk::live, 1, 8}, [&](auto& order) { order.mebibytes = mebibytes; }), "") << mebibytes;
    }
}

TEST(Permit, RefusesGamesThatWouldNotRunInsideTheirSandbox) {
    EXPECT_NE(refusal_of(game(), [](auto& order) { order.spec.program.argv.clear(); }), "");
    EXPECT_NE(refusal_of(game(), [](auto& order) { order.spec.program.argv = {"toy"}; }), "");
    EXPECT_NE(refusal_of(game(), [](auto& order) { order.spec.program.working_directory = "data"; }), "");
    EXPECT_NE(refusal_of(game(), [](auto& order) { order.cpu_millis = 0; }), "");
    EXPECT_NE(refusal_of(game(), [](auto& order) { order.memory_mebibytes = 3; }), "");
    EXPECT_NE(refusal_of(game(), [](auto& order) { order.mounts.push_back({.source = "/usr", .target = "/etc/passwd"}); }), "");
}

TEST(Permit, RefusesConfinedProgramsThatAreNotKnownAndNamesThatAreMore) {
    EXPECT_NE(refusal_of(backup(), [](auto& order) { order.argv.clear(); }), "");
    EXPECT_NE(refusal_of(backup(), [](auto& order) { order.argv = {"/usr/bin/restic"}; }), "");
    EXPECT_NE(refusal_of(backup(), [](auto& order) { order.argv = {"bash"}; }), "");
    for (const std::string name : {"../x", "a.b", "A", "a b"})
        EXPECT_NE(refusal_of(backup(), [&](auto& order) { order.host_name = name; }), "") << name;
    EXPECT_NE(refusal_of(backup(), [](auto& order) { order.host_name = std::string(64, 'a'); }), "");
    for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("a\0b", 3)}) {
        EXPECT_NE(refusal_of(backup(), [&](auto& order) { order.extra_files = {{name, "x"}}; }), "") << name;
    }
    EXPECT_NE(refusal_of(backup(), [](auto& order) { order.extra_files["big"] = std::string(1 << 20, 'x'); }), "");
}

// The program has a right of root's: what says which code it loads must come from us.
TEST(ConfinedEnvironment, LeavesOutWhatLeadsTheLoaderElsewhere) {
    auto order = backup();
    order.env = {{"LD_PRELOAD", "/x.so"}, {"LD_LIBRARY_PATH", "/x"}, {"LD_AUDIT", "/x.so"}, {"RESTIC_PACK_SIZE", "16"}};

    EXPECT_EQ(confined_environment(order, "/home"),
              (std::vector<std::string>{"PATH=/usr/bin:/bin", "HOME=/home", "TMPDIR=/home", "RESTIC_PACK_SIZE=16"}));
}

}  // namespace
}  // namespace gk::launcher
