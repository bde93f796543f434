#include "adapters/kubernetes/runtime/space_budgets.hpp"

#include <utility>

#include "adapters/kubernetes/objects/space_budget.hpp"
#include "adapters/kubernetes/runtime/world_pods.hpp"
#include "base/scope_entry.hpp"

namespace gk::kubernetes {

Runtime::Answer<Success> SpaceBudgets::keep(std::string space) {
    while (making_.contains(space)) co_await made_.wait();
    if (kept_.contains(space)) co_return Success{};
    auto made = co_await make(std::move(space));
    made_.wake_all();
    co_return made;
}

Runtime::Answer<Success> SpaceBudgets::make(std::string space) {
    const ScopeEntry making(making_, space);
    auto budget = space_budget(space);
    const auto applied = co_await client_.apply(resources::disruption_budgets, std::move(budget), true);
    if (!applied) co_return std::unexpected(error_of(applied.error()));
    kept_.insert(std::move(space));
    co_return Success{};
}

// A world may come while the call is on its way, whose own call may have been the first of the two to arrive.
Runtime::Answer<Success> SpaceBudgets::let_go(ServerUid uid, std::string space) {
    if (has_others(uid, space)) co_return Success{};
    kept_.erase(space);
    ObjectKey key{space, std::string(budget_name)};
    Preconditions none;
    const auto removed = co_await client_.remove(resources::disruption_budgets, std::move(key), std::move(none));
    if (!removed && removed.error().kind != Failure::Kind::not_found) co_return std::unexpected(error_of(removed.error()));
    if (!has_others(uid, space)) co_return Success{};
    kept_.erase(space);
    co_return co_await keep(std::move(space));
}

bool SpaceBudgets::has_others(ServerUid uid, const std::string& space) const {
    const auto& claims = view_.claims().store().all();
    for (auto at = claims.lower_bound(ObjectKey{space, std::string()}); at != claims.end() && at->first.space == space; ++at) {
        const auto owner = server_of(*at->second);
        const bool is_leaving = wire::kubernetes::find_at(*at->second, {"metadata", "deletionTimestamp"}) != nullptr;
        if (owner && *owner != uid && !is_leaving) return true;
    }
    return false;
}

}  // namespace gk::kubernetes
