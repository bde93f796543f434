#include "net/s3/location.hpp"

#include <gtest/gtest.h>

namespace gk::net::s3 {
namespace {

TEST(Location, IsReadAsResticWritesIt) {
    const auto location = parse_location("s3:https://s3.eu-central-1.amazonaws.com/worlds/castle/games/").value();
    EXPECT_EQ(location.remote.host, "s3.eu-central-1.amazonaws.com");
    EXPECT_TRUE(location.remote.is_tls);
    EXPECT_EQ(location.bucket, "worlds");
    EXPECT_EQ(location.prefix, "castle/games");
    EXPECT_EQ(location.text(), "s3:https://s3.eu-central-1.amazonaws.com/worlds/castle/games");

    EXPECT_EQ(parse_location("s3:http://127.0.0.1:7070/worlds").value().text(), "s3:http://127.0.0.1:7070/worlds");
    EXPECT_EQ(parse_location("s3:http://[::1]:7070/worlds").value().text(), "s3:http://[::1]:7070/worlds");
}

TEST(Location, RefusesWhatStoresOrShellsWouldReadDifferently) {
    for (const auto* text :
         {"", "/srv/vault", "s3:", "s3:host/bucket", "s3:ftp://host/bucket", "s3:https://host", "s3:https://host/", "s3:https://host/ab",
          "s3:https://host/Bucket", "s3:https://host/bucket/a//b", "s3:https://host/bucket/../x", "s3:https://host/bucket/a b",
          "s3:https://host/bucket/a?b", "s3:https://user@host/bucket", "s3:https://host:0x1/bucket"}) {
        const auto location = parse_location(text);
        ASSERT_FALSE(location) << text;
        EXPECT_FALSE(location.error().empty());
    }
}

}  // namespace
}  // namespace gk::net::s3
