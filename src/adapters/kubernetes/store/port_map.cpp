#include "adapters/kubernetes/store/port_map.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "adapters/kubernetes/objects/service.hpp"
#include "adapters/kubernetes/store/server_store.hpp"

namespace gk::kubernetes {
namespace {

const Resource services{.group = "", .version = "v1", .plural = "services"};
// Each one passes over numbers of somebody else's; whoever has that many in a row has the whole range.
constexpr int tries_max = 50;
constexpr std::size_t page_size = 500;

std::string our_services() { return fmt::format("{}={},{}", manager_label, manager, server_label); }

std::unexpected<PortMapError> unavailable(std::string detail) {
    return std::unexpected(PortMapError{.kind = PortMapError::Kind::unavailable, .detail = std::move(detail)});
}
std::unexpected<PortMapError> exhausted(std::string detail) {
    return std::unexpected(PortMapError{.kind = PortMapError::Kind::exhausted, .detail = std::move(detail)});
}

PortRange range_of(const KubernetesPortMap::Rules& rules, server::Exposure::Kind kind) {
    switch (kind) {
    case server::Exposure::Kind::host_port: return rules.host_ports;
    case server::Exposure::Kind::edge: return rules.edge_ports;
    case server::Exposure::Kind::node_port:
    case server::Exposure::Kind::load_balancer:
    case server::Exposure::Kind::internal: return rules.range;
    }
    std::unreachable();
}

// The API server gives no node port to two. Of numbers that nodes or edges open by themselves it knows nothing.
bool is_watched_by_nobody(server::Exposure::Kind kind) { return kind == server::Exposure::Kind::host_port || kind == server::Exposure::Kind::edge; }

Value balancer_of(const Value& service) {
    const auto* found = wire::kubernetes::find_at(service, {"status", "loadBalancer"});
    return found != nullptr ? *found : Value();
}

// The API server's allocator has no reason of its own for it, only this sentence.
bool is_taken_number(const Failure& failure) {
    const auto says_so = [](const std::string& text) { return text.find("already allocated") != std::string::npos; };
    return failure.kind == Failure::Kind::invalid &&
           (says_so(failure.detail) || std::ranges::any_of(failure.causes, says_so, &Failure::Cause::message));
}

}  // namespace

KubernetesPortMap::KubernetesPortMap(Client client, Random& random, Rules rules)
    : client_(client),
      rules_(std::move(rules)),
      book_({.range = rules_.range}),
      services_(std::move(client), random, services, {.space = rules_.space, .labels = our_services(), .fields = {}},
                [this](const wire::kubernetes::Store::Change& change) { saw(change); }) {}

Result<Success, PortMapError> KubernetesPortMap::must_know() const {
    if (services_.store().has_synced()) return Success{};
    return unavailable("the Services of the cluster have not been read yet");
}

void KubernetesPortMap::saw(const wire::kubernetes::Store::Change& change) {
    using wire::kubernetes::uid_of;
    // A newer list shows another Service of the name, and nothing of the end of the first one.
    const bool is_over = change.before && (!change.after || uid_of(*change.before) != uid_of(*change.after));
    if (is_over) let_go(*change.before);
    if (change.after) note(*change.after);
    if (!change.before || !change.after || balancer_of(*change.before) == balancer_of(*change.after)) return;
    if (const auto reserved = reserved_by(*change.after)) address_changed_(reserved->server);
}

ObjectPtr KubernetesPortMap::service_of(ServerUid uid) const {
    const auto at = known_.find(uid);
    return at == known_.end() ? nullptr : services_.store().find(at->second.key);
}

void KubernetesPortMap::let_go(const Value& service) {
    const auto gone = reserved_by(service);
    const auto at = gone ? known_.find(gone->server) : known_.end();
    // Another Service may have taken its place already.
    if (at == known_.end() || at->second.object_uid != wire::kubernetes::uid_of(service)) return;
    book_.release(at->first, client_.clock().now());
    known_.erase(at);
}

void KubernetesPortMap::note(const Value& service) {
    const auto reserved = reserved_by(service);
    if (!reserved) return;
    book_.change(reserved->server, reserved->ports, client_.clock().now());
    known_.insert_or_assign(reserved->server, Known{.key = wire::kubernetes::key_of(service),
                                                    .object_uid = std::string(wire::kubernetes::uid_of(service)),
                                                    .exposure = reserved->exposure,
                                                    .ports = reserved->ports});
}

PortMap::Answer<std::vector<server::PortBinding>> KubernetesPortMap::reserve(PortOwner owner, std::vector<PortWish> wishes,
                                                                             std::vector<server::PortBinding> before) {
    CO_TRY_OK(must_know());
    const auto exposure = owner.exposure.value_or(server::Exposure());
    const Wish wish{.owner = std::move(owner), .exposure = exposure, .ports = std::move(wishes), .before = std::move(before)};
    bool is_shared = false;
    for (int tried = 0; tried < tries_max; ++tried) {
        const auto at = known_.find(wish.owner.uid);
        const auto there = at != known_.end() ? std::optional(at->second) : std::nullopt;
        if (there && there->exposure == exposure && !is_shared) co_return there->ports;
        auto chosen = choose(wish, there, tried == 0);
        if (!chosen) co_return exhausted(std::move(chosen).error().detail);
        // From now on they are nobody else's; what is given up rests for longer than the calls can take.
        book_.change(wish.owner.uid, *chosen, client_.clock().now());
        if (there) CO_TRY_OK(co_await change(wish, *there, *chosen));
        else CO_TRY_OK(co_await make(wish, *chosen));
        if (!is_watched_by_nobody(exposure.kind)) continue;
        CO_TRY(shared, co_await give_way(wish.owner.uid));
        is_shared = shared;
    }
    const auto range = range_of(rules_, exposure.kind);
    co_return exhausted(fmt::format("other Services of the cluster have the {} first choices of ports {} to {}; give games a range of their own",
                                    tries_max, std::to_underlying(range.first), std::to_underlying(range.last)));
}

Result<std::vector<server::PortBinding>, PortShortage> KubernetesPortMap::choose(const Wish& wish, const std::optional<Known>& there,
                                                                                 bool is_first) const {
    const auto now = client_.clock().now();
    const auto range = range_of(rules_, wish.exposure.kind);
    if (!there) return book_.choose(wish.owner.uid, range, wish.ports, wish.before, now);
    // Its own numbers first. When somebody else has one of them, which only shows now, they count as taken.
    auto chosen =
        is_first ? book_.choose(wish.owner.uid, range, wish.ports, there->ports, now) : book_.choose(ServerUid(), range, wish.ports, {}, now);
    const bool is_of_pod = wish.exposure.kind == server::Exposure::Kind::host_port || there->exposure.kind == server::Exposure::Kind::host_port;
    if (!chosen || is_of_pod) return chosen;
    // The game may run: it goes on listening where it does, and the Service forwards from another number.
    for (auto& port : *chosen) {
        const auto same = std::ranges::find_if(there->ports, [&](const auto& it) { return it.role == port.role && it.protocol == port.protocol; });
        if (same != there->ports.end()) port.bound = same->bound;
    }
    return chosen;
}

// Whoever finds, after the write, that another one has the number too, takes another: of two that chose at the same time at least the later one
// sees it.
PortMap::Answer<bool> KubernetesPortMap::give_way(ServerUid uid) {
    Selection ours{.space = rules_.space, .labels = our_services(), .fields = {}};
    wire::kubernetes::Reflector::List as_of_now{.version = {}, .page_size = page_size};
    const auto listed = co_await client_.list(services, std::move(ours), std::move(as_of_now));
    if (!listed) co_return unavailable(listed.error().detail);
    const auto at = known_.find(uid);
    if (at == known_.end()) co_return unavailable("the Service of this server has gone");
    const auto held = at->second.ports;
    const auto is_held = [&held](const server::PortBinding& it) {
        return std::ranges::any_of(held, [&it](const auto& own) { return own.open == it.open && own.protocol == it.protocol; });
    };
    bool is_shared = false;
    for (const auto& object : listed->items) {
        const auto other = reserved_by(*object);
        if (!other || other->server == uid || std::ranges::none_of(other->ports, is_held)) continue;
        // Ours first: a number that is given up must not rest when it is somebody's.
        if (!std::exchange(is_shared, true)) book_.release(uid, client_.clock().now());
        note(*object);
    }
    co_return is_shared;
}

PortMap::Answer<bool> KubernetesPortMap::make(const Wish& wish, const std::vector<server::PortBinding>& chosen) {
    auto document = service(wish.owner, wish.exposure, chosen, rules_.of_balancers);
    const auto made = co_await client_.create(services, std::move(document));
    if (made) {
        note(*made);
        co_return true;
    }
    // Released, they rest: the next choice is another one.
    book_.release(wish.owner.uid, client_.clock().now());
    if (is_taken_number(made.error())) co_return false;
    if (made.error().kind == Failure::Kind::exists) co_return co_await adopt(wish.owner);
    co_return unavailable(fmt::format("the Service of '{}' cannot be made: {}", wish.owner.id, store_error(made.error()).detail));
}

PortMap::Answer<bool> KubernetesPortMap::change(const Wish& wish, Known there, const std::vector<server::PortBinding>& chosen) {
    auto patch = service_change(wish.exposure, chosen, rules_.of_balancers);
    const auto changed = co_await client_.merge(services, there.key, std::move(patch));
    if (changed && wire::kubernetes::uid_of(*changed) == there.object_uid) {
        note(*changed);
        co_return true;
    }
    book_.change(wish.owner.uid, there.ports, client_.clock().now());
    if (!changed && is_taken_number(changed.error())) co_return false;
    co_return unavailable(
        fmt::format("the Service of '{}' cannot be changed: {}", wish.owner.id, changed ? "somebody has made it anew" : changed.error().detail));
}

PortMap::Answer<bool> KubernetesPortMap::adopt(const PortOwner& owner) {
    ObjectKey key{owner.space, object_name(owner.id)};
    const auto there = co_await client_.get(services, std::move(key));
    if (!there) co_return unavailable(there.error().detail);
    const bool is_leaving = wire::kubernetes::find_at(*there, {"metadata", "deletionTimestamp"}) != nullptr;
    if (is_leaving) {
        co_return unavailable(fmt::format("the Service {} in namespace {} is still being removed: the cloud gives its load balancer back",
                                          object_name(owner.id), owner.space));
    }
    const auto reserved = reserved_by(*there);
    if (reserved && reserved->server != owner.uid) {
        note(*there);  // So that it can be released.
        co_return std::unexpected(PortMapError{.kind = PortMapError::Kind::unavailable,
                                               .detail = fmt::format("the Service {} in namespace {} belongs to the server {}", object_name(owner.id),
                                                                     owner.space, reserved->server.text()),
                                               .holder = reserved->server});
    }
    if (!reserved) {
        co_return unavailable(fmt::format("the Service {} in namespace {} belongs to something else; remove it, or choose another name",
                                          object_name(owner.id), owner.space));
    }
    // What an answer that was lost had made. Those numbers, and not the ones just chosen.
    note(*there);
    co_return false;
}

PortMap::Answer<Success> KubernetesPortMap::release(ServerUid server) {
    CO_TRY_OK(must_know());
    const auto at = known_.find(server);
    if (at == known_.end()) {
        book_.release(server, client_.clock().now());
        co_return Success{};
    }
    const auto known = at->second;
    const auto key = known.key;
    Preconditions only{.uid = known.object_uid, .version = {}};
    const auto removed = co_await client_.remove(services, key, std::move(only));
    const bool is_gone = removed || removed.error().kind == Failure::Kind::not_found || removed.error().kind == Failure::Kind::conflict;
    if (!is_gone) co_return unavailable(removed.error().detail);
    const auto again = known_.find(server);
    if (again == known_.end() || again->second.object_uid != known.object_uid) co_return Success{};
    book_.release(server, client_.clock().now());
    known_.erase(again);
    co_return Success{};
}

PortMap::Answer<std::vector<PortMap::Reservation>> KubernetesPortMap::list() {
    CO_TRY_OK(must_know());
    co_return book_.held();
}

}  // namespace gk::kubernetes
