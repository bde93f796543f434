#include "tls/peers.hpp"

#include <gtest/gtest.h>

#include "tls/session.hpp"
#include "tls/test_authority.hpp"

namespace gk::tls {
namespace {

// Whether one server's handshake with another one comes about, as its client; else why not.
std::string trouble_between(const Identity& asking, const Identity& asked) {
    const auto peers = peers_of(Context::for_server(asking).value());
    if (!peers) return peers.error();
    auto client = Session::client(peers->context, peers->name).value();
    auto server = Session::server(Context::for_server(asked).value()).value();
    for (;;) {
        const auto ours = client.handshake();
        if (!ours) return ours.error();
        const auto theirs = server.handshake();
        if (!theirs) return theirs.error();
        if (*ours == Session::State::done && *theirs == Session::State::done) return {};
        server.feed(client.take_output());
        client.feed(server.take_output());
    }
}

TEST(Peers, BelieveTheirOwnCertificateWhoeverSignedIt) {
    const test::Authority authority;
    const auto own = authority.identity("castle.example");
    EXPECT_EQ(trouble_between(own, own), "");
    const auto by_address = authority.identity("192.0.2.7");
    EXPECT_EQ(trouble_between(by_address, by_address), "");
}

TEST(Peers, BelieveAnotherCertificateOfTheirNameByAnAuthorityInTheirChain) {
    const test::Authority authority;
    auto own = authority.identity("castle.example");
    const auto another = authority.identity("castle.example");
    EXPECT_NE(trouble_between(own, another), "") << "the authority is not known";
    own.certificates += authority.certificate();
    EXPECT_EQ(trouble_between(own, another), "");
    EXPECT_NE(trouble_between(own, authority.identity("tower.example")), "");
}

TEST(Peers, DoNotBelieveAnybodyElse) {
    const test::Authority authority;
    const test::Authority other;
    auto own = authority.identity("castle.example");
    own.certificates += authority.certificate();
    EXPECT_NE(trouble_between(own, other.identity("castle.example")), "");
    EXPECT_NE(trouble_between(own, authority.identity("castle.example", -1)), "") << "it has expired";
}

TEST(Peers, CallANameThatAWildcardIsGoodFor) {
    const test::Authority authority;
    const auto own = authority.identity("*.castle.example");
    const auto peers = peers_of(Context::for_server(own).value());
    ASSERT_TRUE(peers) << peers.error();
    EXPECT_EQ(peers->name, "gamekeeper.castle.example");
    EXPECT_EQ(trouble_between(own, own), "");
}

}  // namespace
}  // namespace gk::tls
