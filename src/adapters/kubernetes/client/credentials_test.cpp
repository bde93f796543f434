#include "adapters/kubernetes/client/credentials.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "adapters/kubernetes/client/scripted_api.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tls/test_authority.hpp"

namespace gk::kubernetes {
namespace {
using namespace std::chrono_literals;

class CredentialsTest : public testing::Test {
protected:
    CredentialsTest() {
        target.cluster.server = "https://cluster.example";
        target.cluster.authorities.file = folder.path() / "ca.crt";
        target.user.certificate.file = folder.path() / "client.crt";
        target.user.key.file = folder.path() / "client.key";
        issue();
        credentials = Credentials::make(api.clock, target, nullptr).value();
    }
    void write(const std::string& name, std::string_view text) { std::ofstream(folder.path() / name) << text; }
    // A new authority, and a certificate by it.
    void issue() {
        const tls::test::Authority authority;
        const auto identity = authority.identity("client");
        write("ca.crt", authority.certificate());
        write("client.crt", identity.certificates);
        write("client.key", identity.key.reveal());
    }
    Access access_after(Milliseconds time) {
        api.clock.advance(time);
        return api.finish(credentials->access()).value();
    }

    test::TemporaryDirectory folder;
    ScriptedApi api;
    wire::kubernetes::Target target;
    std::unique_ptr<Credentials> credentials;
};

TEST_F(CredentialsTest, CertificatesThatWereExchangedAreUsedAMinuteLater) {
    const auto first = access_after(0s);
    issue();

    EXPECT_EQ(access_after(59s).certificate, first.certificate);
    const auto second = access_after(1s);
    EXPECT_GT(second.certificate, first.certificate);
    EXPECT_GT(second.serial, first.serial);
    EXPECT_NE(second.secured->get(), first.secured->get());
}

TEST_F(CredentialsTest, ConnectionsAreKeptWhileTheFilesSayTheSame) {
    const auto first = access_after(0s);

    EXPECT_EQ(access_after(10min).certificate, first.certificate);
}

TEST_F(CredentialsTest, WhatCannotBeUsedLeavesTheLastOnesUntilItCan) {
    const auto first = access_after(0s);
    const auto other = tls::test::Authority().identity("client");
    write("client.key", other.key.reveal());  // The certificate comes a moment later.

    EXPECT_EQ(access_after(1min).certificate, first.certificate);
    write("client.crt", other.certificates);
    EXPECT_GT(access_after(1min).certificate, first.certificate);
}

}  // namespace
}  // namespace gk::kubernetes
