#include "adapters/kubernetes/port_map.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/names.hpp"
#include "adapters/kubernetes/service.hpp"

namespace gk::kubernetes {
namespace {

const Resource services{.group = "", .version = "v1", .plural = "services"};
// Each one passes over numbers of somebody else's; whoever has that many in a row has the whole range.
constexpr int tries_max = 50;

std::string our_services() { return fmt::format("{}={},{}", manager_label, manager, server_label); }

std::unexpected<PortMapError> unavailable(std::string detail) {
    return std::unexpected(PortMapError{.kind = PortMapError::Kind::unavailable, .detail = std::move(detail)});
}
std::unexpected<PortMapError> exhausted(std::string detail) {
    return std::unexpected(PortMapError{.kind = PortMapError::Kind::exhausted, .detail = std::move(detail)});
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
    if (change.after != nullptr) return hold(*change.after);
    const auto gone = reserved_by(*change.before);
    const auto at = gone ? known_.find(gone->server) : known_.end();
    // Another Service may have taken its place already.
    if (at == known_.end() || at->second.object_uid != wire::kubernetes::uid_of(*change.before)) return;
    book_.release(at->first, client_.clock().now());
    known_.erase(at);
}

void KubernetesPortMap::hold(const Value& service) {
    const auto reserved = reserved_by(service);
    if (!reserved) return;
    book_.hold(reserved->server, reserved->ports);
    known_.insert_or_assign(reserved->server,
                            Known{.key = wire::kubernetes::key_of(service), .object_uid = std::string(wire::kubernetes::uid_of(service))});
}

PortMap::Answer<std::vector<server::PortBinding>> KubernetesPortMap::reserve(PortOwner owner, std::vector<PortWish> wishes,
                                                                             std::vector<server::PortBinding> before) {
    CO_TRY_OK(must_know());
    for (int tried = 0; tried < tries_max; ++tried) {
        const bool is_made = known_.contains(owner.uid);
        auto chosen = book_.reserve(owner.uid, wishes, before, client_.clock().now());
        if (!chosen) co_return exhausted(std::move(chosen).error().detail);
        if (is_made) co_return std::move(*chosen);
        CO_TRY(made, co_await make(owner, *chosen));
        if (made) co_return std::move(*chosen);
    }
    co_return exhausted(fmt::format("other Services of the cluster have the {} first choices of ports {} to {}; give games a range of their own",
                                    tries_max, std::to_underlying(rules_.range.first), std::to_underlying(rules_.range.last)));
}

PortMap::Answer<bool> KubernetesPortMap::make(const PortOwner& owner, const std::vector<server::PortBinding>& chosen) {
    server::Exposure usual;
    usual.kind = rules_.exposure;
    auto document = service(owner, owner.exposure.value_or(usual), chosen);
    const auto made = co_await client_.create(services, std::move(document));
    if (made) {
        hold(*made);
        co_return true;
    }
    if (is_taken_number(made.error())) {
        // Released, they rest: the next choice is another one.
        book_.release(owner.uid, client_.clock().now());
        co_return false;
    }
    if (made.error().kind == Failure::Kind::exists) co_return co_await adopt(owner);
    co_return unavailable(fmt::format("the Service of '{}' cannot be made: {}", owner.id, made.error().detail));
}

PortMap::Answer<bool> KubernetesPortMap::adopt(const PortOwner& owner) {
    ObjectKey key{owner.space, object_name(owner.id)};
    const auto there = co_await client_.get(services, std::move(key));
    if (!there) co_return unavailable(there.error().detail);
    const auto reserved = reserved_by(*there);
    if (!reserved || reserved->server != owner.uid) {
        co_return unavailable(fmt::format("the Service {} in namespace {} belongs to something else; remove it, or choose another name",
                                          object_name(owner.id), owner.space));
    }
    // What an answer that was lost had made. Those numbers, and not the ones just chosen.
    book_.release(owner.uid, client_.clock().now());
    hold(*there);
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
