// Joins over HTTP at a given rate, however long the ones before take: URL, key and queue, joins a second, how many, connections. Each player brings a
// skill along that nobody else has. Counts from when a join was due, so a front that is late makes all behind it late; prints percentiles as JSON.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "adapters/system/clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "programs/descriptors.hpp"
#include "programs/load/connections.hpp"

namespace {

using namespace gk;
using Ticks = std::chrono::steady_clock;

struct Plan {
    std::string key, queue;
    int per_second = 0;
    int count = 0;
};

class Joins {
public:
    Joins(boost::asio::io_context& io, const net::Remote& remote, std::size_t connections, Plan plan)
        : io_(io),
          connections_(io.get_executor(), clock_, remote, std::nullopt, connections),
          plan_(std::move(plan)),
          prefix_(std::to_string(Ticks::now().time_since_epoch().count())),
          first_skill_(Ticks::now().time_since_epoch().count() / 1'000'000'000 % 9'000 * 100'000) {}

    Task<void> run() {
        async::TaskGroup joins(io_.get_executor());
        const auto begun_at = Ticks::now();
        for (int begun = 0; begun < plan_.count;) {
            const auto seconds = std::chrono::duration<double>(Ticks::now() - begun_at).count();
            const auto due = std::min(plan_.count, static_cast<int>(seconds * plan_.per_second) + 1);
            for (; begun < due; ++begun) {
                const auto due_at = begun_at + std::chrono::nanoseconds(std::int64_t{1'000'000'000} * begun / plan_.per_second);
                joins.spawn("join", join(begun, due_at));
            }
            co_await clock_.sleep(Milliseconds(1));
        }
        co_await joins.join();
        seconds_ = std::chrono::duration<double>(Ticks::now() - begun_at).count();
    }
    void print() {
        std::ranges::sort(took_ms_);
        const auto at = [&](double share) {
            return took_ms_.empty() ? 0.0 : took_ms_[static_cast<std::size_t>(share * static_cast<double>(took_ms_.size() - 1))];
        };
        fmt::print(
            "{{\"wanted_per_s\": {}, \"per_s\": {:.0f}, \"joined\": {}, \"failed\": {}, \"p50_ms\": {:.2f}, \"p99_ms\": {:.2f}, \"most_ms\": "
            "{:.2f}}}\n",
            plan_.per_second, plan_.count / seconds_, took_ms_.size(), failed_, at(0.5), at(0.99), at(1));
    }

private:
    Task<void> join(int number, Ticks::time_point due_at) {
        net::ClientRequest request{.method = "POST", .target = "/v1/tickets", .headers = {}, .content_type = "application/json", .body = {}};
        request.headers.emplace_back("Authorization", "Bearer " + plan_.key);
        request.body = fmt::format(R"({{"queues":["{}"],"players":[{{"id":"p{}-{}","attributes":{{"skill":{}}}}}]}})", plan_.queue, prefix_, number,
                                   first_skill_ + number);
        const auto reply = co_await connections_.send(std::move(request), std::chrono::seconds(30));
        if (!reply || reply->status != 201) ++failed_;
        else took_ms_.push_back(std::chrono::duration<double, std::milli>(Ticks::now() - due_at).count());
    }

    boost::asio::io_context& io_;
    system::SystemClock clock_{io_.get_executor()};
    programs::Connections connections_;
    Plan plan_;
    std::string prefix_;
    std::int64_t first_skill_;  // Runs one after the other have none in common, for up to 100,000 joins.
    std::vector<double> took_ms_;
    int failed_ = 0;
    double seconds_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
    if (count != 7) return std::fprintf(stderr, "usage: gk_bench_match_joins URL KEY QUEUE PER_SECOND COUNT CONNECTIONS\n"), 2;
    const auto remote = net::parse_remote(arguments[1]);
    if (!remote) return std::fprintf(stderr, "%s is no address\n", arguments[1]), 2;
    programs::raise_descriptor_limit();
    boost::asio::io_context io(1);
    Joins joins(io, *remote, static_cast<std::size_t>(std::stoul(arguments[6])),
                {.key = arguments[2], .queue = arguments[3], .per_second = std::stoi(arguments[4]), .count = std::stoi(arguments[5])});
    async::run_until_done(io, joins.run());
    joins.print();
    return 0;
}
