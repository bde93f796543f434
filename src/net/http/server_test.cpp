#include "net/http/server.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "async/mailbox.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::net {
namespace {
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

class CountingRandom : public Random {
public:
    void fill(std::span<std::byte> out) override {
        for (auto& byte : out) byte = static_cast<std::byte>(++count_);
    }

private:
    int count_ = 0;
};

// The client's end of a connection: plain bytes, so that tests can send what no proper client would.
class Wire {
public:
    Wire(asio::io_context& io, const Endpoint& at) : io_(io), socket_(io) {
        if (at.is_unix()) {
            asio::local::stream_protocol::socket socket(io);
            socket.connect(asio::local::stream_protocol::endpoint(at.path));
            socket_ = std::move(socket);
        } else {
            tcp::socket socket(io);
            socket.connect(tcp::endpoint(asio::ip::make_address(at.address), at.port));
            socket_ = std::move(socket);
        }
    }
    void send(std::string_view bytes) { async::run_until_done(io_, send_all(socket_, std::string(bytes))); }
    // Everything up to the end of the stream.
    std::string read_all() { return async::run_until_done(io_, read_until(socket_, {}, end_)); }
    // Everything up to and with `end`.
    std::string read_to(std::string end) { return async::run_until_done(io_, read_until(socket_, std::move(end), end_)); }
    // True when the server closed or reset the connection.
    bool is_closed() { return read_all().empty(); }
    // How the last read ended: end of file, or a reset.
    error_code end() const { return end_; }
    void close() { socket_.close(); }
    void shrink_receive_buffer() { socket_.set_option(asio::socket_base::receive_buffer_size(4096)); }

private:
    static Task<void> send_all(StreamSocket& socket, std::string bytes) {
        error_code ignored;
        const auto buffer = asio::buffer(bytes);
        co_await asio::async_write(socket, buffer, asio::redirect_error(asio::use_awaitable, ignored));
    }
    static Task<std::string> read_until(StreamSocket& socket, std::string end, error_code& error) {
        std::string got;
        std::array<char, 16 * 1024> piece{};
        for (;;) {
            // Bit by bit when there is an end to find, so that what follows it stays for the next call.
            const auto buffer = asio::buffer(piece, end.empty() ? piece.size() : 1);
            const auto size = co_await socket.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return got;
            got.append(piece.data(), size);
            if (!end.empty() && got.ends_with(end)) co_return got;
        }
    }
    asio::io_context& io_;
    StreamSocket socket_;
    error_code end_;
};

class HttpServerTest : public testing::Test {
protected:
    void start(ServerLimits limits = {}) {
        Router router;
        router.add({.method = Method::get, .pattern = "/hello", .handler = hello});
        router.add({.method = Method::post, .pattern = "/echo", .handler = echo});
        router.add({.method = Method::post, .pattern = "/small", .handler = echo, .body_max = 10});
        router.add({.method = Method::get, .pattern = "/whoami", .handler = whoami});
        router.add({.method = Method::get, .pattern = "/slow", .handler = [this](Request& request) { return slow(*this, request); }});
        router.add({.method = Method::get, .pattern = "/events", .handler = [this](Request&) { return events(*this); }});
        router.add({.method = Method::get, .pattern = "/flood", .handler = [this](Request&) { return flood(*this); }});
        ServerHooks hooks;
        hooks.access = [this](const Access& access) {
            log.push_back(std::string(name_of(access.method)) + " " + std::string(access.route) + " " + std::to_string(access.status) + " " +
                          std::to_string(access.bytes));
        };
        server.emplace(io.get_executor(), clock, random, std::move(router), limits, std::move(hooks));
        at = server->listen(parse_endpoint("127.0.0.1:0").value()).value();
    }
    void TearDown() override {
        if (server) stop();
    }
    void stop() {
        async::TaskGroup group(io.get_executor());
        group.spawn("stop", server->stop(5s));
        settle();
        // Whoever is still there is cut off when the time is over.
        for (int i = 0; i < 10 && group.size() > 0; ++i) pass(1s);
        async::run_until_done(io, group.join());
        server.reset();
    }
    // Lets everything happen that needs no time.
    void settle() {
        io.restart();
        while (io.poll() > 0) io.restart();
    }
    void pass(Milliseconds duration) {
        settle();
        clock.advance(duration);
        settle();
    }
    Wire connect() { return {io, at}; }
    std::string exchange(std::string_view bytes) {
        auto wire = connect();
        wire.send(bytes);
        return wire.read_all();
    }

