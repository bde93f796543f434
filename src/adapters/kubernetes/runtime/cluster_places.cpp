#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/runtime/cluster_runtime.hpp"
#include "net/shim/spec_codec.hpp"

// What a ClusterRuntime sees of a server: its pod, its disks, and the nodes that both are on.
namespace gk::kubernetes {

using wire::shim::Phase;

namespace {

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

// Why there is no live claim.
Problem loss_of(const std::vector<Claim>& claims) {
    const auto newest = std::ranges::find(claims.rbegin(), claims.rend(), World::live, &Claim::world);
    if (newest == claims.rend()) return {"claim_lost", "the world's claim was deleted"};
    if (newest->is_leaving)
        return {"claim_deleted", fmt::format("the claim {} was deleted, and its world goes with the last pod that uses it", newest->name)};
    return {"claim_lost", fmt::format("the volume of the claim {} is gone", newest->name)};
}

}  // namespace

Runtime::Answer<Seen> ClusterRuntime::observe(ServerUid uid) {
    CO_TRY(server, co_await settled(uid));
    co_await prove_deaths(uid, server);
    CO_TRY(seen, co_await observe_run(uid, server));
    look_at_disks(uid, server, seen);
    if (seen.process == Seen::Process::ready && !seen.obstacle) seen.obstacle = missing_address(uid);
    const auto pod = view_.pod(uid, server);
    if (pod && !pod->is_over && view_.is_cordoned(pod->node)) seen.leave = cordoned_problem(pod->node);
    co_return std::move(seen);
}

// Of the nodes that matter to this server.
Task<void> ClusterRuntime::prove_deaths(ServerUid uid, const ObjectKey& server) {
    const auto pod = view_.pod(uid, server);
    if (pod) co_await view_.prove_death(pod->node);
    const auto live = live_claim(view_.claims(uid, server));
    if (live) co_await view_.prove_death(view_.node_of(live->volume));
    co_await view_.prove_death(view_.left_behind_on(uid));
}

Runtime::Answer<Seen> ClusterRuntime::observe_run(ServerUid uid, const ObjectKey& server) {
    Seen seen;
    if (launching_.contains(uid)) {
        seen.process = Seen::Process::starting;
        co_return seen;
    }
    if (const auto node = view_.left_behind_on(uid); !node.empty()) co_return in_the_dark(node);
    const auto pod = view_.pod(uid, server);
    if (!pod) co_return seen;
    seen.obstacle = pod->problem;
    if (pod->is_over) co_return seen;
    if (pod->is_running) {
        const auto link = co_await links_.reach(uid);
        if (link) {
            seen = net::shim::to_domain((*link)->status());
            seen.obstacle = pod->problem;
            co_return seen;
        }
        // The pod may have ended while we knocked; then the next look says so.
        if (pod->node_state == NodeState::up) co_return std::unexpected(pod->problem ? error_of(*pod->problem) : link.error());
    }
    if (pod->node_state == NodeState::unreachable) co_return in_the_dark(pod->node);
    const auto* last = links_.last_status(uid, *pod);
    const bool had_a_run = last != nullptr && last->phase != Phase::idle;
    if (had_a_run && !pod->is_leaving)
        co_return fail(RuntimeError::Kind::unavailable,
                       "the pod's container has ended and is being started again; then its shim tells what became of the game");
    co_return seen;
}

void ClusterRuntime::look_at_disks(ServerUid uid, const ObjectKey& server, Seen& seen) const {
    const auto claims = view_.claims(uid, server);
    seen.staged = staged_claim(claims).has_value();
    const auto live = live_claim(claims);
    if (!live) {
        seen.disk_lost = loss_of(claims);
        return;
    }
    const auto node = view_.node_of(live->volume);
    if (!usable_claim(claims)) {
        seen.disk_lost = dead_problem(node);
        seen.disk_lost->detail += fmt::format(", and with it the claim {}, which lies there", live->name);
        return;
    }
    seen.disk = Seen::Disk::present;
    if (node.empty()) return;
    seen.disk_tied = view_.is_cordoned(node);
    const bool is_silent = view_.state_of(node) == NodeState::unreachable;
    if (is_silent && !seen.disk_tied && !seen.obstacle) seen.obstacle = unreachable_problem(node);
}

std::optional<Claim> ClusterRuntime::usable_claim(const std::vector<Claim>& claims) const {
    auto live = live_claim(claims);
    const auto node = live ? view_.node_of(live->volume) : std::string();
    if (!node.empty() && view_.state_of(node) == NodeState::dead) live.reset();
    return live;
}

Result<Success, RuntimeError> ClusterRuntime::is_down(const Seen& seen) {
    if (seen.process == Seen::Process::unknown) return fail(RuntimeError::Kind::unavailable, seen.obstacle ? seen.obstacle->detail : std::string());
    if (seen.process == Seen::Process::gone || seen.process == Seen::Process::exited) return Success{};
    return fail(RuntimeError::Kind::invalid, "the game still runs: stop it first");
}

Runtime::Answer<Success> ClusterRuntime::must_not_run(ServerUid uid, const ObjectKey& server) {
    CO_TRY(seen, co_await observe_run(uid, server));
    co_return is_down(seen);
}

}  // namespace gk::kubernetes
