#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "edge/shard.hpp"

namespace gk::edge {

// Relays on so many loops, each with a thread and sockets of its own; the kernel keeps each player on one of them (docs/adr/0027).
class Edge {
public:
    // `wake` is called by the loops' threads, also by several at once. `loops` is at least 1.
    Edge(unsigned loops, const Limits& limits, Shard::Wake wake);
    // Ends all sessions.
    ~Edge();
    Edge(const Edge&) = delete;
    Edge& operator=(const Edge&) = delete;

    // Returns when every loop relays as the table says; what could not be is returned, each only once.
    std::vector<std::string> apply(const RouteTable& table);
    // Of all loops together.
    std::vector<RouteCounts> counts();

private:
    struct Worker;
    // Has each shard do it, on its own thread, and waits for all.
    void on_all(const std::function<void(Shard&)>& task);

    Tokens tokens_;
    std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace gk::edge