    static Task<Response> hello(Request&) { co_return Response::text(200, "text/plain", "hello"); }
    static Task<Response> echo(Request& request) { co_return Response::text(200, "text/plain", request.body); }
    static Task<Response> whoami(Request& request) {
        co_return Response::text(200, "text/plain", request.peer.uid ? "uid " + std::to_string(*request.peer.uid) : request.peer.address);
    }
    static Task<Response> slow(HttpServerTest& test, Request&) {
        co_await test.clock.sleep(3s);
        co_return Response::text(200, "text/plain", "slow");
    }
    static Task<Response> events(HttpServerTest& test) {
        co_return Response::streaming("text/event-stream", [&test](Stream& stream) { return produce_events(test, stream); });
    }
    static Task<void> produce_events(HttpServerTest& test, Stream& stream) {
        const OnExit note{test.stream_ended};
        while (const auto event = co_await test.event_box.receive()) {
            if (!co_await stream.write(std::string(*event))) co_return;
        }
    }
    static Task<Response> flood(HttpServerTest& test) {
        co_return Response::streaming("text/plain", [&test](Stream& stream) { return produce_flood(test, stream); });
    }
    static Task<void> produce_flood(HttpServerTest& test, Stream& stream) {
        const OnExit note{test.stream_ended};
        while (co_await stream.write(std::string(16 * 1024, 'x'))) ++test.flooded;
    }
    struct OnExit {
        bool& flag;
        ~OnExit() { flag = true; }
    };

