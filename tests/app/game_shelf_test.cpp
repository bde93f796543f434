#include "app/catalog/game_shelf.hpp"

#include <set>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/memory/game_files.hpp"
#include "async/run.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::app {
namespace {

// A jar in two versions, the older one also as a Debian package, whose licence must be accepted.
constexpr std::string_view castle = R"(name: castle
title: Castle
sources:
  - version: "2"
    fetch: {url: "https://castle.example/2/server.jar", sha256: "2222222222222222222222222222222222222222222222222222222222222222"}
    needs: {packages: [openjdk-17-jre-headless], program: /usr/bin/java}
    runs_in: {name: java-17, shim: copied}
  - version: "1"
    debian: {packages: [castle-server], program: /usr/games/castle}
  - version: "1"
    directory: {path: /srv/castle}
  - image: {name: castle}
command: [/usr/bin/java, -jar, "{{paths.game}}/server.jar"]
ports: [{role: game, protocol: tcp}]
settings:
  version: {type: choice, choices: ["2", "1"], default: "2"}
  eula: {type: choice, choices: [accepted], required: true, link: "https://castle.example/licence"}
ready: {log: 'ready'}
stop: [{signal: SIGTERM}]
)";

class GameShelfTest : public testing::Test {
protected:
    void SetUp() override {
        games.put(catalog::decode_game(*wire::parse_yaml(castle)).value());
        record.game = "castle";
        record.id = "keep";
        record.resources = {{500}, {1024}, {5120}};
        record.ports = {{.role = "game", .protocol = Protocol::tcp, .open = Port{30000}, .bound = Port{30000}, .internal = false}};
        record.settings = {{"eula", "accepted"}};
    }
    Result<GameBook::Fetch, Error> fetch() { return async::run_until_done(io, shelf.fetch_files(record)); }

    boost::asio::io_context io{1};
    catalog::Catalog games;
    std::set<std::string> present = {"/usr/bin/java", "/usr/games/castle", "/srv/castle"};
    memory::MemoryGameFiles files;
    GameShelf shelf{games, {}, [this](const std::string& path) { return present.contains(path); }, files};
    server::Record record;
};

TEST_F(GameShelfTest, WhatIsNotHereIsFetchedOnceAndMounted) {
    files.is_slow = true;
    EXPECT_EQ(fetch().value(), GameBook::Fetch::under_way);
    EXPECT_FALSE(shelf.has_files(record));
    files.is_slow = false;
    EXPECT_EQ(fetch().value(), GameBook::Fetch::done);
    EXPECT_TRUE(shelf.has_files(record));

    const auto spec = shelf.launch_spec(record);

    ASSERT_TRUE(spec);
    EXPECT_EQ(spec->argv.back(), "/game/server.jar");
    EXPECT_EQ(spec->mounts, (std::vector<server::ReadOnlyMount>{{"/downloads/" + std::string(64, '2'), "/game"}}));
}

TEST_F(GameShelfTest, OnAClusterWhatIsFetchedRunsInTheImageThatItNames) {
    catalog::RenderContext context;
    context.images = catalog::ImagePlace{.prefix = "registry.example.org/", .tag = "7", .fetched = "/gk/volume/game"};
    const GameShelf cluster(games, context, [](const std::string&) { return false; }, files);

    const auto spec = cluster.launch_spec(record);

    ASSERT_TRUE(spec) << spec.error().message;
    const std::string key(64, '2');
    EXPECT_EQ(spec->image->reference, "registry.example.org/java-17:7");
    EXPECT_FALSE(spec->image->has_shim);
    EXPECT_EQ(spec->argv.back(), "/gk/volume/game/" + key + "/server.jar");
    EXPECT_EQ(spec->mounts.front().source, "/downloads/" + key) << "what is to be brought there";

    record.settings["version"] = "1";
    EXPECT_EQ(cluster.launch_spec(record)->image->reference, "registry.example.org/castle:7");
    EXPECT_TRUE(cluster.launch_spec(record)->mounts.empty());
}

TEST_F(GameShelfTest, AnImageRunsAsRootWhereTheOperatorAllowsIt) {
    auto definition = *games.game("castle");
    definition.sources = {{.from = catalog::ImageSource{.name = "castle", .user = 0, .writable_root = true}, .version = {}, .needs = {}}};
    games.put(definition);
    catalog::RenderContext context;
    context.images = catalog::ImagePlace{.prefix = {}, .tag = "7", .fetched = {}};
    const auto launched = [&] { return GameShelf(games, context, [](const std::string&) { return false; }, files).launch_spec(record); };

    const auto refused = launched();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, catalog::runs_as_root);
    EXPECT_TRUE(catalog::needs_root(definition));

    context.images->may_be_root = true;
    ASSERT_TRUE(launched());
    EXPECT_EQ(launched()->image->user, 0U);
    EXPECT_TRUE(launched()->image->writable_root);

    definition.sources.push_back({.from = catalog::ImageSource{.name = "castle", .user = 1000}, .version = {}, .needs = {}});
    EXPECT_FALSE(catalog::needs_root(definition)) << "one that may run is enough";
}

