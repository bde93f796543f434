#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/http_client/connect.hpp"

namespace gk::redis {

struct Address {
    net::Remote remote;
    std::string user = "default";
    int database = 0;
};

// "redis://HOST", "redis://USER@HOST:PORT/NUMBER", "rediss://HOST" for TLS, or "unix:/run/redis/redis.sock". Without a password: that has a place of
// its own. The error is a sentence for people.
Result<Address, std::string> parse_address(std::string_view text);

}  // namespace gk::redis
