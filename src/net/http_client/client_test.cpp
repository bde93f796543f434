#include "net/http_client/client.hpp"

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "adapters/memory/random.hpp"
#include "async/mailbox.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "net/http/server.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tls/test_authority.hpp"

namespace gk::net {
namespace {
using namespace std::chrono_literals;
namespace asio = boost::asio;

// The client against our own server, in one loop.
class HttpClientTest : public testing::Test {
protected:
    void SetUp() override {
        Router router;
        router.add({.method = Method::post, .pattern = "/echo", .handler = echo});
        router.add({.method = Method::get, .pattern = "/peer", .handler = [this](Request&) { return count(*this); }});
        router.add({.method = Method::get, .pattern = "/slow", .handler = [this](Request&) { return slow(*this); }});
        router.add({.method = Method::get, .pattern = "/lines", .handler = [this](Request&) { return lines(*this); }});
        server.emplace(io.get_executor(), clock, random, std::move(router));
        const auto at = server->listen(parse_endpoint("127.0.0.1:0").value()).value();
        remote = parse_remote("http://" + at.text()).value();
        client.emplace(io.get_executor(), clock, remote);
    }
    void TearDown() override {
        client.reset();
        finish(server->stop(1s));
    }
    // Runs to its end, moving time on when nothing else happens.
    template <class T>
    T finish(Task<T> task) {
        async::TaskGroup group(io.get_executor());
        group.spawn("time", keep_time_moving());
        if constexpr (std::is_void_v<T>) {
            async::run_until_done(io, std::move(task));
            end(group);
        } else {
            auto result = async::run_until_done(io, std::move(task));
            end(group);
            return result;
        }
    }
    void end(async::TaskGroup& group) {
        group.cancel();
        async::run_until_done(io, group.join());
    }
    Task<void> keep_time_moving() {
        for (;;) {
            co_await asio::post(io, asio::use_awaitable);
            clock.advance(1ms);
        }
    }
    Result<ClientResponse, NetError> send(std::string method, std::string target, std::string body = {}, Milliseconds limit = 30min) {
        ClientRequest request;
        request.method = std::move(method);
        request.target = std::move(target);
        request.body = std::move(body);
        return finish(client->send(std::move(request), limit));
    }

    static Task<Response> echo(Request& request) { co_return Response::text(201, "text/plain", request.body); }
    static Task<Response> count(HttpClientTest& test) { co_return Response::text(200, "text/plain", std::to_string(test.server->connections())); }
    static Task<Response> slow(HttpClientTest& test) {
        co_await test.clock.sleep(1h);
        co_return Response::text(200, "text/plain", "late");
    }
    static Task<Response> lines(HttpClientTest& test) {
        co_return Response::streaming("application/x-ndjson", [&test](Stream& stream) { return produce_lines(test, stream); });
    }
    static Task<void> produce_lines(HttpClientTest& test, Stream& stream) {
        while (const auto line = co_await test.line_box.receive()) {
            if (!co_await stream.write(std::string(*line))) co_return;
        }
    }

