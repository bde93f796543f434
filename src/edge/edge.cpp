#include "edge/edge.hpp"

#include <latch>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "base/assert.hpp"

namespace gk::edge {

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

Edge::Edge(unsigned loops, const Limits& limits, Shard::Wake wake) {
    ASSERT(loops > 0, "somebody has to relay");
    const auto part = limits.shared_by(loops);
    for (unsigned i = 0; i < loops; ++i) workers_.push_back(std::make_unique<Worker>(tokens_, part, wake));
}

Edge::~Edge() = default;

void Edge::on_all(const std::function<void(Shard&)>& task) {
    std::latch left(std::ssize(workers_));
    for (const auto& worker : workers_) {
        worker->loop.post([&task, &left, &shard = worker->shard] {
            task(shard);
            left.count_down();
        });
    }
    left.wait();
}

std::vector<std::string> Edge::apply(const RouteTable& table) {
    std::mutex collecting;
    std::set<std::string> wrong;
    on_all([&](Shard& shard) {
        auto found = shard.apply(table);
        const std::scoped_lock lock(collecting);
        wrong.insert(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    });
    return {wrong.begin(), wrong.end()};
}

std::vector<RouteCounts> Edge::counts() {
    std::mutex collecting;
    std::map<std::pair<Endpoint, bool>, RouteCounts> sums;
    on_all([&](Shard& shard) {
        const auto parts = shard.counts();
        const std::scoped_lock lock(collecting);
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
