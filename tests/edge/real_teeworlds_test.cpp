// A real teeworlds server accepts a player whose token the edge had made while that server did not exist.
#include <array>
#include <sys/socket.h>

#include "tests/edge/real_game.hpp"
#include "wire/probe/teeworlds.hpp"

namespace gk::edge {
namespace {

using namespace std::chrono_literals;
namespace teeworlds = wire::probe::teeworlds;

constexpr std::size_t token_at = 3;
constexpr std::size_t control_at = 7;
constexpr std::byte connect{1};
constexpr std::byte accept{2};

struct RealTeeworlds : RealGame {
    void start_server() {
        std::filesystem::create_directories(home.path() / "server");
        server.emplace(
            std::vector<std::string>{"/usr/games/teeworlds-server", "bindaddr 127.0.0.1", "sv_register 0", "sv_port " + std::to_string(game.port)},
            home.path() / "server");
    }
    std::optional<std::vector<std::byte>> receive() const {
        std::vector<std::byte> buffer(2048);
        const auto size = ::recv(player.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size < 0) return std::nullopt;
        buffer.resize(static_cast<std::size_t>(size));
        return buffer;
    }
    // As the real client does: again each half second until it is answered as wanted.
    template <class Wanted>
    bool ask(const std::vector<std::byte>& datagram, Wanted wanted) {
        for (int i = 0; i < 40; ++i) {
            ::send(player.get(), datagram.data(), datagram.size(), 0);
            const bool came = turn(500ms, [&] {
                const auto answer = receive();
                return answer && wanted(*answer);
            });
            if (came) return true;
        }
        return false;
    }

    Descriptor player;
};

TEST_F(RealTeeworlds, AcceptsWhoGotHisTokenFromTheEdge) {
    int wakes = 0;
    auto opened = UdpRelay::open(loop, {.server = "Castle", .listen = *Endpoint::parse("127.0.0.1:0"), .protocol = GameProtocol::teeworlds}, {},
                                 shared, [&](const Route&, const Endpoint&, std::string_view) {
                                     ++wakes;
                                     start_server();
                                 });
    ASSERT_TRUE(opened) << opened.error();
    auto& relay = **opened;
    loop.set_tick([&] { relay.sweep(); });
    player = std::move(*connect_datagrams(relay.local()));
    const teeworlds::Token own{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    std::optional<teeworlds::Token> edges;
    ASSERT_TRUE(ask(teeworlds::token_request(own), [&](const auto& answer) { return (edges = teeworlds::parse_token(answer, own)).has_value(); }));
    EXPECT_EQ(wakes, 0) << "lists ask for tokens too";

    auto join = teeworlds::token_request(own);
    std::ranges::copy(*edges, join.begin() + token_at);
    join[control_at] = connect;
    ::send(player.get(), join.data(), join.size(), 0);
    ASSERT_TRUE(turn(5s, [&] { return wakes == 1; }));
    EXPECT_EQ(relay.held(), 1U);
    ASSERT_TRUE(turn(20s, [&] { return server->log().find("server name is") != std::string::npos; })) << server->log();
    go_up(relay);
    EXPECT_TRUE(ask(join, [&](const auto& answer) {
        return answer.size() > control_at && std::equal(own.begin(), own.end(), answer.begin() + token_at) && answer[control_at] == accept;
    })) << server->log();
    EXPECT_EQ(wakes, 1);
}

}  // namespace
}  // namespace gk::edge
