#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "adapters/kubernetes/client/client.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "net/http/server.hpp"

namespace gk::kubernetes {

class ZeroRandom : public Random {
public:
    void fill(std::span<std::byte> out) override {
        for (auto& byte : out) byte = std::byte{0};
    }
};

// For tests: an API server over real sockets that says what the test told it to, call by call; and a clock that moves on when nothing else
// happens.
class ScriptedApi {
public:
    struct Seen {
        std::string call;  // "GET /api/v1/..."
        std::string authorization;
        std::string body;
        Time at;
    };

    ScriptedApi() {
        net::Router router;
        for (const auto method : {net::Method::get, net::Method::post, net::Method::put, net::Method::patch, net::Method::del}) {
            for (const char* pattern : {"/api/{path*}", "/apis/{path*}"})
                router.add({.method = method, .pattern = pattern, .handler = [this](net::Request& request) { return answer(*this, request); }});
        }
        server_.emplace(io.get_executor(), clock, random, std::move(router));
        address = "http://" + server_->listen(net::parse_endpoint("127.0.0.1:0").value()).value().text();
    }
    ScriptedApi(const ScriptedApi&) = delete;
    ScriptedApi& operator=(const ScriptedApi&) = delete;
    ~ScriptedApi() { finish(server_->stop(Milliseconds(1))); }

    // The next answers; when there are none, calls are answered with 500.
    void says(int status, std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
        net::Response response = net::Response::text(status, "application/json", std::move(body));
        response.headers = std::move(headers);
        answers_.push_back(std::move(response));
    }
    // A body that comes as these pieces and then ends; with `stays`, it stays open.
    void streams(std::vector<std::string> pieces, bool stays = false) {
        auto producer = [this, pieces = std::move(pieces), stays](net::Stream& stream) { return produce(*this, pieces, stays, stream); };
        answers_.push_back(net::Response::streaming("application/json", std::move(producer)));
    }

    // Runs to its end, moving time on when nothing else happens.
    template <class T>
    T finish(Task<T> task) {
        async::TaskGroup group(io.get_executor());
        group.spawn("time", keep_time_moving());
        struct End {
            ~End() {
                group.cancel();
                async::run_until_done(io, group.join());
            }
            async::TaskGroup& group;
            boost::asio::io_context& io;
        };
        const End end{group, io};
        return async::run_until_done(io, std::move(task));
    }

    boost::asio::io_context io;
    async::ManualClock clock;
    ZeroRandom random;
    std::string address;
    std::vector<Seen> seen;

private:
    static Task<net::Response> answer(ScriptedApi& api, net::Request& request) {
        const auto authorization = request.header("Authorization").value_or("");
        const auto method = name_of(request.method);
        api.seen.push_back({std::string(method) + " " + std::string(request.raw_target), std::string(authorization), request.body, api.clock.now()});
        if (api.answers_.empty()) co_return net::Response::text(500, "application/json", "{}");
        auto next = std::move(api.answers_.front());
        api.answers_.pop_front();
        co_return next;
    }
    static Task<void> produce(ScriptedApi& api, std::vector<std::string> pieces, bool stays, net::Stream& stream) {
        for (auto& piece : pieces) {
            if (!co_await stream.write(std::move(piece))) co_return;
        }
        if (stays) co_await api.clock.sleep(std::chrono::hours(1000));
    }
    Task<void> keep_time_moving() {
        for (;;) {
            co_await boost::asio::post(io, boost::asio::use_awaitable);
            clock.advance(Milliseconds(1));
        }
    }

    std::deque<net::Response> answers_;
    std::optional<net::HttpServer> server_;
};

}  // namespace gk::kubernetes
