#include "edge/dns_server.hpp"

#include <stdexcept>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"

namespace gk::edge {
namespace {

using namespace std::chrono_literals;
using test::from_hex;
using namespace test::byte_sums;
using Bytes = std::vector<std::byte>;
using wake::RouteState;

// A question without EDNS: castle.example.org, A, IN.
Bytes question(std::string_view name = "06636173746c65", std::string_view type = "0001") {
    return from_hex("1234 0000 0001 0000 0000 0000") + from_hex(name) + from_hex("076578616d706c65 036f7267 00") + from_hex(type) + from_hex("0001");
}
int code_of(ByteSpan answer) { return answer.size() < 12 ? -1 : std::to_integer<int>(answer[3]) & 0xf; }
bool is_cut(ByteSpan answer) { return (std::to_integer<int>(answer[2]) & 2) != 0; }
int answers_in(ByteSpan answer) { return std::to_integer<int>(answer[7]); }

class Asker {
public:
    Asker(int kind, const Endpoint& server, const char* at = "127.0.0.1:0") : socket_(::socket(AF_INET, kind | SOCK_CLOEXEC, 0)) {
        const auto here = kernel_address(*Endpoint::parse(at), AF_INET), there = kernel_address(server, AF_INET);
        EXPECT_EQ(::bind(socket_.get(), here.get(), here.size), 0);
        // Only what comes from the address that was asked is heard.
        EXPECT_EQ(::connect(socket_.get(), there.get(), there.size), 0);
    }
    void say(ByteSpan bytes) const { EXPECT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), std::ssize(bytes)); }
    // Nothing when nothing is there; empty when the other side has hung up.
    std::optional<Bytes> hear() const {
        Bytes room(65536);
        const auto size = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
        if (size < 0) return std::nullopt;
        room.resize(static_cast<std::size_t>(size));
        return room;
    }

private:
    Descriptor socket_;
};

struct DnsServerTest : testing::Test {
    DnsServerTest() { server->update(zones(RouteState::asleep)); }

    std::unique_ptr<DnsServer> open(const char* at, const DnsLimits& limits = {}) {
        // Of a port that the kernel chose for datagrams, streams may be somebody else's.
        for (int tries = 0; tries < 20; ++tries) {
            auto opened = DnsServer::open(loop, *Endpoint::parse(at), limits, strangers, [this](const wake::ZoneName& name, const Endpoint& source) {
                wakes.push_back(name.server + " by " + source.address.text());
            });
            if (opened) return std::move(*opened);
        }
        throw std::runtime_error("no port is free for both");
    }
    static std::shared_ptr<const wake::ZoneIndex> zones(RouteState state, std::optional<wake::Rule> rule = wake::Rule{.knocks_needed = 1}) {
        wake::Zone zone{.origin = "example.org", .contact = "hostmaster.example.org", .name_servers = {"ns.example.org"}, .names = {}};
        zone.names.push_back({.name = "castle.example.org",
                              .addresses = {*wake::Address::parse("203.0.113.7"), *wake::Address::parse("2001:db8::7")},
                              .services = {{.name = "_minecraft._tcp", .port = 25565}},
                              .server = "castle",
                              .state = state,
                              .rule = std::move(rule)});
        return std::make_shared<const wake::ZoneIndex>(std::vector{zone});
    }
    Bytes next(const Asker& asker) {
        for (int i = 0; i < 200; ++i) {
            if (auto heard = asker.hear()) return *heard;
            loop.turn(10ms);
        }
        ADD_FAILURE() << "nothing came";
        return {};
    }
    void settle() {
        for (int i = 0; i < 5; ++i) loop.turn(0ms);
    }
    Bytes ask(const Bytes& message) {
        const Asker asker(SOCK_DGRAM, server->local());
        asker.say(message);
        return next(asker);
    }

    Loop loop;
    wake::AnswerBudget strangers{{}, loop.now()};
    std::vector<std::string> wakes;
    std::unique_ptr<DnsServer> server = open("127.0.0.1:0");
};

TEST_F(DnsServerTest, TellsWhereAServerIsAndWakesIt) {
    const auto answer = ask(question());
    EXPECT_EQ(code_of(answer), 0);
    // Remembered for five seconds while it sleeps.
    EXPECT_EQ(Bytes(answer.end() - 16, answer.end()), from_hex("c00c 0001 0001 00000005 0004 cb007107"));
    EXPECT_EQ(wakes, std::vector<std::string>{"castle by 127.0.0.1"});
}

TEST_F(DnsServerTest, WakesOnceAndAgainWhenItSleepsAgain) {
    for (int i = 0; i < 3; ++i) ask(question());
    EXPECT_EQ(wakes.size(), 1U);
    server->update(zones(RouteState::up));
    ask(question());
    EXPECT_EQ(wakes.size(), 1U);
    server->update(zones(RouteState::asleep));
    ask(question());
    EXPECT_EQ(wakes.size(), 2U);
}

TEST_F(DnsServerTest, OnlyAQuestionForItsPlaceWakes) {
    EXPECT_EQ(code_of(ask(question("06636173746c65", "0010"))), 0);                                    // TXT: there is none.
    EXPECT_EQ(answers_in(ask(question("0a5f6d696e656372616674 045f746370 06636173746c65", "0021"))), 1);  // SRV.
    EXPECT_EQ(code_of(ask(question("05746f776572"))), 3);                                             // No such name.
    EXPECT_EQ(code_of(ask(question("", "0006"))), 0);                                                 // SOA.
    EXPECT_TRUE(wakes.empty());
    EXPECT_EQ(answers_in(ask(question("06636173746c65", "001c"))), 1);  // AAAA.
    EXPECT_EQ(wakes.size(), 1U);
}

