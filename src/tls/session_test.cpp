#include "tls/session.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "tls/test_authority.hpp"

namespace gk::tls {
namespace {

using State = Session::State;

// Both ends of a connection, without a network: what one puts out, the other is fed.
struct Pair {
    Session client;
    Session server;
    std::string trouble;

    bool carry() {
        const auto to_server = client.take_output();
        const auto to_client = server.take_output();
        server.feed(to_server);
        client.feed(to_client);
        return !to_server.empty() || !to_client.empty();
    }
    bool shake_hands() {
        for (;;) {
            const auto ours = client.handshake();
            const auto theirs = server.handshake();
            if (!ours) trouble = ours.error();
            else if (!theirs) trouble = theirs.error();
            if (!trouble.empty()) return false;
            if (*ours == State::done && *theirs == State::done) return true;
            if (!carry()) return false;
        }
    }
};

struct Wish {
    std::string certificate_for = "castle.example";
    std::string client_calls = "castle.example";
    int hours = 24;
    bool from_other_authority = false;
    bool trust_anybody = false;
    bool client_must_show = false;
    bool client_shows = false;
};

class TlsSession : public testing::Test {
protected:
    Pair pair(const Wish& wish) {
        const auto& signer = wish.from_other_authority ? other : authority;
        const auto shown = wish.client_shows ? authority.identity("player") : Identity();
        const auto of_client = Context::for_client({.authorities = authority.certificate(), .trust_anybody = wish.trust_anybody}, shown);
        const auto of_server =
            Context::for_server(signer.identity(wish.certificate_for, wish.hours), wish.client_must_show ? authority.certificate() : std::string());
        return {.client = Session::client(of_client.value(), wish.client_calls).value(),
                .server = Session::server(of_server.value()).value(),
                .trouble = {}};
    }
    const test::Authority authority;
    const test::Authority other;
};

TEST_F(TlsSession, CarriesWhatBothSidesWrite) {
    auto both = pair({});
    ASSERT_TRUE(both.shake_hands()) << both.trouble;
    const std::string long_text(100'000, 'x');

    ASSERT_TRUE(both.client.write(long_text));
    both.carry();

    std::string got;
    std::array<char, 5000> piece{};
    for (;;) {
        const auto read = both.server.read(piece);
        ASSERT_TRUE(read) << read.error();
        if (read->state != State::done) break;
        got.append(piece.data(), read->bytes);
    }
    EXPECT_EQ(got, long_text);
}

TEST_F(TlsSession, TellsAnEndThatWasSaidFromOneThatWasNot) {
    auto both = pair({});
    ASSERT_TRUE(both.shake_hands());
    both.carry();
    std::array<char, 16> piece{};
    EXPECT_EQ(both.server.read(piece)->state, State::wants_input);

    both.client.end();
    both.carry();

    EXPECT_EQ(both.server.read(piece)->state, State::ended);
}

TEST_F(TlsSession, ChecksWhoTheServerIs) {
    struct Case {
        Wish wish;
        std::string trouble;  // Part of the text; empty: it connects.
    };
    const Case cases[] = {
        {{}, ""},
        {{.certificate_for = "127.0.0.1", .client_calls = "127.0.0.1"}, ""},
        {{.certificate_for = "::1", .client_calls = "::1"}, ""},
        {{.client_calls = "tower.example"}, "hostname mismatch"},
        {{.client_calls = "127.0.0.1"}, "IP address mismatch"},
        {{.hours = -1}, "expired"},
        {{.from_other_authority = true}, "unable to get local issuer certificate"},
        {{.from_other_authority = true, .trust_anybody = true}, ""},
    };
    for (const auto& [wish, trouble] : cases) {
        SCOPED_TRACE(wish.certificate_for + " called " + wish.client_calls);
        auto both = pair(wish);

        EXPECT_EQ(both.shake_hands(), trouble.empty());
        EXPECT_TRUE(both.trouble.contains(trouble)) << both.trouble;
    }
}

TEST_F(TlsSession, AsksTheClientForACertificateWhenItIsTold) {
    auto without = pair({.client_must_show = true});
    auto with = pair({.client_must_show = true, .client_shows = true});

    EXPECT_FALSE(without.shake_hands());
    EXPECT_TRUE(with.shake_hands()) << with.trouble;
}

TEST_F(TlsSession, RefusesWhatIsNotTls) {
    auto both = pair({});

    both.server.feed("GET / HTTP/1.1\r\n\r\n");
    const auto result = both.server.handshake();

    ASSERT_FALSE(result);
    EXPECT_TRUE(result.error().contains("http request")) << result.error();
}

TEST(TlsContext, SaysWhatIsWrongWithKeysAndCertificates) {
    const test::Authority authority;
    const auto good = authority.identity("castle");
    const auto other = authority.identity("tower");
    struct Case {
        Identity identity;
        std::string trouble;
    };
    const Case cases[] = {
        {{.certificates = "nothing", .key = good.key}, "no PEM certificate"},
        {{.certificates = good.certificates, .key = Secret("nothing")}, "no PEM key"},
        {{.certificates = good.certificates, .key = other.key}, "does not belong to the certificate"},
    };
    for (const auto& [identity, trouble] : cases) {
        const auto made = Context::for_server(identity);
        ASSERT_FALSE(made);
        EXPECT_TRUE(made.error().contains(trouble)) << made.error();
    }
    EXPECT_FALSE(Context::for_client({.authorities = "nothing"}));
    EXPECT_TRUE(Context::for_client({}));
}

}  // namespace
}  // namespace gk::tls
