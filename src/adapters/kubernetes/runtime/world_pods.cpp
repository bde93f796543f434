#include "adapters/kubernetes/runtime/world_pods.hpp"

#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::version_of;

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

std::int64_t number_at(const Value& document, std::initializer_list<std::string_view> path, std::int64_t otherwise) {
    const auto* found = find_at(document, path);
    return found != nullptr && found->as_int() != nullptr ? *found->as_int() : otherwise;
}

ObjectKey set_key(const ObjectKey& server) { return {server.space, object_name(server.name)}; }
ObjectKey pod_key(const ObjectKey& server) { return {server.space, pod_name(server.name)}; }

std::int64_t replicas_of(const Value& set) { return number_at(set, {"spec", "replicas"}, 1); }

// A call may arrive when nobody expects it any more: it must not wake what was put to sleep since, nor the other way round. Other changes of the
// object are refused with it, and asked for again.
void only_as_seen(Value& change, const ObjectPtr& seen) {
    if (seen == nullptr) return;
    auto metadata = *change.find("metadata");
    metadata.set("resourceVersion", version_of(*seen));
    change.set("metadata", std::move(metadata));
}

// Nothing is left to happen: the controller has seen that none are wanted, and none are there.
bool is_at_rest(const Value& set) {
    const bool is_seen = number_at(set, {"status", "observedGeneration"}, -1) >= number_at(set, {"metadata", "generation"}, 0);
    return replicas_of(set) == 0 && is_seen && number_at(set, {"status", "replicas"}, 0) == 0;
}

}  // namespace

RuntimeError error_of(const Failure& failure) {
    const bool is_final = failure.kind == Failure::Kind::invalid || failure.kind == Failure::Kind::forbidden;
    return {is_final ? RuntimeError::Kind::invalid : RuntimeError::Kind::unavailable, "the cluster's API server: " + failure.detail};
}

WorldPods::Answer<PodView> WorldPods::start(Start order) {
    const auto claim = live_claim(view_.claims(order.launch.uid, order.server));
    if (!claim) co_return fail(RuntimeError::Kind::not_found, "there is no disk for this world");
    if (!order.launch.image) co_return fail(RuntimeError::Kind::invalid, "the game's definition names no image");
    const auto mark = template_mark(pod_template({.launch = order.launch, .server = order.server, .claim = claim->name}, rules_));
    const auto deadline = client_.clock().now() + limits_.start;
    CO_TRY_OK(co_await want(order, claim->name, mark, deadline));
    for (;;) {
        CO_TRY(pod, co_await look(order, mark));
        if (pod) co_return std::move(*pod);
        if (client_.clock().now() >= deadline) {
            if (!view_.pod(order.launch.uid, order.server)) CO_TRY_OK(co_await may_be_made(order, claim->name));
            co_return std::unexpected(not_yet(order.launch.uid, order.server));
        }
        co_await view_.change_by(deadline);
    }
}

WorldPods::Answer<Success> WorldPods::want(const Start& order, const std::string& claim, const std::string& mark, Time deadline) {
    const auto is_there = [&](const ObjectPtr& set) {
        return set != nullptr && replicas_of(*set) == 1 && template_mark(*find_at(*set, {"spec", "template"})) == mark;
    };
    if (is_there(view_.stateful_set(order.launch.uid, order.server))) co_return Success{};
    // The one thing that we put into pods and that many clusters refuse.
    const bool is_on_node = server::kind_of(order.launch.exposure) == server::Exposure::Kind::host_port;
    if (is_on_node) CO_TRY_OK(co_await may_be_made(order, claim));
    CO_TRY_OK(co_await budgets_.keep(order.server.space));
    for (;;) {
        const auto there = view_.stateful_set(order.launch.uid, order.server);
        if (is_there(there)) co_return Success{};
        auto intent = stateful_set({.launch = order.launch, .server = order.server, .claim = claim}, rules_, 1, order.epoch);
        only_as_seen(intent, there);
        const auto applied = co_await client_.apply(resources::stateful_sets, std::move(intent), true);
        if (applied) {
            view_.stateful_sets().wrote(set_key(order.server), version_of(*applied));
            co_return Success{};
        }
        CO_TRY_OK(co_await moved_on(order.launch.uid, order.server, there, applied.error(), deadline));
    }
}

// Good when another has written between our look and our call, and we see that by now: then it is decided anew.
WorldPods::Answer<Success> WorldPods::moved_on(ServerUid uid, const ObjectKey& server, ObjectPtr seen, Failure failure, Time deadline) {
    if (failure.kind != Failure::Kind::conflict) co_return std::unexpected(error_of(failure));
    while (view_.stateful_set(uid, server) == seen) {
        if (client_.clock().now() >= deadline) co_return std::unexpected(error_of(failure));
        co_await view_.change_by(deadline);
    }
    co_return Success{};
}

WorldPods::Answer<Success> WorldPods::may_be_made(const Start& order, const std::string& claim) {
    auto pod = bare_pod({.launch = order.launch, .server = order.server, .claim = claim}, rules_);
    const auto tried = co_await client_.try_create(resources::pods, std::move(pod));
    // Another rule than the cluster's own keeps us from asking, or the pod is there: the attempt itself will tell.
    if (tried || tried.error().kind != Failure::Kind::forbidden) co_return Success{};
    co_return std::unexpected(refused_pod(order.launch, tried.error().detail));
}

