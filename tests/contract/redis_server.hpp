#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "adapters/redis/client.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::contract {

// A Redis of its own, reached by a socket in a temporary directory only. What it held is gone after a crash. It ends with this object, or with the
// process.
class RedisServer {
public:
    // `more`: options of redis-server ("--requirepass", "geheim").
    explicit RedisServer(std::vector<std::string> more = {});
    RedisServer(const RedisServer&) = delete;
    RedisServer& operator=(const RedisServer&) = delete;
    ~RedisServer();

    void start();
    void crash();
    // It is there and answers nobody, until it goes on.
    void halt();
    void go_on();

    redis::ClientOptions client() const;

private:
    test::TemporaryDirectory directory_;
    std::vector<std::string> more_;
    pid_t pid_ = -1;
    int log_ = -1;
};

}  // namespace gk::contract