    asio::io_context io;
    async::ManualClock clock;
    CountingRandom random;
    std::vector<std::string> log;
    async::Mailbox<std::string> event_box{100, async::WhenFull::refuse};
    bool stream_ended = false;
    int flooded = 0;
    Endpoint at;
    std::optional<HttpServer> server;
};

constexpr std::string_view get_hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get_hello_close = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST_F(HttpServerTest, AnswersWithTheHeadersThatEveryReplyHas) {
    start();

    EXPECT_EQ(exchange(get_hello_close),
              "HTTP/1.1 200 OK\r\nDate: Fri, 15 Jan 2027 08:00:00 GMT\r\nX-Request-Id: 01020304-1\r\nContent-Type: text/plain\r\n"
              "Content-Length: 5\r\nConnection: close\r\n\r\nhello");
    EXPECT_EQ(log, std::vector<std::string>{"GET /hello 200 5"});
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInTheirOrder) {
    start();
    auto wire = connect();

    wire.send(std::string(get_hello) + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none" +
              "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\ntwo\r\n0\r\n\r\n");

    const auto got = wire.read_all();
    const auto first = got.find("\r\n\r\nhello");
    const auto second = got.find("\r\n\r\none");
    const auto third = got.find("\r\n\r\ntwo");
    EXPECT_LT(first, second);
    EXPECT_LT(second, third);
    EXPECT_NE(third, std::string::npos);
}

TEST_F(HttpServerTest, HeadGetsTheHeadersOfGetAndNoBody) {
    start();

    const auto got = exchange("HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

    EXPECT_NE(got.find("Content-Length: 5\r\n"), std::string::npos);
    EXPECT_TRUE(got.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, UnknownPathsAndMethodsKeepTheConnection) {
    start();
    auto wire = connect();

    wire.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\nDELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(get_hello_close));

    const auto got = wire.read_all();
    EXPECT_NE(got.find("HTTP/1.1 404 Not Found"), std::string::npos);
    EXPECT_NE(got.find("HTTP/1.1 405 Method Not Allowed"), std::string::npos);
    EXPECT_NE(got.find("Allow: GET, HEAD\r\n"), std::string::npos);
    EXPECT_TRUE(got.ends_with("hello"));
}

TEST_F(HttpServerTest, TheClientsRequestIdIsUsedWhenItIsSane) {
    start();
    const auto ask = [&](std::string_view id) {
        return exchange("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Request-Id: " + std::string(id) + "\r\n\r\n");
    };

    EXPECT_NE(ask("trace-42").find("X-Request-Id: trace-42\r\n"), std::string::npos);
    EXPECT_EQ(ask("tr\"ace").find("tr\"ace"), std::string::npos);
    EXPECT_EQ(ask(std::string(65, 'a')).find("aaaa"), std::string::npos);
}

TEST_F(HttpServerTest, AMalformedRequestIsRefusedAndTheConnectionClosed) {
    start();

    const auto got = exchange("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + std::string(get_hello));

    EXPECT_TRUE(got.starts_with("HTTP/1.1 400 Bad Request\r\n")) << got;
    EXPECT_NE(got.find("X-Request-Id: "), std::string::npos);
    EXPECT_NE(got.find("Connection: close\r\n"), std::string::npos);
    EXPECT_EQ(got.find("hello"), std::string::npos);
}

TEST_F(HttpServerTest, ATooLargeBodyIsRefusedBeforeItIsSent) {
    start();
    auto wire = connect();

    wire.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n");

    EXPECT_TRUE(wire.read_to("\r\n").starts_with("HTTP/1.1 413 "));
    wire.close();
}

TEST_F(HttpServerTest, AClientThatSendsATooLargeBodyAnywayStillGetsTheReply) {
    start();
    auto wire = connect();

    // Fits into the socket's buffers, so that it is sent before the server looks at it.
    wire.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + std::string(60'000, 'x'));

    EXPECT_TRUE(wire.read_all().starts_with("HTTP/1.1 413 "));
    EXPECT_EQ(wire.end(), asio::error::eof);
}

TEST_F(HttpServerTest, ABodyThatWasRefusedIsNeverReadAsARequest) {
    start();

    const auto got = exchange("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n" + std::string(get_hello));

    EXPECT_TRUE(got.starts_with("HTTP/1.1 413 "));
    EXPECT_EQ(got.rfind("HTTP/1.1"), 0u);
}

TEST_F(HttpServerTest, AsksForABodyThatTheClientAnnounces) {
    start();
    auto wire = connect();

    wire.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(wire.read_to("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    wire.send("one");

    EXPECT_TRUE(wire.read_all().ends_with("\r\n\r\none"));
}

TEST_F(HttpServerTest, LargeBodiesGoBothWays) {
    start();
    const std::string body(900'000, 'b');

    const auto got = exchange("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 900000\r\n\r\n" + body);

    EXPECT_TRUE(got.ends_with("\r\n\r\n" + body));
}

TEST_F(HttpServerTest, ASlowHeadIsAnsweredWith408) {
    start();
    auto wire = connect();
    wire.send("GET /hello HTTP/1.1\r\nHo");
    pass(5s);
    wire.send("st: ");
    pass(6s);

    EXPECT_TRUE(wire.read_all().starts_with("HTTP/1.1 408 "));
}

TEST_F(HttpServerTest, AConnectionThatSaysNothingIsClosed) {
    start();
    auto wire = connect();

    pass(11s);

    EXPECT_TRUE(wire.is_closed());
}

TEST_F(HttpServerTest, AnIdleConnectionMayRestAndIsClosedInTheEnd) {
    start();
    auto wire = connect();
    wire.send(get_hello);
    wire.read_to("hello");

    pass(60s);
    wire.send(get_hello);
    EXPECT_TRUE(wire.read_to("hello").starts_with("HTTP/1.1 200"));
    pass(76s);

    EXPECT_TRUE(wire.is_closed());
}

TEST_F(HttpServerTest, OneAddressGetsALimitedNumberOfConnections) {
    start({.connections_per_address_max = 2});
    auto first = connect();
    auto second = connect();
    settle();

    auto third = connect();
    EXPECT_TRUE(third.is_closed());
    first.close();
    settle();
    auto fourth = connect();
    fourth.send(get_hello_close);

    EXPECT_TRUE(fourth.read_all().ends_with("hello"));
}

TEST_F(HttpServerTest, TheKernelVouchesForThePeerOfAUnixSocket) {
    start();
    const test::TemporaryDirectory folder;
    const auto at = parse_endpoint("unix:" + folder.path().string() + "/api.sock").value();
    ASSERT_TRUE(server->listen(at, 0600));
    struct stat file{};
    ASSERT_EQ(::stat(at.path.c_str(), &file), 0);
    EXPECT_EQ(file.st_mode & 0777, 0600u);

    Wire wire(io, at);
    wire.send("GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

    EXPECT_TRUE(wire.read_all().ends_with("uid " + std::to_string(::getuid())));
    EXPECT_EQ(server->listen(at, 0600).error().kind, NetError::Kind::in_use);
    stop();
    EXPECT_FALSE(std::filesystem::exists(at.path));
}

TEST_F(HttpServerTest, ASocketFileThatNobodyListensOnIsReplacedAndOtherFilesAreNot) {
    start();
    const test::TemporaryDirectory folder;
    const auto at = parse_endpoint("unix:" + folder.path().string() + "/api.sock").value();
    {
        asio::local::stream_protocol::acceptor left_behind(io, asio::local::stream_protocol::endpoint(at.path));
    }
    ASSERT_TRUE(std::filesystem::exists(at.path));

    EXPECT_TRUE(server->listen(at));
    auto other = at;
    other.path = folder.path();
    EXPECT_EQ(server->listen(other).error().kind, NetError::Kind::invalid);

    stop();
}

TEST_F(HttpServerTest, StreamsReachTheClientAsTheyHappen) {
    start();
    auto wire = connect();
    wire.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_NE(wire.read_to("\r\n\r\n").find("Transfer-Encoding: chunked"), std::string::npos);

    event_box.send("data: 1\n\n");
    EXPECT_EQ(wire.read_to("\n\n\r\n"), "9\r\ndata: 1\n\n\r\n");
    event_box.close();

    EXPECT_EQ(wire.read_to("0\r\n\r\n"), "0\r\n\r\n");
    wire.send(get_hello_close);
    EXPECT_TRUE(wire.read_all().ends_with("hello"));
}

TEST_F(HttpServerTest, AStreamEndsWhenItsClientGoesAway) {
    start();
    auto wire = connect();
    wire.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    wire.read_to("\r\n\r\n");

    wire.close();
    settle();

    EXPECT_TRUE(stream_ended);
    EXPECT_EQ(server->connections(), 0u);
}

TEST_F(HttpServerTest, ASlowReaderSlowsItsStreamDownAndIsDroppedInTheEnd) {
    start();
    auto wire = connect();
    wire.shrink_receive_buffer();
    wire.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
    settle();
    const auto taken = flooded;
    settle();

    EXPECT_EQ(flooded, taken);
    EXPECT_FALSE(stream_ended);
    pass(31s);
    EXPECT_TRUE(stream_ended);
}

TEST_F(HttpServerTest, AStopLetsTheRequestUnderWayFinish) {
    start();
    auto wire = connect();
    auto idle = connect();
    wire.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    settle();
    async::TaskGroup group(io.get_executor());

    group.spawn("stop", server->stop(10s));
    settle();
    EXPECT_TRUE(idle.is_closed());
    EXPECT_EQ(group.size(), 1u);
    pass(3s);

    const auto got = wire.read_all();
    EXPECT_TRUE(got.ends_with("slow"));
    EXPECT_NE(got.find("Connection: close"), std::string::npos);
    async::run_until_done(io, group.join());
    server.reset();
}

TEST_F(HttpServerTest, AStopCutsOffWhatTakesTooLong) {
    start();
    auto wire = connect();
    wire.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    settle();
    async::TaskGroup group(io.get_executor());

    group.spawn("stop", server->stop(1s));
    pass(1s);

    async::run_until_done(io, group.join());
    EXPECT_TRUE(wire.is_closed());
    server.reset();
}

TEST_F(HttpServerTest, AStopEndsStreamsProperly) {
    start();
    auto wire = connect();
    wire.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    wire.read_to("\r\n\r\n");

    stop();

    EXPECT_EQ(wire.read_all(), "0\r\n\r\n");
}

}  // namespace
}  // namespace gk::net
