// How long a durable change takes: one caller at a time, then many at once, on the file system of the directory in the first argument.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "adapters/sqlite/ledger.hpp"
#include "adapters/system/random.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "base/assert.hpp"

namespace {

using gk::Operation;
using Ticks = std::chrono::steady_clock;

gk::Task<void> put_many(gk::Ledger& ledger, int count, std::vector<double>& took_ms) {
    gk::system::SystemRandom random;
    for (int i = 0; i < count; ++i) {
        Operation operation;
        operation.id = random.id<gk::OperationId>();
        operation.server = random.id<gk::ServerUid>();
        const auto before = Ticks::now();
        const auto put = co_await ledger.put(std::move(operation), gk::no_keeper);
        ASSERT(put.has_value(), "the disk has room");
        took_ms.push_back(std::chrono::duration<double, std::milli>(Ticks::now() - before).count());
    }
}

void measure(boost::asio::io_context& io, gk::Ledger& ledger, int callers, int count) {
    std::vector<double> took_ms;
    gk::async::TaskGroup group(io.get_executor());
    const auto before = Ticks::now();
    for (int i = 0; i < callers; ++i) group.spawn("caller", put_many(ledger, count, took_ms));
    gk::async::run_until_done(io, group.join());
    const auto seconds = std::chrono::duration<double>(Ticks::now() - before).count();
    std::ranges::sort(took_ms);
    const auto at = [&](double share) { return took_ms[static_cast<std::size_t>(share * static_cast<double>(took_ms.size() - 1))]; };
    std::printf("{\"callers\": %d, \"changes_per_s\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n", callers,
                static_cast<double>(took_ms.size()) / seconds, at(0.5), at(0.99));
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) return std::fprintf(stderr, "usage: gk_bench_stores DIRECTORY (an empty one)\n"), 2;
    boost::asio::io_context io{1};
    const auto db = gk::sqlite::Database::open(io.get_executor(), std::string(arguments[1]) + "/bench.db");
    if (!db) return std::fprintf(stderr, "%s\n", db.error().detail.c_str()), 1;
    gk::sqlite::SqliteLedger ledger(io.get_executor(), **db);
    for (const int callers : {1, 10, 100}) measure(io, ledger, callers, callers == 1 ? 500 : 5000 / callers);
    return 0;
}
