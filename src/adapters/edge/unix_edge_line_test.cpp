#include "adapters/edge/unix_edge_line.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "async/run.hpp"
#include "net/json/json.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::edge_line {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;

class UnixEdgeLineTest : public testing::Test {
protected:
    void SetUp() override {
        line = std::make_unique<UnixEdgeLine>(io.get_executor(), folder + "/routes.sock");
        ASSERT_TRUE(line->open());
        handle = line->listen([this](std::uint64_t edge, const front::Report* report) {
            if (report != nullptr) heard.push_back(*report);
            else gone.push_back(edge);
        });
        tasks.spawn("line", line->run());
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
    Local::socket connect() {
        Local::socket socket(io);
        socket.connect(Local::endpoint(folder + "/routes.sock"));
        return socket;
    }
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
    test::TemporaryDirectory place;
    std::string folder = place.path().string();
    std::unique_ptr<UnixEdgeLine> line;
    std::shared_ptr<void> handle;
    std::vector<front::Report> heard;
    std::vector<std::uint64_t> gone;
    std::string text;
    async::TaskGroup tasks{io.get_executor()};
};

TEST_F(UnixEdgeLineTest, WhoConnectsIsGivenTheNewestTableAndEachThatFollows) {
    line->publish(table(1));
    line->publish(table(2));
    auto early = connect();
    EXPECT_EQ(next_table(early), 2U);
    line->publish(table(3));
    EXPECT_EQ(next_table(early), 3U);
    auto late = connect();
    EXPECT_EQ(next_table(late), 3U);
}

TEST_F(UnixEdgeLineTest, ReportsComeOneByOneAndAnEndIsHeard) {
    auto edge = connect();
    const auto first = to_json(document_of(front::Report{.epoch = 1, .number = 1})) + '\n';
    const auto second = to_json(document_of(front::Report{.epoch = 1, .number = 2})) + '\n';
    say(edge, first + second.substr(0, 5));
    ASSERT_TRUE(settle([this] { return heard.size() == 1; }));
    say(edge, second.substr(5));
    ASSERT_TRUE(settle([this] { return heard.size() == 2; }));
    EXPECT_EQ(heard[1].number, 2U);
    edge.close();
    EXPECT_TRUE(settle([this] { return gone.size() == 1; }));
}

TEST_F(UnixEdgeLineTest, WhoSaysSomethingElseIsDisconnected) {
    auto edge = connect();
    say(edge, "{\"epoch\": \"one\"}\n");
    EXPECT_TRUE(settle([this] { return gone.size() == 1; }));
    EXPECT_TRUE(heard.empty());
}

TEST_F(UnixEdgeLineTest, TakesThePlaceOfASocketThatWasLeftBehind) {
    UnixEdgeLine next(io.get_executor(), folder + "/routes.sock");
    EXPECT_TRUE(next.open());
    UnixEdgeLine nowhere(io.get_executor(), folder + "/" + std::string(200, 'x'));
    const auto failed = nowhere.open();
    ASSERT_FALSE(failed);
    EXPECT_NE(failed.error().find("too long"), std::string::npos) << failed.error();
}

}  // namespace
}  // namespace gk::edge_line