    asio::io_context io;
    async::ManualClock clock;
    memory::SeededRandom random{1};
    async::Mailbox<std::string> line_box{100, async::WhenFull::refuse};
    std::optional<HttpServer> server;
    Remote remote;
    std::optional<HttpClient> client;
};

TEST_F(HttpClientTest, SendsARequestAndReadsTheReply) {
    const auto reply = send("POST", "/echo", std::string(100'000, 'x'));

    ASSERT_TRUE(reply) << reply.error().detail;
    EXPECT_EQ(reply->status, 201);
    EXPECT_EQ(reply->body.size(), 100'000u);
    EXPECT_EQ(reply->header("content-type"), "text/plain");
}

TEST_F(HttpClientTest, KeepsItsConnection) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(send("GET", "/peer").value().body, "1");
    EXPECT_EQ(send("HEAD", "/peer").value().body, "");
    EXPECT_EQ(send("GET", "/peer").value().body, "1");
}

TEST_F(HttpClientTest, ConnectsAgainWhenTheServerHasClosedTheKeptConnection) {
    ASSERT_TRUE(send("GET", "/peer"));
    clock.advance(80s);
    for (int i = 0; i < 20; ++i) io.poll();
    EXPECT_EQ(server->connections(), 0u);

    EXPECT_EQ(send("GET", "/peer").value().body, "1");
}

TEST_F(HttpClientTest, GivesUpAtItsDeadline) {
    const auto reply = send("GET", "/slow", {}, 2s);

    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, NetError::Kind::timed_out);
    EXPECT_NE(reply.error().detail.find("did not answer within 2s"), std::string::npos) << reply.error().detail;
}

TEST_F(HttpClientTest, SaysThatNobodyListens) {
    remote.port = 1;
    client.emplace(io.get_executor(), clock, remote);

    const auto reply = send("GET", "/peer");

    ASSERT_FALSE(reply);
    EXPECT_EQ(reply.error().kind, NetError::Kind::refused);
    EXPECT_NE(reply.error().detail.find("nobody listens on http://127.0.0.1:1"), std::string::npos);
}

TEST_F(HttpClientTest, TalksOverAUnixSocket) {
    const test::TemporaryDirectory folder;
    const auto at = parse_endpoint("unix:" + folder.path().string() + "/api.sock").value();
    ASSERT_TRUE(server->listen(at));
    client.emplace(io.get_executor(), clock, parse_remote(at.text()).value());

    EXPECT_EQ(send("POST", "/echo", "hello").value().body, "hello");
}

TEST_F(HttpClientTest, ReadsAStreamLineByLine) {
    ClientRequest request;
    request.target = "/lines";
    for (const char* piece : {"one\ntw", "o\r\n\nth", "ree"}) line_box.send(piece);
    auto stream = finish(client->open(std::move(request), 30min));
    ASSERT_TRUE(stream) << stream.error().detail;
    EXPECT_EQ((*stream)->head().status, 200);

    std::vector<std::string> got;
    for (int i = 0; i < 3; ++i) got.push_back(finish((*stream)->read_line(30min)).value().value());
    EXPECT_EQ(finish((*stream)->read_line(1s)).error().kind, NetError::Kind::timed_out);
    EXPECT_EQ(got, (std::vector<std::string>{"one", "two", ""}));
}

TEST_F(HttpClientTest, AStreamsLastLineNeedsNoEnd) {
    ClientRequest request;
    request.target = "/lines";
    line_box.send("one\ntwo");
    line_box.close();
    auto stream = finish(client->open(std::move(request), 30min));
    ASSERT_TRUE(stream);

    EXPECT_EQ(finish((*stream)->read_line(30min)).value(), "one");
    EXPECT_EQ(finish((*stream)->read_line(30min)).value(), "two");
    EXPECT_EQ(finish((*stream)->read_line(30min)).value(), std::nullopt);
}

TEST_F(HttpClientTest, ACertificateMaySayAnotherNameThanTheHost) {
    const tls::test::Authority authority;
    auto identity = tls::Context::for_server(authority.identity("api.example")).value();
    const auto at = server->listen_tls(parse_endpoint("127.0.0.1:0").value(), std::move(identity)).value();
    auto secured = parse_remote("https://" + at.text()).value();
    const auto trust = tls::Context::for_client({.authorities = authority.certificate()}).value();

    client.emplace(io.get_executor(), clock, secured, trust);
    EXPECT_FALSE(send("GET", "/peer"));
    secured.tls_name = "api.example";
    client.emplace(io.get_executor(), clock, secured, trust);
    EXPECT_TRUE(send("GET", "/peer"));
}

TEST_F(HttpClientTest, SpeaksTlsToWhomItTrusts) {
    const tls::test::Authority authority;
    const tls::test::Authority stranger;
    auto identity = tls::Context::for_server(authority.identity("127.0.0.1")).value();
    const auto at = server->listen_tls(parse_endpoint("127.0.0.1:0").value(), std::move(identity)).value();
    const auto secured = parse_remote("https://" + at.text()).value();

    client.emplace(io.get_executor(), clock, secured, tls::Context::for_client({.authorities = authority.certificate()}).value());
    const auto first = send("POST", "/echo", std::string(100'000, 'x'));
    const auto second = send("GET", "/peer");
    client.emplace(io.get_executor(), clock, secured, tls::Context::for_client({.authorities = stranger.certificate()}).value());
    const auto refused = send("GET", "/peer");

    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_EQ(first->body, std::string(100'000, 'x'));
    ASSERT_TRUE(second) << second.error().detail;
    EXPECT_EQ(second->body, "1") << "the connection was kept";
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().detail.contains("certificate is not accepted")) << refused.error().detail;
}

TEST(Remote, IsReadFromAnAddress) {
    EXPECT_EQ(parse_remote("http://castle.example:8080/").value().text(), "http://castle.example:8080");
    EXPECT_EQ(parse_remote("http://[::1]:8080").value().text(), "http://[::1]:8080");
    EXPECT_EQ(parse_remote("http://[::1]").value().port, 80);
    EXPECT_EQ(parse_remote("https://castle.example/").value().text(), "https://castle.example:443");
    EXPECT_EQ(parse_remote("unix:/run/x.sock").value().unix_path, "/run/x.sock");
    for (const std::string_view text : {"https://", "x:80", "http://", "http://x:y", "http://x/path", "http://user@x", "unix:x"}) {
        EXPECT_FALSE(parse_remote(text)) << text;
    }
}

}  // namespace
}  // namespace gk::net
