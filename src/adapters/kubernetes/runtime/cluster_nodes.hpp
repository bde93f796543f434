#pragma once

#include "adapters/kubernetes/runtime/cluster_view.hpp"
#include "ports/nodes.hpp"

namespace gk::kubernetes {

// The nodes of a cluster (docs/adr/0021: what a node's death is, and what is done on a person's word).
class ClusterNodes final : public Nodes {
public:
    // `view` outlives this object.
    ClusterNodes(Client client, ClusterView& view) : client_(std::move(client)), view_(view) {}

    Answer<std::vector<Node>> list() override;
    Answer<Success> confirm_dead(std::string name, std::string note) override;

private:
    Client client_;
    ClusterView& view_;
};

}  // namespace gk::kubernetes
