// What durable tickets and matches cost, on the file system of the directory in the first argument: joins at 5,000 a second, matches made and ended,
// and how long it takes to read everybody who waits. With a second argument, that many tickets wait (1,000,000: about half a minute to make).
#include "adapters/sqlite/match_store.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "base/assert.hpp"

namespace {

using gk::Task;
using Ticks = std::chrono::steady_clock;

double seconds_since(Ticks::time_point before) { return std::chrono::duration<double>(Ticks::now() - before).count(); }

gk::match::Ticket some_ticket(gk::system::SystemRandom& random, int number) {
    gk::match::Ticket ticket;
    ticket.id = random.id<gk::TicketId>();
    ticket.queues = {"ranked"};
    gk::match::Player player{.id = ticket.id.text(), .attributes = {}, .latencies = {{"eu", 20}, {"us", 95}}, .blocked = {}};
    player.attributes["skill"] = static_cast<double>(number % 3000);
    player.attributes["mode"] = "duel";
    ticket.players.push_back(std::move(player));
    ticket.joined_at = gk::Time(gk::Milliseconds(number));
    ticket.expires_at = ticket.joined_at + std::chrono::seconds(300);
    return ticket;
}

class Bench {
public:
    explicit Bench(const std::string& path) : path_(path) { open(); }

    void join_at(int per_second, int count);
    void fill(int count);
    void make_matches(int players);
    void restart();

private:
    void open();
    Task<void> join_one(gk::match::Ticket ticket);
    Task<void> join_all(int per_second, int count);
    Task<void> fill_all(int count);
    Task<void> play(std::vector<gk::match::Match> matches);
    Task<std::size_t> read_all();
    template <class T>
    T wait(Task<T> task) {
        return gk::async::run_until_done(io_, std::move(task));
    }

