#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "edge/shard.hpp"

namespace gk::edge {

// Relays on so many loops, each with a thread and sockets of its own; the kernel keeps each player on one of them (docs/adr/0027).
class Edge {
public:
    // `wake` is called by the loops' threads, also by several at once. `loops` is at least 1.
    Edge(unsigned loops, const Limits& limits, Shard::Wake wake);
    // Goes on with what another edge has left, on as many loops as that had; nothing is relayed before the first table.
    Edge(EdgeState left, const Limits& limits, Shard::Wake wake);
    // Ends all sessions.
    ~Edge();
    Edge(const Edge&) = delete;
    Edge& operator=(const Edge&) = delete;

    // The functions below may be called by several threads.
    // Returns when every loop relays as the table says; what could not be is returned, each only once.
    std::vector<std::string> apply(const RouteTable& table);
    // Of all loops together.
    std::vector<RouteCounts> counts();
    // By server: when what a player said was passed on for the first time since it is up; of monotonic_now().
    std::map<std::string, wake::Instant> first_relayed();
    // Has those who play go on, and lets nobody else in: counts() tells when all have left. Tables are passed over from now on.
    void drain();
    // Stops, and has `give` take all there is to another process, which holds all sockets too when that returns true: then this one relays nothing
    // any more. Otherwise it goes on as if nothing had been.
    bool hand_over(const std::function<bool(const EdgeState&)>& give);

private:
    struct Worker;
    void start(unsigned loops, const Limits& limits, const Shard::Wake& wake);
    void leave_to_shards(EdgeState left);
    std::vector<std::string> apply_now(const RouteTable& table);
    // Has each shard do it, on its own thread, and waits for all. The number is the shard's.
    void on_all(const std::function<void(Shard&, std::size_t)>& task);

    std::mutex using_;  // What follows: one caller at a time.
    Tokens tokens_;
    RouteTable table_;  // The last that was applied.
    bool is_draining_ = false;
    std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace gk::edge
