#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "base/value.hpp"
#include "programs/exit_code.hpp"

namespace gk::programs {

// Why a command failed, ready to be shown: a sentence with cause and cure, what is wrong in which field, and the exit code.
struct CommandError {
    ExitCode exit = exit_failed;
    std::string message{};
    std::vector<std::string> details{};
};

// Where the API is: a Unix socket or a URL.
struct ApiPlace {
    std::string socket;  // Path; empty when `url` is set.
    std::string url;     // "http://127.0.0.1:8080"
    std::string authorities;  // PEM file of those whom an https URL's server may be signed by; empty: whom this machine trusts.
    Secret key;
    std::string text() const { return socket.empty() ? url : socket; }
};

struct ApiReply {
    int status = 0;
    Value body;  // Null when there is none.
};

// The command line's connection to the API. Blocking: one command does one thing.
class ApiClient {
public:
    explicit ApiClient(ApiPlace place);
    ~ApiClient();
    ApiClient(const ApiClient&) = delete;
    ApiClient& operator=(const ApiClient&) = delete;

    struct Call {
        std::string method = "GET";
        std::string path{};                                          // With query.
        Value body{};                                                // Null: none.
        std::vector<std::pair<std::string, std::string>> headers{};
        Milliseconds patience = std::chrono::seconds(30);
    };
    // Any status from 400 on is an error made from the problem document.
    Result<ApiReply, CommandError> call(Call call);
    // Every item of a list, over all its pages.
    Result<Value::Array, CommandError> all(const std::string& path);
    // Each line of a reply that comes bit by bit, until it ends or `line` returns false.
    Result<Success, CommandError> lines(std::string path, const std::function<bool(std::string_view)>& line);
    void pause(Milliseconds duration);
    Time now() const;
    const ApiPlace& place() const;

private:
    class Connection;
    std::unique_ptr<Connection> connection_;
};

// An error reply as people read it.
CommandError error_of(int status, const Value& problem);
// What to exit with for a status of the API.
ExitCode exit_for(int status);

}  // namespace gk::programs
