#pragma once

#include "tests/sim/dice.hpp"

namespace gk::sim {

// What goes wrong between the control plane and a cluster, and in it, besides what goes wrong everywhere (Faults).
struct ClusterFaults {
    double busy = 0;             // For each call: 429 with Retry-After.
    double broken = 0;           // For each call: 500, nothing done.
    double half_answer = 0;      // For each call: done, and the answer is cut in the middle.
    double late_call = 0;        // For each call that changes something: it is done later, when its sender has given up.
    double watch_cut = 0;        // For each watch: it ends within minutes.
    double watch_late = 0;       // For each watch: what it tells is seconds old.
    double watch_silent = 0;     // For each watch: after a while it tells nothing more, and stays open.
    double told_again = 0;       // For each event: it comes three times.
    double told_in_disorder = 0; // For each pair of events: they change places.
    double old_list = 0;         // For each list that a cache may answer: it is up to half a minute old.
    double page_expired = 0;     // For each further page of a list: 410.
    double outage = 0;           // For each minute: nobody answers for a while.
    double compaction = 0;       // For each minute: what is not told yet is forgotten (410).
    double node_cut_off = 0;     // For each minute.
    double no_address = 0;       // For each minute: a node does not say at which address it is.
    double container_ends = 0;   // For each minute.
    double pod_deleted = 0;      // For each minute, by somebody.
    double paused = 0;           // For each minute: a control plane stands still, with its lease, and goes on later (R13).
    double people = 0;           // For each turn of clients: somebody uses kubectl instead.

    static ClusterFaults for_seed(Dice& dice) {
        const auto maybe = [&](double probability) { return dice.chance(0.5) ? probability : 0; };
        return {.busy = maybe(0.02),
                .broken = maybe(0.02),
                .half_answer = maybe(0.01),
                .late_call = maybe(0.01),
                .watch_cut = maybe(0.4),
                .watch_late = maybe(0.3),
                .watch_silent = maybe(0.05),
                .told_again = maybe(0.1),
                .told_in_disorder = maybe(0.2),
                .old_list = maybe(0.5),
                .page_expired = maybe(0.1),
                .outage = maybe(0.2),
                .compaction = maybe(0.3),
                .node_cut_off = maybe(0.1),
                .no_address = maybe(0.2),
                .container_ends = maybe(0.15),
                .pod_deleted = maybe(0.1),
                .paused = maybe(0.3),
                .people = maybe(0.4)};
    }
};

}  // namespace gk::sim
