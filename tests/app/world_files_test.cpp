#include "app/files/world_files.hpp"

#include <functional>

#include "adapters/memory/files.hpp"
#include "base/bytes.hpp"
#include "tests/app/household.hpp"

namespace gk::app {
namespace {

std::vector<std::byte> bytes(std::string_view text) {
    const auto view = as_byte_span(text);
    return {view.begin(), view.end()};
}

// Worlds in memory, and something that happens while a file is written.
class BusyFiles final : public Files {
public:
    explicit BusyFiles(const Clock& clock) : worlds(clock) {}
    Answer<std::vector<FileInfo>> list(ServerUid server, std::string path) override {
        ++lists;
        return worlds.list(server, std::move(path));
    }
    Answer<std::vector<std::byte>> read(ServerUid server, std::string path, std::size_t size_max) override {
        return worlds.read(server, std::move(path), size_max);
    }
    Answer<Success> write(ServerUid server, std::string path, std::vector<std::byte> content) override {
        if (meanwhile) co_await meanwhile();
        co_return co_await worlds.write(server, std::move(path), std::move(content));
    }
    Answer<Success> remove(ServerUid server, std::string path, bool recursive) override { return worlds.remove(server, std::move(path), recursive); }

    memory::MemoryFiles worlds;
    std::function<Task<void>()> meanwhile;
    int lists = 0;
};

class WorldOfFiles : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
        enter(server::Phase::paused);
    }
    // As the keeper leaves it after a save at rest.
    void enter(server::Phase phase) { house.wait(enter_now(phase)); }
    Task<int> enter_now(server::Phase phase) {
        auto record = co_await house.store.find("default", "castle");
        record->phase = phase;
        record->world_complete = phase != server::Phase::stopped;
        record->world_dirty = false;
        EXPECT_TRUE(co_await house.store.replace(*record));
        co_return 0;
    }
    Task<void> look_for_the_mark() { is_marked = (co_await house.store.find("default", "castle"))->world_dirty; }
    Task<void> begin_to_stop() { co_await enter_now(server::Phase::backing_up); }
    Result<Success, Error> write(const std::string& path, const Caller& caller = {.name = "test"}) {
        return house.wait(files.write(caller, {.space = "default", .id = "castle", .path = path}, bytes("gold")));
    }
    Result<std::string, Error> read(const std::string& path) {
        auto content = house.wait(files.read({.name = "test"}, {.space = "default", .id = "castle", .path = path}, 1000));
        if (!content) return std::unexpected(content.error());
        return std::string(as_text(*content));
    }
    Result<std::vector<std::string>, Error> tree(std::size_t most) {
        return house.wait(files.tree({.name = "test"}, {.space = "default", .id = "castle", .path = {}}, most));
    }
    std::string code(const Result<Success, Error>& result) { return result ? "" : result.error().code; }

    apptest::Household house;
    BusyFiles disk{house.clock};
    WorldFiles files{house.servers, house.store, disk};
    bool is_marked = false;
};

TEST_F(WorldOfFiles, WhatIsWrittenIntoAWorldAtRestMarksItAsChangedBefore) {
    disk.meanwhile = [this] { return look_for_the_mark(); };

    EXPECT_EQ(code(write("treasure")), "");

    EXPECT_TRUE(is_marked) << "a stop between the mark and the file saves once too often; the other way round it would save once too little";
    EXPECT_EQ(read("treasure").value(), "gold");
}

TEST_F(WorldOfFiles, NothingIsWrittenWhileAWorldIsSaved) {
    for (const auto phase : {server::Phase::pausing, server::Phase::stopping, server::Phase::backing_up, server::Phase::restoring_files,
                             server::Phase::backup_failed, server::Phase::cleanup, server::Phase::deleting}) {
        enter(phase);
        EXPECT_EQ(code(write("treasure")), "world_in_use") << name_of(phase);
        EXPECT_FALSE(read("treasure")) << name_of(phase);
    }
}

TEST_F(WorldOfFiles, ASaveThatBeganMeanwhileMayNotHaveTheFileAndThatIsSaid) {
    disk.meanwhile = [this] { return begin_to_stop(); };

    EXPECT_EQ(code(write("treasure")), "world_in_use");
}

TEST_F(WorldOfFiles, AStoppedWorldIsInTheVaultAlone) {
    enter(server::Phase::stopped);

    EXPECT_EQ(code(write("treasure")), "no_world");
    EXPECT_EQ(read("treasure").error().code, "no_world");
    EXPECT_EQ(tree(10).error().code, "no_world");
}

TEST_F(WorldOfFiles, FilesOfOthersDoNotExist) {
    EXPECT_EQ(code(write("treasure", {.name = "other", .tenant = "other"})), "not_found");
    EXPECT_EQ(code(write("treasure", {.name = "player", .scope = Scope::player})), "forbidden");
}

TEST_F(WorldOfFiles, PathsThatLeadOutAreRefused) {
    for (const auto* path : {"/etc/passwd", "../other", "a/../../b"}) EXPECT_EQ(code(write(path)), "invalid") << path;
}

TEST_F(WorldOfFiles, AFileThatIsNotThereIsNoServerThatIsNotThere) {
    EXPECT_EQ(read("nothing").error().code, "no_such_file");
    EXPECT_EQ(read("nothing").error().kind, Error::Kind::not_found);
}

TEST_F(WorldOfFiles, ATreeHasWholePathsAndAnEnd) {
    for (const auto* path : {"b", "a/two", "a/one", "a/deep/er"}) ASSERT_EQ(code(write(path)), "") << path;

    EXPECT_EQ(tree(10).value(), (std::vector<std::string>{"a/deep/er", "a/one", "a/two", "b"}));
    disk.lists = 0;
    EXPECT_EQ(tree(1).value().size(), 1U);
    EXPECT_EQ(disk.lists, 1) << "what would not be shown is not looked for";
}

}  // namespace
}  // namespace gk::app