    std::string path_;
    boost::asio::io_context io_{1};
    gk::system::SystemClock clock_{io_.get_executor()};
    gk::system::SystemRandom random_;
    std::unique_ptr<gk::sqlite::Database> db_;
    std::unique_ptr<gk::sqlite::SqliteMatchStore> store_;
    std::vector<double> took_ms_;
    int joined_ = 0;
};

void Bench::open() {
    store_.reset();
    db_.reset();
    auto db = gk::sqlite::Database::open(io_.get_executor(), path_);
    if (!db) std::fprintf(stderr, "%s\n", db.error().detail.c_str());
    ASSERT(db.has_value(), "the database opens");
    db_ = std::move(*db);
    store_ = std::make_unique<gk::sqlite::SqliteMatchStore>(io_.get_executor(), *db_);
}

Task<void> Bench::join_one(gk::match::Ticket ticket) {
    const auto before = Ticks::now();
    const auto joined = co_await store_->join(std::move(ticket));
    ASSERT(joined.has_value(), "the disk has room");
    took_ms_.push_back(seconds_since(before) * 1e3);
}

// Those that are due begin every millisecond, however long the ones before take.
Task<void> Bench::join_all(int per_second, int count) {
    gk::async::TaskGroup joins(io_.get_executor());
    const auto before = Ticks::now();
    for (int begun = 0; begun < count;) {
        const auto due = std::min(count, static_cast<int>(seconds_since(before) * per_second) + 1);
        for (; begun < due; ++begun) joins.spawn("join", join_one(some_ticket(random_, joined_++)));
        co_await clock_.sleep(gk::Milliseconds(1));
    }
    co_await joins.join();
}

void Bench::join_at(int per_second, int count) {
    took_ms_.clear();
    const auto before = Ticks::now();
    gk::async::run_until_done(io_, join_all(per_second, count));
    const auto seconds = seconds_since(before);
    std::ranges::sort(took_ms_);
    const auto at = [&](double share) { return took_ms_[static_cast<std::size_t>(share * static_cast<double>(took_ms_.size() - 1))]; };
    std::printf("{\"measured\": \"joins\", \"wanted_per_s\": %d, \"per_s\": %.0f, \"waiting\": %d, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n", per_second,
                static_cast<double>(count) / seconds, joined_, at(0.5), at(0.99));
}

Task<void> Bench::fill_all(int count) {
    gk::async::TaskGroup joins(io_.get_executor());
    for (int i = 0; i < count; ++i) {
        joins.spawn("join", join_one(some_ticket(random_, joined_++)));
        if (joins.size() < 5000) continue;
        co_await joins.join();
    }
    co_await joins.join();
}

void Bench::fill(int count) {
    const auto before = Ticks::now();
    gk::async::run_until_done(io_, fill_all(count));
    std::printf("{\"measured\": \"joins, as many as go\", \"per_s\": %.0f, \"waiting\": %d}\n", count / seconds_since(before), joined_);
}

// All that wait, in matches of so many, 50 in a call, as an engine's pass proposes them; then each goes to its end.
void Bench::make_matches(int players) {
    const auto epoch = wait(store_->next_epoch()).value();
    const auto waiting = wait(store_->waiting({}, 10'000)).value();
    std::vector<gk::match::Match> all;
    for (std::size_t i = 0; i + static_cast<std::size_t>(players) <= waiting.size(); i += static_cast<std::size_t>(players)) {
        auto& match = all.emplace_back();
        match.id = random_.id<gk::MatchId>();
        match.queue = "ranked";
        for (std::size_t place = i; place < i + static_cast<std::size_t>(players); ++place) {
            match.members.push_back(
                {.player = waiting[place].players[0].id, .ticket = waiting[place].id, .team = "red", .accepted = {}, .left_at = {}});
        }
    }
    auto before = Ticks::now();
    for (std::size_t i = 0; i < all.size(); i += 50) {
        std::vector<gk::match::Match> part(all.begin() + static_cast<std::ptrdiff_t>(i),
                                           all.begin() + static_cast<std::ptrdiff_t>(std::min(i + 50, all.size())));
        ASSERT(wait(store_->commit(std::move(part), epoch)).has_value(), "matches are committed");
    }
    const auto committed = static_cast<double>(all.size()) / seconds_since(before);
    before = Ticks::now();
    gk::async::TaskGroup ends(io_.get_executor());
    for (auto& match : all) {
        match.state = gk::match::MatchState::ended;
        std::vector<gk::match::Match> one{match};
        ends.spawn("end", play(std::move(one)));
    }
    gk::async::run_until_done(io_, ends.join());
    std::printf("{\"measured\": \"matches\", \"players\": %d, \"committed_per_s\": %.0f, \"ended_per_s\": %.0f}\n", players, committed,
                static_cast<double>(all.size()) / seconds_since(before));
}

Task<void> Bench::play(std::vector<gk::match::Match> matches) {
    for (auto& match : matches) {
        std::vector<gk::TicketId> nobody;
        const auto ended = co_await store_->advance(std::move(match), std::move(nobody), gk::Time(), gk::no_keeper);
        ASSERT(ended.has_value(), "a match ends");
    }
}

Task<std::size_t> Bench::read_all() {
    std::size_t count = 0;
    std::optional<gk::TicketId> last;
    for (;;) {
        const auto page = co_await store_->waiting(last, 10'000);
        ASSERT(page.has_value(), "everybody who waits can be read");
        count += page->size();
        if (page->empty()) co_return count;
        last = page->back().id;
    }
}

void Bench::restart() {
    auto before = Ticks::now();
    open();
    const auto opened = seconds_since(before);
    before = Ticks::now();
    const auto count = wait(read_all());
    std::printf("{\"measured\": \"restart\", \"waiting\": %zu, \"open_s\": %.2f, \"read_s\": %.2f}\n", count, opened, seconds_since(before));
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2 || count > 3) return std::fprintf(stderr, "usage: gk_bench_match_store DIRECTORY (an empty one) [TICKETS]\n"), 2;
    Bench bench(std::string(arguments[1]) + "/bench.db");
    for (const int per_second : {1000, 5000}) bench.join_at(per_second, 5 * per_second);
    bench.make_matches(10);
    const int more = count == 3 ? std::atoi(arguments[2]) : 100'000;
    bench.fill(more);
    bench.join_at(5000, 10'000);
    bench.restart();
    return 0;
}
