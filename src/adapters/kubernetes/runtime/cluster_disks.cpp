#include <utility>

#include "adapters/kubernetes/runtime/cluster_runtime.hpp"

// The disks of a ClusterRuntime: claims, of which nothing is removed before the API server itself has said that no pod is there (R11).
namespace gk::kubernetes {
namespace {

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

std::vector<Claim> of_world(const std::vector<Claim>& claims, World world) {
    std::vector<Claim> out;
    for (const auto& it : claims) {
        if (it.world == world && !it.is_leaving) out.push_back(it);
    }
    return out;
}

bool stays(const ObjectPtr& object, const Claim& claim) {
    if (object == nullptr || wire::kubernetes::uid_of(*object) != claim.object_uid) return false;
    return wire::kubernetes::text_at(*object, {"metadata", "deletionTimestamp"}).empty();
}

}  // namespace

Runtime::Answer<Success> ClusterRuntime::make_claim(NewClaim wish) {
    wish.storage_class = options_.storage_class;
    auto document = claim(wish);
    const auto made = co_await client_.create(resources::claims, std::move(document));
    if (!made && made.error().kind == Failure::Kind::exists)
        co_return fail(RuntimeError::Kind::unavailable,
                       "the claim " + claim_name(wish.server.name, wish.number) + " is there already, and is not known yet");
    if (!made && made.error().kind == Failure::Kind::forbidden)
        co_return fail(RuntimeError::Kind::exhausted, "the cluster refuses the claim: " + made.error().detail);
    if (!made) co_return std::unexpected(error_of(made.error()));
    view_.claims().wrote(wire::kubernetes::key_of(*made), wire::kubernetes::version_of(*made));
    co_return Success{};
}

Runtime::Answer<Success> ClusterRuntime::remove_claims(const ObjectKey& server, std::vector<Claim> which) {
    for (const auto& it : which) {
        const ObjectKey key{server.space, it.name};
        Preconditions only{.uid = it.object_uid, .version = {}};
        const auto removed = co_await client_.remove(resources::claims, key, std::move(only));
        if (!removed && removed.error().kind == Failure::Kind::not_found) continue;
        if (!removed) co_return std::unexpected(error_of(removed.error()));
    }
    // They are leaving, or gone, as soon as the copy shows the answers; a claim that a pod still holds stays for a while.
    const auto deadline = clock_.now() + Milliseconds(10'000);
    for (const auto& it : which) {
        const ObjectKey key{server.space, it.name};
        while (stays(view_.claims().store().find(key), it)) {
            if (clock_.now() >= deadline) co_return fail(RuntimeError::Kind::unavailable, "the claim " + it.name + " is still there");
            co_await view_.change_by(deadline);
        }
    }
    co_return Success{};
}

Runtime::Answer<Success> ClusterRuntime::create_disk(ServerUid uid, DiskSpec spec, Epoch epoch) {
    CO_TRY_OK(links_.admit(epoch));
    CO_TRY(server, co_await settled(uid));
    const auto claims = view_.claims(uid, server);
    if (usable_claim(claims)) co_return Success{};
    NewClaim wish{.uid = uid, .server = std::move(server), .number = next_number(claims), .world = World::live, .size = spec.size, .epoch = epoch};
    co_return co_await make_claim(std::move(wish));
}

Runtime::Answer<ObjectKey> ClusterRuntime::at_rest(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(links_.admit(epoch));
    CO_TRY(server, co_await settled(uid));
    CO_TRY_OK(co_await must_not_run(uid, server));
    CO_TRY_OK(co_await pods_.stop(uid, server, epoch));
    links_.drop(uid);
    CO_TRY_OK(co_await pods_.prove_stopped(uid, server));
    co_return server;
}

Runtime::Answer<Success> ClusterRuntime::free_disk(ServerUid uid, Epoch epoch) {
    CO_TRY(server, co_await at_rest(uid, epoch));
    co_return co_await remove_claims(server, of_world(view_.claims(uid, server), World::live));
}

Runtime::Answer<Success> ClusterRuntime::stage_disk(ServerUid uid, DiskSpec spec, Epoch epoch) {
    CO_TRY_OK(co_await discard_staged(uid, epoch));
    CO_TRY(server, co_await settled(uid));
    const auto number = next_number(view_.claims(uid, server));
    NewClaim wish{.uid = uid, .server = std::move(server), .number = number, .world = World::staged, .size = spec.size, .epoch = epoch};
    co_return co_await make_claim(std::move(wish));
}

Runtime::Answer<Success> ClusterRuntime::commit_staged(ServerUid uid, Epoch epoch) {
    CO_TRY(server, co_await at_rest(uid, epoch));
    const auto claims = view_.claims(uid, server);
    const auto staged = staged_claim(claims);
    if (!staged && !live_claim(claims)) co_return fail(RuntimeError::Kind::not_found, "there is no staged disk to switch to");
    if (!staged) co_return co_await remove_claims(server, stale_claims(claims));
    const ObjectKey key{server.space, staged->name};
    auto patch = claim_commit(epoch);
    const auto patched = co_await client_.merge(resources::claims, key, std::move(patch));
    if (!patched) co_return std::unexpected(error_of(patched.error()));
    view_.claims().wrote(key, wire::kubernetes::version_of(*patched));
    // From here on the staged one is the world, whatever becomes of the others: it has the highest number.
    co_return co_await remove_claims(server, of_world(claims, World::live));
}

Runtime::Answer<Success> ClusterRuntime::discard_staged(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(links_.admit(epoch));
    CO_TRY(server, co_await settled(uid));
    co_return co_await remove_claims(server, of_world(view_.claims(uid, server), World::staged));
}

Runtime::Answer<Success> ClusterRuntime::forget(ServerUid uid, Epoch epoch) {
    const auto known = place(uid);
    if (!known && known.error().kind == RuntimeError::Kind::not_found) co_return Success{};
    CO_TRY(server, co_await at_rest(uid, epoch));
    CO_TRY_OK(co_await remove_claims(server, of_world(view_.claims(uid, server), World::live)));
    CO_TRY_OK(co_await remove_claims(server, of_world(view_.claims(uid, server), World::staged)));
    used_.erase(uid);
    co_return co_await pods_.forget(uid, std::move(server));
}

}  // namespace gk::kubernetes