WorldPods::Answer<std::optional<PodView>> WorldPods::look(const Start& order, const std::string& mark) {
    std::optional<PodView> none;
    const auto pod = view_.pod(order.launch.uid, order.server);
    if (!pod) co_return none;
    if (pod->is_over) {
        CO_TRY_OK(co_await remove_pod(order.server, *pod, std::chrono::seconds(0)));
        co_return none;
    }
    if (pod->is_leaving) co_return none;
    const bool is_wanted = pod->template_mark == mark;
    if (!is_wanted && (order.may_replace || !pod->is_running)) {
        CO_TRY_OK(co_await remove_pod(order.server, *pod, std::chrono::seconds(30)));
        co_return none;
    }
    if (!is_wanted) co_return fail(RuntimeError::Kind::unavailable, "another run is in the pod that is there");
    if (pod->is_running) co_return pod;
    if (pod->problem && error_of(*pod->problem).kind == RuntimeError::Kind::invalid) co_return std::unexpected(error_of(*pod->problem));
    co_return none;
}

RuntimeError WorldPods::not_yet(ServerUid uid, const ObjectKey& server) const {
    const auto pod = view_.pod(uid, server);
    if (pod && pod->problem) return error_of(*pod->problem);
    const auto* what = !pod ? "the cluster has not made the pod yet" : pod->is_leaving ? "the last pod is still ending" : "the pod does not run yet";
    return {RuntimeError::Kind::unavailable, what};
}

// Grace 0 takes the object away without waiting for the kubelet: only for pods that are over.
WorldPods::Answer<Success> WorldPods::remove_pod(const ObjectKey& server, const PodView& pod, std::chrono::seconds grace) {
    auto key = pod_key(server);
    Preconditions only{.uid = pod.object_uid, .version = {}};
    const auto removed = co_await client_.remove(resources::pods, std::move(key), std::move(only), grace);
    const bool is_done = removed || removed.error().kind == Failure::Kind::not_found || removed.error().kind == Failure::Kind::conflict;
    if (!is_done) co_return std::unexpected(error_of(removed.error()));
    co_return Success{};
}

WorldPods::Answer<Success> WorldPods::want_none(ServerUid uid, const ObjectKey& server, Epoch epoch, Time deadline) {
    for (;;) {
        const auto there = view_.stateful_set(uid, server);
        if (there == nullptr || replicas_of(*there) == 0) co_return Success{};
        auto patch = stateful_set_scale(server, 0, epoch);
        only_as_seen(patch, there);
        const auto key = set_key(server);
        const auto patched = co_await client_.merge(resources::stateful_sets, key, std::move(patch));
        if (patched) {
            view_.stateful_sets().wrote(key, version_of(*patched));
            co_return Success{};
        }
        if (patched.error().kind == Failure::Kind::not_found) co_return Success{};
        CO_TRY_OK(co_await moved_on(uid, server, there, patched.error(), deadline));
    }
}

WorldPods::Answer<Success> WorldPods::stop(ServerUid uid, ObjectKey server, Epoch epoch) {
    const auto deadline = client_.clock().now() + limits_.stop;
    CO_TRY_OK(co_await want_none(uid, server, epoch, deadline));
    for (;;) {
        const auto pod = view_.pod(uid, server);
        if (!pod) co_return Success{};
        if (pod->is_over) CO_TRY_OK(co_await remove_pod(server, *pod, std::chrono::seconds(0)));
        if (client_.clock().now() >= deadline) {
            if (pod->problem) co_return std::unexpected(error_of(*pod->problem));
            co_return fail(RuntimeError::Kind::unavailable, "the pod is still ending");
        }
        co_await view_.change_by(deadline);
    }
}

WorldPods::Answer<Success> WorldPods::kill(ServerUid uid, ObjectKey server) {
    const auto pod = view_.pod(uid, server);
    if (!pod) co_return Success{};
    const std::chrono::seconds grace(pod->is_over ? 0 : 1);
    co_return co_await remove_pod(server, *pod, grace);
}

WorldPods::Answer<Success> WorldPods::prove_stopped(ServerUid uid, ObjectKey server) {
    auto key = set_key(server);
    auto set = co_await client_.get(resources::stateful_sets, std::move(key));
    if (!set && set.error().kind != Failure::Kind::not_found) co_return std::unexpected(error_of(set.error()));
    if (set && server_of(*set) == uid && !is_at_rest(*set))
        co_return fail(RuntimeError::Kind::unavailable, "the pod of this world is still wanted, or ending");
    auto name = pod_key(server);
    const auto pod = co_await client_.get(resources::pods, std::move(name));
    if (!pod && pod.error().kind == Failure::Kind::not_found) co_return Success{};
    if (!pod) co_return std::unexpected(error_of(pod.error()));
    if (server_of(*pod) != uid) co_return Success{};
    const auto seen = view_.pod(uid, server);
    if (seen && seen->problem) co_return std::unexpected(error_of(*seen->problem));
    co_return fail(RuntimeError::Kind::unavailable, "the pod of this world has not ended");
}

WorldPods::Answer<Success> WorldPods::forget(ServerUid uid, ObjectKey server) {
    CO_TRY_OK(co_await budgets_.let_go(uid, server.space));
    const auto set = view_.stateful_set(uid, server);
    if (set == nullptr) co_return Success{};
    const auto key = set_key(server);
    const std::string object_uid(wire::kubernetes::uid_of(*set));
    Preconditions only{.uid = object_uid, .version = {}};
    const auto removed = co_await client_.remove(resources::stateful_sets, key, std::move(only));
    if (!removed && removed.error().kind != Failure::Kind::not_found) co_return std::unexpected(error_of(removed.error()));
    co_return Success{};
}

}  // namespace gk::kubernetes
