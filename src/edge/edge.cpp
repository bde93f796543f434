#include "edge/edge.hpp"

#include <algorithm>
#include <latch>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "base/assert.hpp"

namespace gk::edge {

namespace {

bool hides_players(const RouteTable& table) {
    const auto is_transparent = [](const Listener& listener) { return std::ranges::any_of(listener.routes, &Route::transparent); };
    const bool is_wanted = std::ranges::any_of(table.datagrams, &Route::transparent) || std::ranges::any_of(table.streams, is_transparent);
    return is_wanted && !may_speak_for_others();
}

}  // namespace

struct Edge::Worker {
    Worker(const Tokens& tokens, const Limits& limits, const Shard::Wake& wake) : shard(loop, tokens, limits, wake) {
        loop.set_tick([this] { shard.sweep(); });
        thread = std::thread([this] { loop.run(); });
    }
    ~Worker() {
        loop.stop();
        thread.join();
    }
    Loop loop;
    Shard shard;
    std::thread thread;
};

Edge::Edge(unsigned loops, const Limits& limits, Shard::Wake wake) { start(loops, limits, wake); }

Edge::Edge(EdgeState left, const Limits& limits, Shard::Wake wake) : tokens_(left.tokens) {
    start(static_cast<unsigned>(left.shards.size()), limits, wake);
    leave_to_shards(std::move(left));
}

Edge::~Edge() = default;

void Edge::start(unsigned loops, const Limits& limits, const Shard::Wake& wake) {
    ASSERT(loops > 0, "somebody has to relay");
    const auto part = limits.shared_by(loops);
    for (unsigned i = 0; i < loops; ++i) workers_.push_back(std::make_unique<Worker>(tokens_, part, wake));
}

void Edge::on_all(const std::function<void(Shard&, std::size_t)>& task) {
    std::latch left(std::ssize(workers_));
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        workers_[i]->loop.post([&task, &left, &shard = workers_[i]->shard, i] {
            task(shard, i);
            left.count_down();
        });
    }
    left.wait();
}

void Edge::leave_to_shards(EdgeState left) {
    on_all([&](Shard& shard, std::size_t i) { shard.inherit(std::move(left.shards[i])); });
}

std::vector<std::string> Edge::apply(const RouteTable& table) {
    const std::scoped_lock lock(using_);
    if (is_draining_) return {};
    table_ = table;
    return apply_now(table);
}

void Edge::drain() {
    const std::scoped_lock lock(using_);
    is_draining_ = true;
    on_all([](Shard& shard, std::size_t) { shard.drain(); });
}

std::vector<std::string> Edge::apply_now(const RouteTable& table) {
    std::mutex collecting;
    std::set<std::string> wrong;
    if (hides_players(table)) {
        wrong.insert(
            "games see this machine's address instead of their players': this edge may not use others' (CAP_NET_RAW); "
            "have `gamekeeper serve` start it, as root");
    }
    on_all([&](Shard& shard, std::size_t) {
        auto found = shard.apply(table);
        const std::scoped_lock lock(collecting);
        wrong.insert(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    });
    return {wrong.begin(), wrong.end()};
}

bool Edge::hand_over(const std::function<bool(const EdgeState&)>& give) {
    const std::scoped_lock lock(using_);
    if (is_draining_) return false;  // Its doors are closed.
    EdgeState left{.tokens = tokens_.key(), .shards = std::vector<ShardState>(workers_.size())};
    on_all([&](Shard& shard, std::size_t i) { left.shards[i] = shard.release(); });
    if (give(left)) return true;
    leave_to_shards(std::move(left));
    apply_now(table_);
    return false;
}

std::map<std::string, wake::Instant> Edge::first_relayed() {
    const std::scoped_lock lock(using_);
    std::mutex collecting;
    std::map<std::string, wake::Instant> all;
    on_all([&](Shard& shard, std::size_t) {
        const auto part = shard.first_relayed();
        const std::scoped_lock adding(collecting);
        keep_earliest(all, part);
    });
    return all;
}

std::vector<RouteCounts> Edge::counts() {
    const std::scoped_lock lock(using_);
    std::mutex collecting;
    std::map<std::pair<Endpoint, bool>, RouteCounts> sums;
    on_all([&](Shard& shard, std::size_t) {
        const auto parts = shard.counts();
        const std::scoped_lock adding(collecting);
        for (const auto& part : parts) {
            const auto [sum, is_first] = sums.try_emplace({part.listen, part.is_stream}, part);
            if (!is_first) sum->second += part;
        }
    });
    std::vector<RouteCounts> all;
    for (auto& [key, counts] : sums) all.push_back(std::move(counts));
    return all;
}

}  // namespace gk::edge