TEST_F(DnsServerTest, DoesNotWakeWithoutARule) {
    server->update(zones(RouteState::asleep, std::nullopt));
    ask(question());
    EXPECT_TRUE(wakes.empty());
}

TEST_F(DnsServerTest, WakesByItsRule) {
    server->update(zones(RouteState::asleep, wake::Rule{.admission = wake::Admission::allow_list, .blocks = {*wake::Block::parse("10.0.0.0/8")}}));
    ask(question());
    EXPECT_TRUE(wakes.empty());
}

TEST_F(DnsServerTest, RefusesWhatIsNotItsOwn) {
    const auto other = from_hex("1234 0000 0001 0000 0000 0000 03636f6d 00 0001 0001");
    EXPECT_EQ(code_of(ask(other)), 5);
    EXPECT_EQ(code_of(ask(question("", "00fc"))), 5);  // The whole zone at once.
    EXPECT_EQ(code_of(ask(from_hex("1234 0000 0001 0000 0000 0000 06636173746c65 076578616d706c65 036f7267 00 0001 0003"))), 5);  // Another class.
}

TEST_F(DnsServerTest, SaysNothingToWhatIsNoQuestion) {
    const Asker asker(SOCK_DGRAM, server->local());
    auto answer = question();
    answer[2] = std::byte{0x80};
    asker.say(answer);
    asker.say(from_hex("00"));
    asker.say(Bytes(2000));
    settle();
    EXPECT_FALSE(asker.hear());
    EXPECT_EQ(server->counts().ignored, 3U);
}

TEST_F(DnsServerTest, StrangersGetNoMoreThanTheirBudgetAndSomeOfItByTcp) {
    const Asker asker(SOCK_DGRAM, server->local());
    for (int i = 0; i < 100; ++i) asker.say(question());
    settle();
    int whole = 0, cut = 0;
    std::size_t bytes = 0;
    while (const auto answer = asker.hear()) {
        ++(is_cut(*answer) ? cut : whole);
        bytes += answer->size();
    }
    EXPECT_EQ(whole, 5);
    EXPECT_EQ(cut, 5);
    EXPECT_LE(bytes, 2048U);
    EXPECT_EQ(server->counts().unanswered, 90U);
}

TEST_F(DnsServerTest, AnswersByStreamAsOftenAsItIsAsked) {
    const Asker asker(SOCK_STREAM, server->local());
    const auto framed = from_hex("0024") + question();
    ASSERT_EQ(question().size(), 0x24U);
    Bytes both = framed;
    for (int i = 0; i < 29; ++i) both = both + framed;
    // In two parts that do not end where questions do.
    asker.say(ByteSpan(both).first(100));
    settle();
    asker.say(ByteSpan(both).subspan(100));
    Bytes heard;
    while (heard.size() < 30 * 54) heard = heard + next(asker);
    EXPECT_EQ(heard.size(), 30U * 54);
    EXPECT_EQ(wakes.size(), 1U);
}

TEST_F(DnsServerTest, AStreamThatSaysWhatIsNoQuestionIsClosed) {
    for (const auto& bad : {from_hex("0001 00"), from_hex("ffff")}) {
        const Asker asker(SOCK_STREAM, server->local());
        asker.say(bad);
        EXPECT_TRUE(next(asker).empty());
    }
    EXPECT_EQ(server->streams(), 0U);
}

TEST_F(DnsServerTest, StreamsAreBounded) {
    server = open("127.0.0.1:0", {.streams_max = 2});
    server->update(zones(RouteState::up));
    const Asker first(SOCK_STREAM, server->local()), second(SOCK_STREAM, server->local());
    settle();
    // Who has said something stays, who was silent goes.
    first.say(from_hex("0024") + question());
    next(first);
    const Asker third(SOCK_STREAM, server->local());
    EXPECT_TRUE(next(second).empty());
    EXPECT_FALSE(first.hear());
    EXPECT_EQ(server->streams(), 2U);
}

TEST_F(DnsServerTest, SilentStreamsAreClosed) {
    server = open("127.0.0.1:0", {.silence = 50ms});
    loop.set_tick([&] { server->sweep(); });
    const Asker asker(SOCK_STREAM, server->local());
    EXPECT_TRUE(next(asker).empty());
}

TEST_F(DnsServerTest, AnswersFromTheAddressThatWasAsked) {
    server = open("0.0.0.0:0");
    server->update(zones(RouteState::up));
    const Asker asker(SOCK_DGRAM, {.address = *wake::Address::parse("127.0.0.9"), .port = server->local().port});
    asker.say(question());
    EXPECT_EQ(code_of(next(asker)), 0);
}

TEST_F(DnsServerTest, AnswersFromTheAddressThatWasAskedOnASocketOfBothFamilies) {
    server = open("[::]:0");
    server->update(zones(RouteState::up));
    const Asker asker(SOCK_DGRAM, {.address = *wake::Address::parse("127.0.0.9"), .port = server->local().port});
    asker.say(question());
    EXPECT_EQ(code_of(next(asker)), 0);
}

}  // namespace
}  // namespace gk::edge
