// What it takes to hand out a server of a fleet, with SQLite on the file system of the directory in the first argument: 4,000 wait, 20,000 are in
// matches, and for each that is taken one match ends and a new server is begun. Its games are made believe: they come up and take commands at once.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "adapters/memory/port_map.hpp"
#include "adapters/memory/state.hpp"
#include "adapters/sqlite/fleet_store.hpp"
#include "adapters/sqlite/match_store.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "app/fleet/fleets.hpp"
#include "async/run.hpp"
#include "base/assert.hpp"
#include "domain/fleet/server_uid.hpp"
#include "tests/match/arena.hpp"

namespace {

using namespace std::chrono_literals;
using gk::Task;
using gk::fleet::ServerState;
using Ticks = std::chrono::steady_clock;

constexpr std::uint32_t ready = 4'000;
constexpr std::uint32_t allocated = 20'000;
constexpr int takes = 2'000;
constexpr auto between = 10ms;

double processor_ms() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

class Bench {
public:
    explicit Bench(const std::string& path) {
        auto db = gk::sqlite::Database::open(io_.get_executor(), path);
        ASSERT(db.has_value(), "the database opens");
        db_ = std::move(*db);
        store_ = std::make_unique<gk::sqlite::SqliteFleetStore>(io_.get_executor(), *db_);
        gk::sqlite::SqliteMatchStore matches(io_.get_executor(), *db_);
        shift_.begin(gk::async::run_until_done(io_, matches.next_epoch()).value());
        fleets_ = std::make_unique<gk::app::Fleets>(io_.get_executor(), gk::app::Fleets::Ports{*store_, arena_, clock_, starter_});
    }

    void run() {
        gk::async::run_until_done(io_, fill());
        gk::async::TaskGroup tasks(io_.get_executor());
        tasks.spawn("fleets", fleets_->work(shift_));
        gk::async::run_until_done(io_, take_all());
        tasks.cancel();
        gk::async::run_until_done(io_, tasks.join());
    }

private:
    Task<void> fill();
    Task<void> put(gk::FleetServer server);
    Task<void> take_all();
    gk::FleetServer server_of(std::uint32_t number);

    boost::asio::io_context io_{1};
    gk::system::SystemClock clock_{io_.get_executor()};
    gk::system::SystemRandom random_;
    std::shared_ptr<gk::memory::StoreState> records_ = std::make_shared<gk::memory::StoreState>();
    gk::memory::MemoryPortMap port_map_{records_, clock_, {.range = {.first = gk::Port{10'000}, .last = gk::Port{60'000}}}};
    gk::matchtest::Arena arena_{io_.get_executor()};
    gk::matchtest::OneGame games_;
    gk::app::Starter starter_{{.runtime = arena_,
                               .port_map = port_map_,
                               .random = random_,
                               .games = games_,
                               .public_host = "192.0.2.1",
                               .resources = [](const std::string&, const std::string&) { return std::optional(gk::server::Resources()); }}};
    gk::app::Shift shift_{clock_};
    std::unique_ptr<gk::sqlite::Database> db_;
    std::unique_ptr<gk::sqlite::SqliteFleetStore> store_;
    std::unique_ptr<gk::app::Fleets> fleets_;
    std::vector<gk::match::Match> playing_;
};

gk::FleetServer Bench::server_of(std::uint32_t number) {
    gk::FleetServer server;
    server.uid = gk::fleet::match_server_uid(random_.id<gk::ServerUid>().bits());
    server.name = "duels-" + server.uid.text();
    server.fleet = "duels";
    server.game = "toy";
    server.state = number < ready ? ServerState::ready : ServerState::allocated;
    server.since = clock_.now() + gk::Milliseconds(number);
    server.slot = gk::fleet_slots_first + number;
    const auto port = gk::Port(10'000 + number);
    server.ports.push_back({.role = "game", .protocol = gk::Protocol::tcp, .open = port, .bound = port});
    if (server.state == ServerState::allocated) {
        server.match = playing_.emplace_back().id = random_.id<gk::MatchId>();
    }
    return server;
}

Task<void> Bench::put(gk::FleetServer server) {
    arena_.games[server.uid].process = gk::Seen::Process::ready;
    const auto stored = co_await store_->put(std::move(server), shift_.epoch());
    if (!stored) std::fprintf(stderr, "%s\n", stored.error().detail.c_str());
    ASSERT(stored.has_value(), "the server is stored");
}

// As an earlier control plane left them.
Task<void> Bench::fill() {
    gk::fleet::Fleet fleet;
    fleet.name = "duels";
    fleet.game = "toy";
    fleet.ready = ready;
    fleet.most = ready + allocated + 100;
    const auto stored = co_await store_->put(std::move(fleet));
    ASSERT(stored.has_value(), "the fleet is stored");
    gk::async::TaskGroup puts(io_.get_executor());
    for (std::uint32_t i = 0; i < ready + allocated; ++i) {
        puts.spawn("put", put(server_of(i)));
        if (puts.size() == 1'000) co_await puts.join();
    }
    co_await puts.join();
}

Task<void> Bench::take_all() {
    auto live = playing_;
    co_await fleets_->adopt(std::move(live));
    const auto is_warm = [&] { return fleets_->counts("duels")->ready == ready && fleets_->counts("duels")->allocated == allocated; };
    while (!is_warm()) co_await clock_.sleep(10ms);
    gk::QueueRecord queue;
    queue.game = "toy";
    queue.fleet = "duels";
    std::vector<double> took_ms;
    const auto used_before = processor_ms();
    for (int i = 0; i < takes; ++i) {
        auto match = playing_[static_cast<std::size_t>(i)];
        co_await fleets_->release(match.id);
        match.id = random_.id<gk::MatchId>();
        const auto begun = Ticks::now();
        const auto taken = co_await fleets_->take(std::move(match), queue);
        took_ms.push_back(std::chrono::duration<double, std::milli>(Ticks::now() - begun).count());
        ASSERT(taken && *taken, "a server waits");
        co_await clock_.sleep(between);
    }
    const auto used = (processor_ms() - used_before) / takes;
    std::ranges::sort(took_ms);
    const auto at = [&](double share) { return took_ms[static_cast<std::size_t>(share * (takes - 1))]; };
    std::printf(
        "{\"measured\": \"allocations\", \"ready\": %u, \"allocated\": %u, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"most_ms\": %.3f, "
        "\"processor_ms\": %.3f}\n",
        ready, allocated, at(0.5), at(0.99), took_ms.back(), used);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "%s FOLDER\n", arguments[0]);
        return 2;
    }
    Bench bench(std::string(arguments[1]) + "/fleet.db");
    bench.run();
    return 0;
}
