#pragma once

#include <string>
#include <vector>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "domain/server/record.hpp"
#include "ports/clock.hpp"
#include "ports/ledger.hpp"
#include "ports/nodes.hpp"
#include "ports/server_store.hpp"

namespace gk::app {

// The machines of a cluster, for those who look after them.
class NodeCare {
public:
    template <class T>
    using Answer = Task<Result<T, Error>>;
    // Without `nodes` everything is answered with `not_supported_here`.
    NodeCare(Nodes* nodes, ServerStore& store, Ledger& ledger, Clock& clock) : nodes_(nodes), store_(store), ledger_(ledger), clock_(clock) {}

    struct Shown {
        Node node;
        std::vector<server::Record> servers;
    };
    Answer<std::vector<Shown>> list(Caller caller);
    Answer<Shown> show(Caller caller, std::string name);
    // Stands in the ledger, with every server that is let go, before the cluster hears of it. Asked again, nothing happens.
    Answer<Shown> confirm_dead(Caller caller, std::string name);

private:
    Answer<Shown> find(std::string name);
    Answer<std::vector<Shown>> read();
    Answer<Success> write_down(const Caller& caller, const Shown& shown);

    Nodes* nodes_;
    ServerStore& store_;
    Ledger& ledger_;
    Clock& clock_;
};

}  // namespace gk::app
