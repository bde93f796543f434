#include "adapters/webhook/webhook.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/memory/random.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "net/http/server.hpp"
#include "net/json/json.hpp"
#include "tls/digest.hpp"

namespace gk::webhook {
namespace {

using namespace std::chrono_literals;

// A receiver that keeps what it got and answers what the test says.
class WebhookTest : public testing::Test {
protected:
    void SetUp() override {
        net::Router router;
        router.add(
            {.method = net::Method::post, .pattern = "/hook/{team}", .handler = [this](net::Request& request) { return take(*this, request); }});
        server.emplace(io.get_executor(), clock, random, std::move(router));
        letter.to = "http://" + server->listen(net::parse_endpoint("127.0.0.1:0").value()).value().text() + "/hook/a?from=gk";
    }
    void TearDown() override { async::run_until_done(io, server->stop(1s)); }
    static Task<net::Response> take(WebhookTest& self, net::Request& request) {
        self.body = request.body;
        self.id = std::string(request.header("Gamekeeper-Id").value_or(""));
        self.signature = std::string(request.header("Gamekeeper-Signature").value_or(""));
        co_return net::Response::text(self.answer, "text/plain", "so be it");
    }
    Result<std::string, CarrierError> carry(Secret secret = {}) {
        Webhook webhook(io.get_executor(), clock, tls::Context::for_client({}).value(), std::move(secret));
        return async::run_until_done(io, webhook.carry(letter));
    }

    boost::asio::io_context io{1};
    async::ManualClock clock;
    memory::SeededRandom random{1};
    std::optional<net::HttpServer> server;
    Letter letter{.id = "0f3c", .to = {}, .kind = "crash_loop", .server = "castle", .subject = "Größe", .text = "a\nb", .says_over = true, .at = {}};
    int answer = 204;
    std::string body, id, signature;
};

TEST_F(WebhookTest, PostsTheLetterAsJson) {
    ASSERT_TRUE(carry());

    const auto said = net::parse_json(body).value();
    EXPECT_EQ(*said.find("subject"), Value("Größe"));
    EXPECT_EQ(*said.find("over"), Value(true));
    EXPECT_EQ(id, "0f3c");
    EXPECT_EQ(signature, "") << "without a secret nothing is signed";
}

TEST_F(WebhookTest, SignsWhatItSends) {
    ASSERT_TRUE(carry(Secret("hunter2")));

    const auto bytes = [](std::string_view text) { return std::as_bytes(std::span(text)); };
    EXPECT_EQ(signature, "sha256=" + tls::hex(tls::hmac_sha256(bytes("hunter2"), bytes(body))));
}

TEST_F(WebhookTest, WhoRefusesIsNotAskedAgainAndWhoIsBusyIs) {
    for (const auto& [status, is_final] :
         std::vector<std::pair<int, bool>>{{404, true}, {410, true}, {408, false}, {429, false}, {500, false}, {503, false}, {302, false}}) {
        answer = status;
        const auto carried = carry();
        ASSERT_FALSE(carried) << status;
        EXPECT_EQ(carried.error().is_final, is_final) << status;
        EXPECT_EQ(carried.error().detail, "it answered " + std::to_string(status));
    }
}

TEST_F(WebhookTest, WhoIsNotThereIsAskedAgain) {
    letter.to = "http://127.0.0.1:1/";
    const auto carried = carry();
    ASSERT_FALSE(carried);
    EXPECT_FALSE(carried.error().is_final);
}

TEST(WebhookTarget, IsAUrlOfTheWeb) {
    const auto target = parse_target("https://hooks.castle.example:8443/gk?team=1");
    ASSERT_TRUE(target);
    EXPECT_TRUE(target->remote.is_tls);
    EXPECT_EQ(target->remote.port, 8443);
    EXPECT_EQ(target->path, "/gk?team=1");
    EXPECT_EQ(parse_target("https://hooks.castle.example")->path, "/");
    EXPECT_EQ(parse_target("https://hooks.castle.example?a")->path, "/?a");
    for (const auto* bad : {"", "hooks.castle.example", "ftp://x/", "unix:/run/x", "https://", "https://x/a b", "https://x/\r\nX: y", "https://x/#a"})
        EXPECT_FALSE(parse_target(bad)) << bad;
}

}  // namespace
}  // namespace gk::webhook
