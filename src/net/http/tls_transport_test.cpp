#include "net/http/tls_transport.hpp"

#include <array>
#include <optional>
#include <string>

#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include "adapters/memory/random.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "net/http/server.hpp"
#include "tls/test_authority.hpp"

namespace gk::net {
namespace {
using namespace std::chrono_literals;
namespace asio = boost::asio;

// The server on real sockets, spoken to by the client's side of the same layer.
class TlsTransportTest : public testing::Test {
protected:
    void SetUp() override {
        Router router;
        router.add({.method = Method::get, .pattern = "/long", .handler = long_reply});
        server.emplace(io.get_executor(), clock, random, std::move(router));
        auto context = tls::Context::for_server(authority.identity("127.0.0.1")).value();
        at = server->listen_tls(parse_endpoint("127.0.0.1:0").value(), std::move(context)).value();
    }
    void TearDown() override { async::run_until_done(io, server->stop(0s)); }

    std::unique_ptr<Transport> connect() {
        asio::ip::tcp::socket socket(io);
        socket.connect({asio::ip::make_address(at.address), at.port});
        return make_socket_transport(StreamSocket(std::move(socket)), Peer());
    }
    Result<std::unique_ptr<Transport>, NetError> connect_secured(const std::string& server_name, const tls::test::Authority& trusted) {
        auto context = tls::Context::for_client({.authorities = trusted.certificate()}).value();
        auto connecting = connect_tls(connect(), std::move(context), server_name);
        return async::run_until_done(io, std::move(connecting));
    }
    // Everything until the end, and how that was.
    static Task<std::pair<std::string, boost::system::error_code>> read_all(Transport& from) {
        std::string all;
        std::array<char, 7000> piece{};
        for (;;) {
            const auto got = co_await from.read_some(piece);
            if (got.bytes == 0) co_return std::pair(std::move(all), got.error);
            all.append(piece.data(), got.bytes);
        }
    }
    static Task<Response> long_reply(Request&) { co_return Response::text(200, "text/plain", std::string(300'000, 'x')); }

    asio::io_context io;
    async::ManualClock clock;
    memory::SeededRandom random{1};
    const tls::test::Authority authority;
    std::optional<HttpServer> server;
    Endpoint at;
};

TEST_F(TlsTransportTest, CarriesRequestsAndRepliesAndAnEndThatIsSaid) {
    auto client = connect_secured("127.0.0.1", authority);
    ASSERT_TRUE(client) << client.error().detail;

    auto writing = (*client)->write_all("GET /long HTTP/1.1\r\nHost: x\r\n", "Connection: close\r\n\r\n");
    EXPECT_FALSE(async::run_until_done(io, std::move(writing)));
    const auto [reply, end] = async::run_until_done(io, read_all(**client));

    EXPECT_TRUE(reply.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_GT(reply.size(), 300'000u);
    EXPECT_FALSE(end) << end.message();
}

TEST_F(TlsTransportTest, AServerThatIsNotWhoItShouldBeIsRefused) {
    const tls::test::Authority stranger;

    const auto by_name = connect_secured("castle.example", authority);
    const auto by_authority = connect_secured("127.0.0.1", stranger);

    ASSERT_FALSE(by_name);
    EXPECT_EQ(by_name.error().kind, NetError::Kind::invalid);
    ASSERT_FALSE(by_authority);
    EXPECT_EQ(by_authority.error().kind, NetError::Kind::invalid);
}

TEST_F(TlsTransportTest, AConnectionThatIsCutIsNoEnd) {
    auto client = connect_secured("127.0.0.1", authority);
    ASSERT_TRUE(client);

    // Without a grace the server cancels what it serves, and closes the connections as they are.
    async::run_until_done(io, server->stop(0s));
    const auto [reply, end] = async::run_until_done(io, read_all(**client));

    EXPECT_EQ(reply, "");
    EXPECT_TRUE(end);
}

TEST_F(TlsTransportTest, WhoeverDoesNotSpeakTlsIsCutOff) {
    auto plain = connect();

    auto writing = plain->write_all("GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_FALSE(async::run_until_done(io, std::move(writing)));
    const auto [reply, end] = async::run_until_done(io, read_all(*plain));

    EXPECT_FALSE(reply.contains("HTTP/1.1"));
}

TEST_F(TlsTransportTest, WhoeverSaysNothingIsCutOffInTime) {
    auto silent = connect();
    async::TaskGroup group(io.get_executor());
    io.restart();
    while (io.poll() > 0) io.restart();
    EXPECT_EQ(server->connections(), 1u);

    for (int second = 0; second < 15; ++second) {
        clock.advance(1s);
        io.restart();
        while (io.poll() > 0) io.restart();
    }

    EXPECT_EQ(server->connections(), 0u);
}

}  // namespace
}  // namespace gk::net