TEST_F(GameShelfTest, TheSettingChoosesTheVersionAndTheFirstSourceThatIsHereIsTaken) {
    record.settings["version"] = "1";
    EXPECT_TRUE(shelf.has_files(record));
    EXPECT_TRUE(shelf.launch_spec(record)->mounts.empty()) << "the package's";

    present.erase("/usr/games/castle");
    EXPECT_EQ(shelf.launch_spec(record)->mounts.front().source, "/srv/castle");

    present.erase("/srv/castle");
    const auto nothing = shelf.launch_spec(record);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code, "game_not_installed");
    EXPECT_EQ(nothing.error().message, "/usr/games/castle is not installed; run: apt-get install castle-server");
}

TEST_F(GameShelfTest, OurOwnProgramsAreWhereTheyWereInstalledAndInOurImage) {
    constexpr std::string_view own = R"(name: own
title: Own
sources: [{builtin: {}}]
ports: [{role: game, protocol: tcp}]
command: ["{{paths.game}}/gamekeeper", match-server]
ready: {log: 'ready'}
stop: [{signal: SIGTERM}]
)";
    games.put(catalog::decode_game(*wire::parse_yaml(own)).value());
    record.game = "own";
    record.settings.clear();
    catalog::RenderContext here;
    here.programs = "/opt/gamekeeper";
    const GameShelf machine(games, here, [](const std::string& path) { return path == "/opt/gamekeeper/gamekeeper"; }, files);
    here.images = catalog::ImagePlace{.prefix = "registry.example.org/", .tag = "7", .fetched = "/gk/volume/game"};
    const GameShelf cluster(games, here, [](const std::string&) { return false; }, files);

    const auto on_machine = machine.launch_spec(record);
    const auto in_pod = cluster.launch_spec(record);

    ASSERT_TRUE(on_machine) << on_machine.error().message;
    EXPECT_EQ(on_machine->argv.front(), "/game/gamekeeper");
    EXPECT_EQ(on_machine->mounts, (std::vector<server::ReadOnlyMount>{{"/opt/gamekeeper", "/game"}}));
    ASSERT_TRUE(in_pod) << in_pod.error().message;
    EXPECT_EQ(in_pod->argv.front(), "/usr/local/bin/gamekeeper");
    EXPECT_EQ(in_pod->image->reference, "registry.example.org/gamekeeper:7");
    EXPECT_TRUE(in_pod->mounts.empty());
    EXPECT_FALSE(shelf.launch_spec(record)) << "it was moved away";
}

TEST_F(GameShelfTest, ALicenceThatNobodyAcceptedStopsTheStartBeforeAnythingIsFetched) {
    record.settings.clear();

    const auto fetched = fetch();

    ASSERT_FALSE(fetched);
    EXPECT_EQ(fetched.error().fields.front().pointer, "/settings/eula");
    EXPECT_EQ(fetched.error().fields.front().detail, "'eula' must be set to one of: accepted; read https://castle.example/licence first");
    EXPECT_EQ(files.fetches, 0);
}

TEST_F(GameShelfTest, ARuntimeThatIsMissingIsNamedBeforeAnythingIsFetched) {
    present.erase("/usr/bin/java");

    EXPECT_EQ(fetch().error().message, "/usr/bin/java is not installed; run: apt-get install openjdk-17-jre-headless");
    EXPECT_EQ(shelf.missing(*games.game("castle")), fetch().error().message);
    EXPECT_EQ(files.fetches, 0);
}

TEST_F(GameShelfTest, WhyAFetchFailedDecidesWhetherItIsTriedAgain) {
    using Kind = GameFilesError::Kind;
    const std::tuple<Kind, Error::Kind, std::string> cases[] = {
        {Kind::unavailable, Error::Kind::unavailable, "fetch_unavailable"},
        {Kind::different, Error::Kind::unprocessable, "hash_mismatch"},
        {Kind::refused, Error::Kind::unprocessable, "fetch_refused"},
        {Kind::exhausted, Error::Kind::exhausted, "no_room"},
    };
    for (const auto& [kind, means, code] : cases) {
        files.failure = GameFilesError{.kind = kind, .detail = "for a reason"};
        const auto fetched = fetch();
        ASSERT_FALSE(fetched);
        EXPECT_EQ(fetched.error().kind, means);
        EXPECT_EQ(fetched.error().code, code);
        EXPECT_EQ(fetched.error().message, "for a reason");
    }
}

}  // namespace
}  // namespace gk::app
