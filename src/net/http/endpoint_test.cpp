#include "net/http/endpoint.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gk::net {
namespace {

TEST(Endpoint, ReadsAddressesAndSocketPaths) {
    EXPECT_EQ(parse_endpoint("127.0.0.1:8080").value(), (Endpoint{.address = "127.0.0.1", .port = 8080, .path = {}}));
    EXPECT_EQ(parse_endpoint("localhost:0").value(), (Endpoint{.address = "127.0.0.1", .port = 0, .path = {}}));
    EXPECT_EQ(parse_endpoint("[::1]:80").value(), (Endpoint{.address = "::1", .port = 80, .path = {}}));
    EXPECT_EQ(parse_endpoint("unix:/run/x.sock").value(), (Endpoint{.address = {}, .port = 0, .path = "/run/x.sock"}));
}

TEST(Endpoint, IsWrittenAsItIsRead) {
    for (const std::string_view text : {"127.0.0.1:8080", "[::1]:80", "unix:/run/x.sock"}) EXPECT_EQ(parse_endpoint(text).value().text(), text);
}

TEST(Endpoint, KnowsWhatOnlyThisMachineReaches) {
    EXPECT_TRUE(parse_endpoint("127.0.0.1:1").value().is_local());
    EXPECT_TRUE(parse_endpoint("[::1]:1").value().is_local());
    EXPECT_TRUE(parse_endpoint("unix:/x").value().is_local());
    EXPECT_FALSE(parse_endpoint("0.0.0.0:1").value().is_local());
    EXPECT_FALSE(parse_endpoint("[::]:1").value().is_local());
}

TEST(Endpoint, RefusesWhatItCannotMean) {
    for (const std::string& text : {std::string("127.0.0.1"), std::string("127.0.0.1:"), std::string("127.0.0.1:65536"), std::string("127.0.0.1:8o"),
                                    std::string("::1:80"), std::string("example.org:80"), std::string("[127.0.0.1]:80"), std::string("unix:relative"),
                                    "unix:/" + std::string(200, 'x'), std::string()}) {
        EXPECT_FALSE(parse_endpoint(text)) << text;
    }
}

}  // namespace
}  // namespace gk::net
