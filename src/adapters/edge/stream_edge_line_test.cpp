#include "adapters/edge/stream_edge_line.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "net/http_client/connect.hpp"
#include "net/json/json.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tls/test_authority.hpp"

namespace gk::edge_line {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;

class StreamEdgeLineTest : public testing::Test {
protected:
    void SetUp() override {
        open({.path = folder + "/routes.sock"});
        handle = line->listen([this](std::uint64_t edge, const front::Report* report) {
            if (report != nullptr) heard.push_back(*report);
            else gone.push_back(edge);
        });
        tasks.spawn("line", line->run());
    }
    void open(net::Endpoint at, StreamEdgeLine::Keys keys = nullptr) {
        line = std::make_unique<StreamEdgeLine>(io.get_executor(), clock, std::move(at), std::move(keys));
        const auto opened = line->open();
        ASSERT_TRUE(opened) << opened.error();
    }
    void TearDown() override {
        tasks.cancel();
        async::run_until_done(io, tasks.join());
    }
    // Lets the loop work until it holds; generous, because machines are busy.
    template <class Question>
    bool settle(Question holds) {
        io.restart();
        for (int turn = 0; turn < 1000 && !holds(); ++turn) io.run_one_for(std::chrono::milliseconds(10));
        return holds();
    }
    // Says a first report, as every edge does.
    Local::socket connect() {
        auto socket = connect_silently();
        say(socket, report(0));
        return socket;
    }
    Local::socket connect_silently() {
        Local::socket socket(io);
        socket.connect(Local::endpoint(folder + "/routes.sock"));
        return socket;
    }
    static std::string report(std::uint64_t number) { return to_json(document_of(front::Report{.epoch = 1, .number = number})) + '\n'; }
    static wake::RouteTable table(std::uint64_t number) { return {.epoch = 1, .number = number, .datagrams = {}, .streams = {}}; }
    std::uint64_t next_table(Local::socket& socket) {
        EXPECT_TRUE(settle([&] { return socket.available() > 0; }));
        asio::read_until(socket, asio::dynamic_buffer(text), '\n');
        const auto end = text.find('\n');
        Errors errors;
        wake::RouteTable read;
        const auto document = net::parse_json(text.substr(0, end));
        EXPECT_TRUE(document && decode(*document, "", errors, read));
        text.erase(0, end + 1);
        return read.number;
    }
    static void say(Local::socket& socket, const std::string& words) { asio::write(socket, asio::buffer(words)); }

