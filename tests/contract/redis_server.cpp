#include "tests/contract/redis_server.hpp"

#include <signal.h>

#include "tests/contract/server_process.hpp"

namespace gk::contract {

RedisServer::RedisServer(std::vector<std::string> more) : more_(std::move(more)) { start(); }

RedisServer::~RedisServer() {
    if (pid_ > 0) crash();
}

void RedisServer::start() {
    std::vector<std::string> words{"/usr/bin/redis-server", "--port", "0", "--unixsocket", directory_.path() / "redis.sock", "--save", "", "--dir",
                                   directory_.path()};
    words.insert(words.end(), more_.begin(), more_.end());
    const auto started = launch_server(std::move(words));
    pid_ = started.pid;
    log_ = started.output;
    const auto said = read_until(log_, "ready to accept connections");
    ASSERT(said.find("ready to accept connections") != std::string::npos, "Redis starts (tools/setup installs redis-server)");
}

void RedisServer::crash() {
    kill(pid_, SIGKILL);
    wait_for(pid_);
    close(log_);
    pid_ = -1;
}

void RedisServer::halt() { kill(pid_, SIGSTOP); }
void RedisServer::go_on() { kill(pid_, SIGCONT); }

redis::ClientOptions RedisServer::client() const {
    redis::ClientOptions options;
    options.address.remote.host = "localhost";
    options.address.remote.unix_path = directory_.path() / "redis.sock";
    return options;
}

}  // namespace gk::contract
