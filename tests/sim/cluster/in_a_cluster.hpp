#pragma once

#include <memory>

#include "tests/sim/cluster/cluster.hpp"

namespace gk::sim {

// For World: a cluster, which the test sees too.
inline MakeSurroundings in_a_cluster(SimCluster*& cluster, ClusterPlant plant = ClusterPlant::none) {
    return [&cluster, plant](Ground& ground, std::uint64_t seed) {
        auto made = std::make_unique<SimCluster>(ground, seed, plant);
        cluster = made.get();
        return made;
    };
}

}  // namespace gk::sim
