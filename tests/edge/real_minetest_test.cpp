// The real client of minetest knocks at a world that sleeps, and is in it: what he said while the world woke up was replayed.
#include <array>
#include <sys/socket.h>

#include "tests/edge/real_game.hpp"
#include "wire/probe/minetest.hpp"

namespace gk::edge {
namespace {

using namespace std::chrono_literals;
namespace minetest = wire::probe::minetest;

struct RealMinetest : RealGame {
    void start_server() {
        std::filesystem::create_directories(home.path() / "server/world");
        std::ofstream(home.path() / "server/world/world.mt") << "gameid = minetest_game\nbackend = sqlite3\nplayer_backend = sqlite3\n"
                                                                "auth_backend = sqlite3\nmod_storage_backend = sqlite3\n";
        const auto conf = home.path() / "server/minetest.conf";
        std::ofstream(conf) << "server_announce = false\nmg_name = singlenode\nbind_address = 127.0.0.1\n";
        server.emplace(std::vector<std::string>{"/usr/games/minetestserver", "--world", home.path() / "server/world", "--config", conf, "--port",
                                                std::to_string(game.port), "--color", "never"},
                       home.path() / "server");
    }
    void start_client(const UdpRelay& relay) {
        std::filesystem::create_directories(home.path() / "client");
        const auto conf = home.path() / "client/client.conf";
        std::ofstream(conf) << "video_driver = null\nenable_sound = false\nname = ann\nfps_max = 5\nviewing_range = 20\n";
        client.emplace(std::vector<std::string>{"/usr/games/minetest", "--config", conf, "--go", "--address", "127.0.0.1", "--port",
                                                std::to_string(relay.local().port), "--name", "ann", "--password", "pw"},
                       home.path() / "client");
    }
    // By its protocol, as the shim asks; its port is open long before.
    bool is_ready() {
        if (!probe) probe = std::move(*connect_datagrams(game));
        std::array<std::byte, 64> answer{};
        const auto size = ::recv(probe.get(), answer.data(), answer.size(), MSG_DONTWAIT);
        if (size > 0) {
            const auto id = minetest::parse_peer_id(ByteSpan(answer).first(static_cast<std::size_t>(size)));
            const auto goodbye = minetest::goodbye_packet(id.value_or(0));
            if (id) ::send(probe.get(), goodbye.data(), goodbye.size(), 0);
            return id.has_value();
        }
        const auto hello = minetest::connect_packet();
        ::send(probe.get(), hello.data(), hello.size(), 0);
        return false;
    }
    Descriptor probe;
    std::optional<Program> client;
};

TEST_F(RealMinetest, APlayerWakesAWorldAndIsInIt) {
    int wakes = 0;
    std::string who;
    auto opened = UdpRelay::open(loop, {.server = "Castle", .listen = *Endpoint::parse("127.0.0.1:0"), .protocol = GameProtocol::minetest}, {},
                                 shared, [&](const Route&, const Endpoint&, std::string_view name) {
                                     ++wakes;
                                     who = name;
                                     start_server();
                                 });
    ASSERT_TRUE(opened) << opened.error();
    auto& relay = **opened;
    loop.set_tick([&] { relay.sweep(); });
    start_client(relay);
    ASSERT_TRUE(turn(20s, [&] { return wakes > 0; })) << client->log();
    EXPECT_EQ(who, "ann");
    ASSERT_TRUE(turn(20s, [&] { return is_ready(); })) << server->log();
    EXPECT_GT(relay.held(), 0U) << "he waits";

    go_up(relay);
    EXPECT_TRUE(turn(20s, [&] { return server->log().find("ann [127.0.0.1] joins game") != std::string::npos; })) << server->log() << client->log();
    EXPECT_EQ(wakes, 1);
    EXPECT_EQ(relay.sessions(), 1U);
}

}  // namespace
}  // namespace gk::edge