    asio::io_context io{1};
    async::ManualClock clock;
    test::TemporaryDirectory place;
    std::string folder = place.path().string();
    std::unique_ptr<StreamEdgeLine> line;
    std::shared_ptr<void> handle;
    std::vector<front::Report> heard;
    std::vector<std::uint64_t> gone;
    std::string text;
    async::TaskGroup tasks{io.get_executor()};
};

TEST_F(StreamEdgeLineTest, WhoConnectsIsGivenTheNewestTableAndEachThatFollows) {
    line->publish(table(1));
    line->publish(table(2));
    auto early = connect();
    EXPECT_EQ(next_table(early), 2U);
    line->publish(table(3));
    EXPECT_EQ(next_table(early), 3U);
    auto late = connect();
    EXPECT_EQ(next_table(late), 3U);
}

TEST_F(StreamEdgeLineTest, ReportsComeOneByOneAndAnEndIsHeard) {
    auto edge = connect();
    const auto second = report(2);
    say(edge, report(1) + second.substr(0, 5));
    ASSERT_TRUE(settle([this] { return heard.size() == 2; }));
    say(edge, second.substr(5));
    ASSERT_TRUE(settle([this] { return heard.size() == 3; }));
    EXPECT_EQ(heard[2].number, 2U);
    edge.close();
    EXPECT_TRUE(settle([this] { return gone.size() == 1; }));
}

TEST_F(StreamEdgeLineTest, WhoSaysSomethingElseIsDisconnected) {
    auto edge = connect();
    ASSERT_TRUE(settle([this] { return heard.size() == 1; }));
    say(edge, "{\"epoch\": \"one\"}\n");
    EXPECT_TRUE(settle([this] { return gone.size() == 1; }));
    EXPECT_EQ(heard.size(), 1U);
}

TEST_F(StreamEdgeLineTest, WhoSaysNothingIsToldNothingAndSoonDisconnected) {
    line->publish(table(1));
    auto silent = connect_silently();
    ASSERT_TRUE(settle([this] { return clock.sleepers() == 1; }));
    EXPECT_EQ(silent.available(), 0U);
    clock.advance(std::chrono::seconds(10));
    EXPECT_TRUE(settle([this] { return gone.size() == 1; }));
}

TEST_F(StreamEdgeLineTest, TakesThePlaceOfASocketThatWasLeftBehind) {
    const auto path = folder + "/left.sock";
    {
        Local::acceptor left(io, Local::endpoint(path));
    }
    StreamEdgeLine next(io.get_executor(), clock, {.path = path});
    EXPECT_TRUE(next.open());
    StreamEdgeLine another(io.get_executor(), clock, {.path = path});
    const auto taken = another.open();
    ASSERT_FALSE(taken) << "its edges would be told by two";
    EXPECT_NE(taken.error().find("another program listens"), std::string::npos) << taken.error();
}

TEST_F(StreamEdgeLineTest, OverTheNetworkNobodyComesWithoutKeys) {
    StreamEdgeLine open_to_all(io.get_executor(), clock, net::parse_endpoint("127.0.0.1:0").value());
    EXPECT_FALSE(open_to_all.open());
}

// The same over the network, where both ends show certificates.
class SecuredEdgeLineTest : public StreamEdgeLineTest {
protected:
    void SetUp() override {
        open(net::parse_endpoint("127.0.0.1:0").value(),
             [this] { return tls::Context::for_server(authority.identity("control-plane"), authority.certificate()); });
        handle = line->listen([this](std::uint64_t edge, const front::Report* report) {
            if (report != nullptr) heard.push_back(*report);
            else gone.push_back(edge);
        });
        tasks.spawn("line", line->run());
    }
    // A first report, and what came back; nothing when it was not let in.
    Task<void> ask(tls::Context context, std::optional<std::string>& answer, bool& is_over) {
        net::Remote remote{.host = "127.0.0.1", .port = line->endpoint().port, .unix_path = {}, .is_tls = true, .tls_name = "control-plane"};
        auto transport = co_await net::connect(io.get_executor(), std::move(remote), std::move(context));
        if (transport) {
            const auto words = report(1);
            std::ignore = co_await (*transport)->write_all(words);
            net::LineReader lines(**transport, 1 << 20);
            if (const auto said = co_await lines.next(); said) answer.emplace(*said);
        }
        is_over = true;
    }
    std::optional<std::string> asked_with(const tls::Identity& identity, const std::string& trusted) {
        auto context = tls::Context::for_client({.authorities = trusted}, identity);
        EXPECT_TRUE(context);
        std::optional<std::string> answer;
        bool is_over = false;
        tasks.spawn("edge of the test", ask(std::move(*context), answer, is_over));
        EXPECT_TRUE(settle([&] { return is_over; }));
        return answer;
    }

    tls::test::Authority authority;
};

TEST_F(SecuredEdgeLineTest, AnEdgeWithACertificateIsToldTheRoutes) {
    line->publish(table(5));
    const auto answer = asked_with(authority.identity("edge"), authority.certificate());
    ASSERT_TRUE(answer);
    EXPECT_NE(answer->find("\"number\":5"), std::string::npos) << *answer;
    EXPECT_EQ(heard.size(), 1U);
}

TEST_F(SecuredEdgeLineTest, NobodyElseIsToldAnythingOrHeard) {
    const tls::test::Authority strangers;
    line->publish(table(5));
    EXPECT_FALSE(asked_with({}, authority.certificate())) << "no certificate";
    EXPECT_FALSE(asked_with(strangers.identity("edge"), authority.certificate())) << "somebody else's";
    EXPECT_FALSE(asked_with(authority.identity("edge"), strangers.certificate())) << "the edge does not trust this control plane";
    EXPECT_TRUE(settle([this] { return gone.size() == 3; }));
    EXPECT_TRUE(heard.empty());
}

}  // namespace
}  // namespace gk::edge_line
