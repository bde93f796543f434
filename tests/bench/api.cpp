// How long the API takes with 1,000 servers in SQLite, on the file system of the directory in the first argument: one client, one request at a time.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "adapters/sqlite/ledger.hpp"
#include "adapters/sqlite/port_map.hpp"
#include "adapters/sqlite/server_store.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "api/render.hpp"
#include "async/run.hpp"
#include "base/assert.hpp"
#include "tests/app/household.hpp"

namespace {

using Ticks = std::chrono::steady_clock;

// The use cases over SQLite, with a runtime that answers at once: what is measured is ours, not the games'.
struct Bench {
    explicit Bench(const std::string& folder) : db(gk::sqlite::Database::open(io.get_executor(), folder + "/bench.db").value()) {}

    boost::asio::io_context io{1};
    std::unique_ptr<gk::sqlite::Database> db;
    gk::system::SystemClock clock{io.get_executor()};
    gk::system::SystemRandom random;
    gk::sqlite::SqliteServerStore store{io.get_executor(), *db};
    gk::sqlite::SqliteLedger ledger{io.get_executor(), *db};
    gk::sqlite::SqlitePortMap port_map{*db, store, clock, {.range = {.first = gk::Port{20000}, .last = gk::Port{29999}}}};
    gk::apptest::QuietRuntime runtime;
    gk::catalog::Catalog games = gk::apptest::shipped_games();
    gk::app::Servers servers{{store, ledger, runtime, port_map, clock, random}, games, {.cpu = {4000}, .memory = {8192}}};
};

gk::Task<int> create(Bench& bench, int number) {
    gk::app::CreateOrder order{.id = fmt::format("server-{:04}", number), .game = "toy"};
    const gk::app::Caller caller{.name = "bench"};
    gk::app::Idempotency once;
    const auto made = co_await bench.servers.create(caller, std::move(order), std::move(once));
    ASSERT(made.has_value(), "the bench has room");
    co_return 0;
}

// GET /v1/servers without the socket: the records, what is seen of each, and the JSON.
gk::Task<int> list(Bench& bench, std::size_t limit) {
    const gk::app::Caller caller{.name = "bench"};
    auto all = co_await bench.servers.list(caller, "");
    ASSERT(all.has_value(), "the bench has room");
    gk::api::PageText items;
    for (auto& record : *all) {
        if (items.count() == limit) break;
        const auto view = co_await bench.servers.view(std::move(record));
        items.add(gk::api::render(view, "192.0.2.1"));
    }
    const auto text = std::move(items).finish("");
    co_return text.empty() ? 1 : 0;
}

double share(std::vector<double>& samples, double part) {
    std::ranges::sort(samples);
    return samples[static_cast<std::size_t>(part * static_cast<double>(samples.size() - 1))];
}

// The processor's time too: it says what the code costs also where others use the machine.
template <class Act>
void measure(Bench& bench, const char* what, int count, Act act) {
    std::vector<double> took_ms;
    std::vector<double> cpu_ms;
    for (int i = 0; i < count; ++i) {
        const auto before = Ticks::now();
        const auto cpu_before = std::clock();
        gk::async::run_until_done(bench.io, act(i));
        cpu_ms.push_back(1000.0 * static_cast<double>(std::clock() - cpu_before) / CLOCKS_PER_SEC);
        took_ms.push_back(std::chrono::duration<double, std::milli>(Ticks::now() - before).count());
    }
    fmt::print("{{\"what\": \"{}\", \"count\": {}, \"p50_ms\": {:.2f}, \"p99_ms\": {:.2f}, \"cpu_p50_ms\": {:.2f}, \"cpu_p99_ms\": {:.2f}}}\n", what,
               count, share(took_ms, 0.5), share(took_ms, 0.99), share(cpu_ms, 0.5), share(cpu_ms, 0.99));
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return std::fprintf(stderr, "usage: gk_bench_api DIRECTORY (an empty one)\n"), 2;
    Bench bench(arguments[1]);
    measure(bench, "create", 1000, [&](int i) { return create(bench, i); });
    measure(bench, "list 100 of 1000", 200, [&](int) { return list(bench, 100); });
    measure(bench, "list 1000 of 1000", 100, [&](int) { return list(bench, 1000); });
    return 0;
}
