#include <algorithm>

#include <gtest/gtest.h>

#include "domain/catalog/catalog.hpp"
#include "domain/catalog/render.hpp"
#include "tests/games/read_file.hpp"

namespace gk::catalog {
namespace {

const std::string root = GK_SOURCE_DIR;

Game read_game(const std::string& path) {
    auto game = decode_game(games_test::read_document(path));
    if (!game) {
        for (const auto& error : game.error()) ADD_FAILURE() << error_line(path, error);
        return {};
    }
    return std::move(*game);
}

server::Record record_of(const Game& game) {
    server::Record record;
    record.id = "castle";
    record.resources = {{500}, {1024}, {5120}};
    int number = 30000;
    for (const auto& wish : port_wishes(game)) {
        record.ports.push_back({.role = wish.role,
                                .protocol = wish.udp ? Protocol::udp : Protocol::tcp,
                                .open = Port(number),
                                .bound = Port(number),
                                .internal = wish.internal});
        ++number;
    }
    // What must be said, such as that a licence is accepted.
    for (const auto& setting : game.settings) {
        if (setting.required) record.settings[setting.name] = setting.choices.front();
    }
    for (const auto& name : game.secrets) record.secrets[name] = Secret("hidden-" + name);
    return record;
}

std::map<std::string, std::string> first_files(const Game& game, const server::Record& record) {
    const auto files = render_files(game, record, {}, {});
    std::map<std::string, std::string> out;
    if (!files) {
        for (const auto& error : files.error()) ADD_FAILURE() << error_line(game.name, error);
        return out;
    }
    for (const auto& file : *files) out[file.path] = file.content;
    return out;
}

// Players of each are understood while its server sleeps.
TEST(WakeOfShippedGames, IsByTheirOwnProtocols) {
    const std::map<std::string, WakeProtocol> expected = {{"minetest", WakeProtocol::minetest},        {"teeworlds", WakeProtocol::teeworlds},
                                                          {"minecraft-java", WakeProtocol::minecraft}, {"openarena", WakeProtocol::quake3},
                                                          {"bzflag", WakeProtocol::generic},           {"match-server", WakeProtocol::generic}};
    for (const auto& [name, protocol] : expected) {
        const auto game = read_game(root + "/games/" + name + ".yaml");
        EXPECT_EQ(game.wake.protocol, protocol) << name;
        EXPECT_NE(game.port(game.wake.role), nullptr) << name;
    }
}

// What players use and what the game binds are two numbers then, and nobody reaches the game past the edge.
TEST(BehindTheEdge, AGameBindsTheLoopbackAndItsOwnNumber) {
    const auto game = read_game(root + "/games/minetest.yaml");
    auto record = record_of(game);
    record.behind_edge = true;
    record.ports.front().bound = Port{28000};
    const auto spec = render_launch(game, record, {});
    ASSERT_TRUE(spec);
    EXPECT_EQ(spec->bind_address, "127.0.0.1");
    EXPECT_NE(std::ranges::find(spec->argv, "28000"), spec->argv.end());
    const auto config = first_files(game, record).at("minetest.conf");
    EXPECT_NE(config.find("bind_address=127.0.0.1"), std::string::npos) << config;
}

class ShippedGame : public testing::TestWithParam<std::string> {};

TEST_P(ShippedGame, IsRendered) {
    const auto game = read_game(GetParam());
    const auto record = record_of(game);

    const auto spec = render_launch(game, record, {});

    ASSERT_TRUE(spec) << error_line(GetParam(), spec.error().front());
    EXPECT_TRUE(spec->argv.front().starts_with('/'));
    for (const auto& argument : spec->argv) EXPECT_EQ(argument.find("hidden-"), std::string::npos) << "a secret is in the command line";
}

TEST_P(ShippedGame, IsRenderedTwiceWithoutAnyChange) {
    const auto game = read_game(GetParam());
    const auto record = record_of(game);
    const auto files = first_files(game, record);

    const auto again = render_files(game, record, {}, files);

    ASSERT_TRUE(again);
    EXPECT_TRUE(again->empty()) << again->front().content;
}

INSTANTIATE_TEST_SUITE_P(Games, ShippedGame,
                         testing::Values(root + "/games/bzflag.yaml", root + "/games/match-server.yaml", root + "/games/minecraft-java.yaml",
                                         root + "/games/minetest.yaml", root + "/games/openarena.yaml", root + "/games/teeworlds.yaml",
                                         root + "/tests/games/toy.yaml", root + "/docs/formats/freeciv.yaml"),
                         [](const auto& param) {
                             const auto slash = param.param.rfind('/') + 1;
                             auto name = param.param.substr(slash, param.param.rfind('.') - slash);
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

// What people see in a form or a list: a title says what it is, a description what it does.
TEST(Settings, AreExplained) {
    for (const auto* path :
         {"/games/bzflag.yaml", "/games/match-server.yaml", "/games/minetest.yaml", "/games/openarena.yaml", "/games/teeworlds.yaml"}) {
        for (const auto& setting : read_game(root + path).settings) {
            EXPECT_FALSE(setting.title.empty()) << path << ": " << setting.name;
            EXPECT_FALSE(setting.description.empty()) << path << ": " << setting.name;
        }
    }
}

TEST(Minetest, IsStartedInItsWorld) {
    const auto game = read_game(root + "/games/minetest.yaml");
    auto record = record_of(game);
    record.settings = {{"motd", "Welcome = all; # of you"}, {"max_users", 3}};

    const auto spec = render_launch(game, record, {});
    const auto files = first_files(game, record);

    ASSERT_TRUE(spec);
    const std::vector<std::string> argv = {
        "/usr/games/minetestserver", "--world", "world", "--config", "minetest.conf", "--port", "30000", "--logfile", "", "--color", "never"};
    EXPECT_EQ(spec->argv, argv);
    EXPECT_EQ(spec->working_directory, "/data");
    EXPECT_EQ(spec->stop.front().signal, 2);
    const auto& conf = files.at("minetest.conf");
    EXPECT_NE(conf.find("\nmotd=Welcome = all; # of you\n"), std::string::npos) << conf;
    EXPECT_NE(conf.find("\nmax_users=3\n"), std::string::npos) << conf;
    EXPECT_NE(conf.find("\nserver_announce=false\n"), std::string::npos) << conf;
    EXPECT_TRUE(files.at("world/world.mt").starts_with("gameid = minetest_game\n"));
    EXPECT_EQ(player_limit(game, record.settings), 3);
}

TEST(Minetest, RefusesAMessageThatWouldSwallowTheRestOfTheFile) {
    const auto game = read_game(root + "/games/minetest.yaml");

    for (const auto* motd : {"\"\"\"", "{", "a\nserver_announce = true"}) {
        const auto errors = validate_settings(game, {{"motd", motd}});
        ASSERT_EQ(errors.size(), 1u) << motd;
        EXPECT_EQ(errors.front().pointer, "/settings/motd");
    }
}

TEST(MinecraftJava, IsNotStartedBeforeItsLicenceIsAccepted) {
    const auto game = read_game(root + "/games/minecraft-java.yaml");

    const auto errors = validate_settings(game, {});

    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors.front().pointer, "/settings/eula");
    EXPECT_NE(errors.front().detail.find("https://"), std::string::npos) << errors.front().detail;
}

TEST(MinecraftJava, GivesFourFifthsOfItsMemoryToTheHeapAndHasItsFilesBeforeTheFirstStart) {
    const auto game = read_game(root + "/games/minecraft-java.yaml");
    auto record = record_of(game);
    record.resources.memory = {4096};

    const auto spec = render_launch(game, record, {});
    const auto files = first_files(game, record);

    ASSERT_TRUE(spec);
    EXPECT_NE(std::ranges::find(spec->argv, "-Xmx3276M"), spec->argv.end());
    for (const auto* path : {"server.properties", "ops.json", "whitelist.json", "banned-players.json", "banned-ips.json"}) {
        EXPECT_TRUE(files.contains(path)) << path;
    }
    EXPECT_EQ(files.at("eula.txt"), "eula=true\n");
    EXPECT_NE(files.at("server.properties").find("\nserver-port=30000\n"), std::string::npos);
    EXPECT_NE(files.at("server.properties").find("\nenable-rcon=false\n"), std::string::npos);
}

TEST(Teeworlds, KeepsItsConsoleAndPasswordsInside) {
    const auto game = read_game(root + "/games/teeworlds.yaml");
    auto record = record_of(game);
    record.settings = {{"name", "a; sv_register 1"}};

    const auto spec = render_launch(game, record, {});
    const auto files = first_files(game, record);

    ASSERT_TRUE(spec);
    EXPECT_EQ(spec->argv, (std::vector<std::string>{"/usr/games/teeworlds-server", "-f", "server.cfg"}));
    EXPECT_EQ(spec->console.kind, server::Console::Kind::econ);
    EXPECT_EQ(spec->console_password.reveal(), "hidden-econ");
    const auto& config = files.at("server.cfg");
    for (const auto* line : {"\nsv_name \"a; sv_register 1\"\n", "\nsv_register 0\n", "\nsv_port 30000\n", "\nec_port 30001\n",
                             "\nec_bindaddr \"127.0.0.1\"\n", "\nec_password \"hidden-econ\"\n", "\nbindaddr \"0.0.0.0\"\n", "\nsv_vote_kick 1\n"}) {
        EXPECT_NE(config.find(line), std::string::npos) << line << " is missing in\n" << config;
    }
}

TEST(Packages, AreShipped) {
    const auto packages = decode_packages(games_test::read_document(root + "/games/packages/default.yaml"));

    ASSERT_TRUE(packages) << error_line("default.yaml", packages.error().front());
    ASSERT_EQ(packages->size(), 3u);
    EXPECT_EQ(packages->at(0).name, "small");
    EXPECT_EQ(packages->at(0).resources, (server::Resources{{500}, {1024}, {5120}}));
    EXPECT_EQ(packages->at(1).resources, (server::Resources{{2000}, {6144}, {20480}}));
    EXPECT_EQ(packages->at(2).resources, (server::Resources{{4000}, {12288}, {40960}}));
}

}  // namespace
}  // namespace gk::catalog
