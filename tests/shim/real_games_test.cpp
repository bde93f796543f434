#include <netinet/in.h>

#include <gtest/gtest.h>

#include "tests/shim/shim_run.hpp"

namespace gk::shim_test {
namespace {

using wire::shim::Phase;

// Free just now. Another program could take it before the game does; then the test fails and says so by the game's log.
Port free_port(int type) {
    const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size), 0);
    ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(fd);
    return Port{ntohs(address.sin_port)};
}

std::string text(Port port) { return std::to_string(std::to_underlying(port)); }

bool is_installed(const char* path) { return ::access(path, X_OK) == 0; }

TEST(ShimRealGames, MinetestIsReadyWhenItAnswersAPlayersClient) {
    if (!is_installed("/usr/games/minetestserver")) GTEST_SKIP() << "minetest-server is not installed";
    ShimRun run;
    const auto port = free_port(SOCK_DGRAM);
    fs::create_directory(run.world / "w");
    std::ofstream(run.world / "w" / "world.mt") << "gameid = devtest\nbackend = sqlite3\n";
    std::ofstream(run.world / "c.conf") << "bind_address = 127.0.0.1\nserver_announce = false\n";
    run.spec.program.argv = {"/usr/games/minetestserver",
                             "--gameid",
                             "devtest",
                             "--world",
                             (run.world / "w").string(),
                             "--config",
                             (run.world / "c.conf").string(),
                             "--port",
                             text(port),
                             "--logfile",
                             ""};
    run.spec.ready = {.log_pattern = "listening on", .target = {wire::shim::Query::minetest, "127.0.0.1", port}};
    run.spec.players = {.target = {}, .join_pattern = "([^ ]+) \\[[^]]*\\] joins game", .leave_pattern = "([^ ]+) leaves game"};
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);
    const auto ready = client.until([](const auto& s) { return s.phase != Phase::starting; });
    EXPECT_EQ(ready.phase, Phase::ready);
    EXPECT_EQ(ready.online, 0);
    client.send(Op::stop);

    EXPECT_EQ(client.until(Phase::exited).exit->code, 0);
}

TEST(ShimRealGames, TeeworldsIsAskedForItsPlayersAndStoppedByItsConsole) {
    if (!is_installed("/usr/games/teeworlds-server")) GTEST_SKIP() << "teeworlds-server is not installed";
    ShimRun run;
    const auto port = free_port(SOCK_DGRAM), econ = free_port(SOCK_STREAM);
    std::ofstream(run.world / "server.cfg") << "bindaddr 127.0.0.1\nsv_register 0\nsv_max_clients 12\nec_bindaddr 127.0.0.1\nec_password pw1\n"
                                            << "sv_port " << text(port) << "\nec_port " << text(econ) << "\n";
    run.spec.program.argv = {"/usr/games/teeworlds-server", "-f", "server.cfg"};
    run.spec.ready = {.log_pattern = "server name is", .target = {wire::shim::Query::teeworlds, "127.0.0.1", port}};
    run.spec.players.target = run.spec.ready.target;
    run.spec.console = {.kind = wire::shim::Console::Kind::econ, .target = {wire::shim::Query::none, "127.0.0.1", econ}, .password = "pw1"};
    run.spec.stop = {{.kind = wire::shim::Rung::Kind::command, .command = "shutdown", .signal = 0, .wait = Milliseconds(10'000)}};
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);
    const auto ready = client.until([](const auto& s) { return s.online.has_value(); });
    EXPECT_EQ(ready.phase, Phase::ready);
    EXPECT_EQ(ready.online, 0);
    EXPECT_EQ(ready.players_max, 12);
    EXPECT_EQ(client.ask(Op::command, "say hi").text, "[chat]: *** hi");
    client.send(Op::stop);
    const auto exit = client.until(Phase::exited).exit;

    EXPECT_EQ(exit->cause, wire::shim::Cause::asked);
    EXPECT_EQ(exit->code, 0) << "the console's shutdown is a clean end, a signal is not";
}

TEST(ShimRealGames, AToyThatAnswersIsReady) {
    ShimRun run;
    const auto port = free_port(SOCK_DGRAM);
    run.add_arguments({"--udp", text(port)});
    run.spec.ready.target = {wire::shim::Query::minetest, "127.0.0.1", port};
    ASSERT_EQ(run.start(), "executed\n");
    Client client(run.run);

    client.send(Op::hello);

    EXPECT_EQ(client.until([](const auto& s) { return s.phase != Phase::starting; }).phase, Phase::ready);
}

}  // namespace
}  // namespace gk::shim_test
