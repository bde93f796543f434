#include "domain/catalog/render.hpp"

#include <gtest/gtest.h>

namespace gk::catalog {
namespace {

Template text(std::string_view it) { return Template::parse(it).value_or(Template()); }

Game toy() {
    Game game;
    game.name = "toy";
    game.title = "Toy";
    game.command = {
        {"", {text("{{paths.game}}/toy")}}, {"", {text("--name={{settings.name}}")}}, {"fire", {text("--fire"), text("{{settings.fire}}")}}};
    game.env = {{"HEAP", text("{{memory.heap_mib}}m")}, {"PASSWORD", text("{{secrets.rcon}}")}, {"HOME", text("/elsewhere")}};
    game.ports = {{.role = "game", .udp = true}, {.role = "rcon", .tcp = true, .internal = true}};
    game.secrets = {"rcon"};
    game.settings = {{.name = "name", .initial = "x"}, {.name = "fire", .type = SettingType::boolean, .initial = false}, {.name = "seed"}};
    game.memory = {.heap_percent = 50, .overhead = {200}};
    game.files = {
        {.path = "a.txt", .content = text("port {{ports.game}}\n"), .keys = {{{"name "}, text("name {{settings.name}}")}}},
        {.path = "b.ini", .format = FileFormat::ini, .keys = {{{"s", "seed"}, text("{{settings.seed}}")}, {{"s", "n"}, Template::literal(5)}}}};
    game.console = {.kind = server::Console::Kind::rcon, .role = "rcon", .secret = "rcon"};
    return game;
}

server::Record castle() {
    server::Record record;
    record.id = "castle";
    record.slot = 7;
    record.resources = {{500}, {1024}, {5120}};
    record.ports = {{.role = "game", .protocol = Protocol::udp, .open = Port(40001), .bound = Port(30001)},
                    {.role = "rcon", .protocol = Protocol::tcp, .open = Port(0), .bound = Port(30002), .internal = true}};
    record.secrets = {{"rcon", Secret("hunter2")}};
    return record;
}

std::map<std::string, std::string> files(const Game& game, const server::Record& record, const std::map<std::string, std::string>& present = {}) {
    const auto rendered = render_files(game, record, {}, present);
    std::map<std::string, std::string> out;
    if (!rendered) {
        ADD_FAILURE() << rendered.error().front().detail;
        return out;
    }
    for (const auto& file : *rendered) out[file.path] = file.content;
    return out;
}

TEST(RenderLaunch, FillsInWhatTheServerHas) {
    const RenderContext context{.bind_address = "127.0.0.1", .game_files = "/var/cache/toy"};

    const auto spec = render_launch(toy(), castle(), context);

    ASSERT_TRUE(spec) << spec.error().front().detail;
    EXPECT_EQ(spec->argv, (std::vector<std::string>{"/game/toy", "--name=x"}));
    EXPECT_EQ(spec->env.at("HEAP"), "412m");  // Half of 1024 - 200.
    EXPECT_EQ(spec->env.at("PASSWORD"), "hunter2");
    EXPECT_EQ(spec->env.at("HOME"), "/elsewhere");
    EXPECT_EQ(spec->name, "default/castle");
    EXPECT_EQ(spec->slot, 7u);
    EXPECT_EQ(spec->working_directory, "/data");
    EXPECT_EQ(spec->mounts, (std::vector<server::ReadOnlyMount>{{"/var/cache/toy", "/game"}}));
    EXPECT_EQ(spec->bind_address, "127.0.0.1");
    EXPECT_EQ(spec->console_password.reveal(), "hunter2");
}

TEST(RenderLaunch, BehindAnEdgeTheGameBindsTheLoopbackOrAnAddressOfItsOwn) {
    auto record = castle();
    record.behind_edge = true;
    EXPECT_EQ(bind_address(record, {}), "127.0.0.1");
    record.own_network = true;
    EXPECT_EQ(bind_address(record, {}), "127.71.0.7") << "by its slot";
}

TEST(RenderLaunch, LimitsForEachAddressAreLiftedWhereAllHaveOne) {
    auto game = toy();
    game.settings.push_back({.name = "friends", .type = SettingType::integer, .initial = 4, .max = 64});
    game.command = {{"", {text("--per-address={{per_address.friends}}")}}};
    auto record = castle();
    const auto limit = [&] { return render_launch(game, record, {})->argv.front(); };
    EXPECT_EQ(limit(), "--per-address=4");
    record.behind_edge = true;
    EXPECT_EQ(limit(), "--per-address=64") << "the game sees the edge's address alone";
    record.own_network = true;
    EXPECT_EQ(limit(), "--per-address=4");
}

TEST(RenderLaunch, AnArgumentIsThereWhenItsSettingSaysSomething) {
    auto game = toy();
    game.settings.push_back({.name = "slots", .type = SettingType::integer});
    game.command = {{"slots", {text("-s")}}, {"name", {text("-n")}}, {"fire", {text("-f")}}};
    struct Case {
        std::map<std::string, Value> settings;
        std::vector<std::string> argv;
    };
    const Case cases[] = {
        {{{"name", ""}}, {}},
        {{{"name", "x"}, {"slots", 0}, {"fire", false}}, {"-n"}},
        {{{"name", ""}, {"slots", -1}, {"fire", true}}, {"-s", "-f"}},
    };
    for (const auto& [settings, argv] : cases) {
        auto record = castle();
        record.settings = settings;
        const auto spec = render_launch(game, record, {});
        ASSERT_TRUE(spec);
        EXPECT_EQ(spec->argv, argv);
    }
}

TEST(RenderLaunch, AWrapperStandsBeforeTheGamesCommand) {
    auto game = toy();
    game.launch.wrapper = {text("/usr/bin/nice"), text("-n"), text("{{settings.name}}")};
    auto record = castle();
    record.launch = server::LaunchWay::wrapper;

    const auto spec = render_launch(game, record, {});

    ASSERT_TRUE(spec) << spec.error().front().detail;
    EXPECT_EQ(spec->argv, (std::vector<std::string>{"/usr/bin/nice", "-n", "x", "/game/toy", "--name=x"}));
    EXPECT_TRUE(spec->init.empty());
}

TEST(RenderLaunch, InitContainersRunOnAClusterBeforeTheGame) {
    auto game = toy();
    game.launch.init = {{.name = "settings", .image = {}, .argv = {text("/bin/prepare"), text("{{ports.game}}")}},
                        {.name = "mods", .image = "mods", .argv = {text("/bin/mods")}}};
    auto record = castle();
    record.launch = server::LaunchWay::init;
    RenderContext context;
    EXPECT_EQ(render_launch(game, record, context).error().front().pointer, "/launch") << "one machine has no containers before a game";
    context.images = {.prefix = "registry.example.org/", .tag = "2"};

    const auto spec = render_launch(game, record, context);

    ASSERT_TRUE(spec) << spec.error().front().detail;
    EXPECT_EQ(spec->init, (std::vector<server::InitContainer>{{"settings", "", {"/bin/prepare", "30001"}},
                                                              {"mods", "registry.example.org/mods:2", {"/bin/mods"}}}));
    EXPECT_EQ(spec->argv.front(), "/game/toy");
}

TEST(RenderLaunch, RefusesAWayThatTheDefinitionDoesNotDescribe) {
    for (const auto way : {server::LaunchWay::wrapper, server::LaunchWay::init}) {
        const auto error = validate_launch(toy(), way, true);
        ASSERT_TRUE(error) << name_of(way);
        EXPECT_EQ(error->pointer, "/launch");
        EXPECT_NE(error->detail.find("to its definition"), std::string::npos) << error->detail;
    }
    EXPECT_FALSE(validate_launch(toy(), server::LaunchWay::shim, false));
}

TEST(RenderLaunch, NeverSplitsAnArgument) {
    auto record = castle();
    record.settings = {{"name", "a b' \"c\" $(reboot); --op"}, {"fire", true}};

    const auto spec = render_launch(toy(), record, {});

    ASSERT_TRUE(spec);
    EXPECT_EQ(spec->argv, (std::vector<std::string>{"/game/toy", "--name=a b' \"c\" $(reboot); --op", "--fire", "true"}));
}

TEST(RenderLaunch, SaysEverythingThatIsMissing) {
    auto record = castle();
    record.settings = {{"name", 5}};
    record.resources.memory = {100};
    record.ports.pop_back();
    record.secrets.clear();

    const auto spec = render_launch(toy(), record, {});

    ASSERT_FALSE(spec);
    std::vector<std::string> pointers;
    for (const auto& error : spec.error()) pointers.push_back(error.pointer);
    EXPECT_EQ(pointers, (std::vector<std::string>{"/settings/name", "/resources/memory_mib", "/ports/rcon", "/secrets/rcon"}));
    EXPECT_EQ(spec.error()[1].detail, "Toy needs at least 201 MiB of memory, this server has 100; choose a larger package");
}

TEST(RenderFiles, WritesDefaultsOnlyWhereNothingIs) {
    EXPECT_EQ(files(toy(), castle()), (std::map<std::string, std::string>{{"a.txt", "port 30001\nname x\n"}, {"b.ini", "[s]\nn=5\n"}}));

    // The owner removed our line about the port and added one of his own: both stay so.
    EXPECT_EQ(files(toy(), castle(), {{"a.txt", "mine 1\n"}, {"b.ini", "[s]\nn = 5\n"}}),
              (std::map<std::string, std::string>{{"a.txt", "mine 1\nname x\n"}}));
}

TEST(RenderFiles, LeavesAKeyAloneWhoseSettingHasNoValue) {
    const std::map<std::string, std::string> present = {{"a.txt", "name x\n"}, {"b.ini", "[s]\nseed = 12\nn = 5\n"}};
    EXPECT_TRUE(files(toy(), castle(), present).empty());

    auto record = castle();
    record.settings = {{"seed", "34"}};
    EXPECT_EQ(files(toy(), record, present), (std::map<std::string, std::string>{{"b.ini", "[s]\nseed = 34\nn = 5\n"}}));
}

TEST(RenderFiles, SaysWhichFileCannotBeEdited) {
    auto game = toy();
    game.files = {{.path = "c.json", .format = FileFormat::json, .keys = {{{"a"}, Template::literal(1)}}}};

    const auto rendered = render_files(game, castle(), {}, {{"c.json", "{\n\"b\" 1}"}});

    ASSERT_FALSE(rendered);
    EXPECT_EQ(rendered.error().front().pointer, "/files/0");
    EXPECT_EQ(rendered.error().front().detail, "c.json, line 2: a ':' is missing behind this name");
}

TEST(PortWishes, GroupPortsThatAreRelativeToOneAnother) {
    Game game;
    game.ports = {{.role = "web", .tcp = true},
                  {.role = "game", .udp = true},
                  {.role = "query", .udp = true, .relative_to = "game", .offset = 1},
                  {.role = "voice", .tcp = true, .udp = true, .relative_to = "game", .offset = 2},
                  {.role = "rcon", .tcp = true, .internal = true}};

    const auto wishes = port_wishes(game);

    const std::vector<PortWish> expected = {{.role = "web", .tcp = true},
                                            {.role = "game", .udp = true, .group = 1},
                                            {.role = "query", .udp = true, .group = 1, .offset = 1},
                                            {.role = "voice", .tcp = true, .udp = true, .group = 1, .offset = 2},
                                            {.role = "rcon", .tcp = true, .internal = true}};
    EXPECT_EQ(wishes, expected);
}

}  // namespace
}  // namespace gk::catalog
