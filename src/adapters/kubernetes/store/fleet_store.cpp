#include "adapters/kubernetes/store/fleet_store.hpp"

#include <utility>

#include "adapters/kubernetes/objects/conditions.hpp"
#include "adapters/kubernetes/objects/names.hpp"
#include "async/task_group.hpp"
#include "async/this_executor.hpp"
#include "base/log.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::uid_of;
using wire::kubernetes::version_of;

// How often a status is brought up to date: a write for each match would be too many.
constexpr Milliseconds between_shows{1'000};

std::unexpected<StoreError> fail(const Failure& failure) {
    using Kind = StoreError::Kind;
    const auto kind = failure.kind == Failure::Kind::not_found  ? Kind::not_found
                      : failure.kind == Failure::Kind::conflict ? Kind::conflict
                                                                : Kind::unavailable;
    return std::unexpected(StoreError{kind, "the cluster's API server: " + failure.detail});
}

bool is_leaving(const Value& object) { return find_at(object, {"metadata", "deletionTimestamp"}) != nullptr; }

// What a status says besides when it came to that; the API server orders members in its own way.
bool says_the_same(const Value& a, const Value& b) {
    for (const auto* name : {"observedGeneration", "starting", "ready", "allocated", "replicas"}) {
        const auto *in_a = a.find(name), *in_b = b.find(name);
        if (in_a == nullptr || in_b == nullptr || *in_a != *in_b) return false;
    }
    const auto old = conditions_in(a), now = conditions_in(b);
    return condition_in(old, "Accepted") == condition_in(now, "Accepted") && condition_in(old, "Ready") == condition_in(now, "Ready");
}

}  // namespace

KubernetesFleetStore::KubernetesFleetStore(boost::asio::any_io_executor loop, Client client, Random& random, std::string space, FleetStore& rows)
    : client_(client),
      space_(std::move(space)),
      rows_(rows),
      knowledge_{.wrong = [](const fleet::Fleet&) { return std::vector<FieldError>(); },
                 .counts = [](const std::string&) { return std::optional<FleetCounts>(); }},
      watchers_(std::move(loop)),
      informer_(std::move(client), random, kubernetes::fleets(), {.space = space_, .labels = {}, .fields = {}},
                [this](const wire::kubernetes::Store::Change& change) { saw(change); }) {}

Task<void> KubernetesFleetStore::run() {
    async::TaskGroup showing(co_await async::this_executor);
    showing.spawn("Fleets are shown", show_again_and_again());
    auto following = informer_.run();
    co_await async::run_with(showing, std::move(following));
}

// Our own status is no news, unless it takes another fleet back.
void KubernetesFleetStore::saw(const wire::kubernetes::Store::Change& change) {
    if (!change.after || is_leaving(*change.after)) {
        if (verdicts_.erase(change.key) > 0) watchers_.notify();
        return;
    }
    auto verdict = judge(*change.after, knowledge_.wrong);
    auto& known = verdicts_[change.key];
    const bool is_news = known.accepted != verdict.accepted;
    known = std::move(verdict);
    if (is_news) watchers_.notify();
}

// What is right may become so without a change of the object: its game was declared later.
Task<void> KubernetesFleetStore::show_again_and_again() {
    for (;;) {
        co_await client_.clock().sleep(between_shows);
        std::vector<ObjectKey> keys;
        for (const auto& [key, object] : informer_.store().all()) keys.push_back(key);
        for (auto& key : keys) {
            if (const auto object = informer_.store().find(key)) saw({.key = key, .before = object, .after = object});
            co_await show(key);
        }
    }
}

Task<void> KubernetesFleetStore::show(ObjectKey key) {
    const auto object = informer_.store().find(key);
    const auto verdict = verdicts_.find(key);
    const auto counts = knowledge_.counts(key.name);
    if (!object || verdict == verdicts_.end() || !counts) co_return;
    auto status = fleet_status_with(*object, verdict->second, *counts, client_.clock().now());
    const auto* before = object->find("status");
    if (before != nullptr && before->as_object() != nullptr && says_the_same(*before, status)) co_return;
    auto next = *object;
    next.set("status", std::move(status));
    const auto written = co_await client_.update(kubernetes::fleets(), std::move(next), "status");
    if (written) informer_.wrote(key, version_of(*written));
    else log::debug("kubernetes", "a Fleet's status was not written", {{"fleet", key.text()}, {"reason", written.error().detail}});
}

Value KubernetesFleetStore::owner_of(const std::string& fleet) const {
    const auto object = informer_.store().find(key_for(fleet));
    return object ? owner_reference(*object) : Value();
}

KubernetesFleetStore::Answer<Success> KubernetesFleetStore::put(fleet::Fleet fleet) {
    auto key = key_for(fleet.name);
    auto there = co_await client_.get(kubernetes::fleets(), key);
    if (!there && there.error().kind != Failure::Kind::not_found) co_return fail(there.error());
    auto object =
        there ? std::move(*there)
              : Value::object(
                    {{"apiVersion", group_version}, {"kind", "Fleet"}, {"metadata", Value::object({{"name", key.name}, {"namespace", key.space}})}});
    object.set("spec", spec_of(fleet));
    auto written =
        there ? co_await client_.update(kubernetes::fleets(), std::move(object)) : co_await client_.create(kubernetes::fleets(), std::move(object));
    if (!written) co_return fail(written.error());
    informer_.wrote(key, version_of(*written));
    saw({.key = std::move(key), .before = nullptr, .after = std::make_shared<const Value>(std::move(*written))});
    co_return Success{};
}

KubernetesFleetStore::Answer<Success> KubernetesFleetStore::remove_fleet(std::string name) {
    auto key = key_for(std::move(name));
    Preconditions none;
    const auto removed = co_await client_.remove_alone(kubernetes::fleets(), key, std::move(none));
    if (!removed && removed.error().kind != Failure::Kind::not_found) co_return fail(removed.error());
    verdicts_.erase(key);
    watchers_.notify();
    co_return Success{};
}

KubernetesFleetStore::Answer<std::vector<fleet::Fleet>> KubernetesFleetStore::fleets() {
    if (!informer_.store().has_synced()) co_return std::unexpected(StoreError{StoreError::Kind::unavailable, "the Fleets have not been read yet"});
    std::vector<fleet::Fleet> all;
    for (const auto& [key, verdict] : verdicts_) {
        if (verdict.accepted) all.push_back(*verdict.accepted);
    }
    co_return all;
}

}  // namespace gk::kubernetes
