#include "adapters/kubernetes/store/game_resources.hpp"

#include <utility>

#include "adapters/kubernetes/objects/conditions.hpp"
#include "adapters/kubernetes/objects/names.hpp"
#include "async/deadline.hpp"
#include "async/task_group.hpp"
#include "async/this_executor.hpp"
#include "base/log.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::key_of;
using wire::kubernetes::text_at;

constexpr std::size_t shows_at_once = 2;

Value member_of(const Value& object, std::string_view name) {
    const auto* found = object.find(name);
    return found != nullptr ? *found : Value();
}

std::int64_t generation_of(const Value& object) {
    const auto* found = find_at(object, {"metadata", "generation"});
    return found != nullptr && found->as_int() != nullptr ? *found->as_int() : 0;
}

Condition accepted(const GameVerdict& verdict) {
    if (verdict.refused.empty()) return {.type = "Accepted", .status = "True", .reason = "Accepted", .message = {}};
    auto message = verdict.refused;
    if (!verdict.accepted.is_null()) message += "; until that is mended, the definition before it counts";
    return {.type = "Accepted", .status = "False", .reason = "Invalid", .message = std::move(message)};
}

Condition available(const GameVerdict& verdict) {
    if (verdict.accepted.is_null()) return {.type = "Available", .status = "False", .reason = "NotAccepted", .message = {}};
    if (!verdict.missing.empty()) return {.type = "Available", .status = "False", .reason = "NoSource", .message = verdict.missing};
    return {.type = "Available", .status = "True", .reason = "Available", .message = {}};
}

// The API server orders members in its own way, so that documents are not compared as wholes.
bool says_the_same(const Value& object, const GameVerdict& verdict) {
    const auto status = member_of(object, "status");
    if (status.as_object() == nullptr || member_of(status, "observedGeneration") != Value(generation_of(object))) return false;
    const auto conditions = conditions_in(status);
    return member_of(status, "accepted") == verdict.accepted && condition_in(conditions, "Accepted") == accepted(verdict) &&
           condition_in(conditions, "Available") == available(verdict);
}

}  // namespace

Resource games() { return {.group = std::string(group), .version = "v1alpha1", .plural = "games"}; }

GameDeclaration game_declaration_of(const Value& object) {
    GameDeclaration out{.name = key_of(object).name, .generation = generation_of(object), .definition = member_of(object, "spec"), .accepted = {}};
    if (const auto* kept = find_at(object, {"status", "accepted"})) out.accepted = *kept;
    return out;
}

Value game_status_with(const Value& object, const GameVerdict& verdict, Time now) {
    const auto old = member_of(object, "status");
    auto out = Value::object({{"observedGeneration", generation_of(object)}});
    auto conditions = old.as_object() != nullptr ? conditions_in(old) : Value(Value::Array());
    out.set("conditions", with_condition(with_condition(std::move(conditions), accepted(verdict), now), available(verdict), now));
    if (!verdict.accepted.is_null()) out.set("accepted", verdict.accepted);
    return out;
}

GameResources::GameResources(Client client, Random& random, EventTeller& events, Place place)
    : client_(client),
      events_(events),
      place_(std::move(place)),
      informer_(client, random, games(), {.space = place_.space, .labels = {}, .fields = {}},
                [this](const wire::kubernetes::Store::Change& change) { saw(change); }),
      workers_(client_.clock(), shows_at_once, [this](ObjectKey key) { return show(std::move(key)); }) {}

Task<void> GameResources::run() {
    async::TaskGroup showing(co_await async::this_executor);
    showing.spawn("Games are shown", workers_.run());
    auto watching = informer_.run();
    co_await async::run_with(showing, std::move(watching));
}

void GameResources::show_all() {
    for (const auto& [key, object] : informer_.store().all()) workers_.add(key);
}

// Our own status is no news.
void GameResources::saw(const wire::kubernetes::Store::Change& change) {
    if (!change.after) {
        verdicts_.erase(change.key);
        return listener_.drop(change.key.name);
    }
    const auto declaration = game_declaration_of(*change.after);
    const bool is_known = change.before && game_declaration_of(*change.before).definition == declaration.definition && verdicts_.contains(change.key);
    if (!is_known) verdicts_.insert_or_assign(change.key, listener_.take(declaration));
    workers_.add(change.key);
}

Task<Turn> GameResources::show(ObjectKey key) {
    const auto object = informer_.store().find(key);
    const auto verdict = verdicts_.find(key);
    if (!place_.leads() || !object || verdict == verdicts_.end()) co_return Turn{};
    const auto said = verdict->second;
    if (says_the_same(*object, said)) co_return Turn{};
    auto next = *object;
    next.set("status", game_status_with(*object, said, client_.clock().now()));
    const auto written = co_await client_.update(games(), std::move(next), "status");
    if (!written) {
        log::debug("kubernetes", "a Game's status was not written", {{"game", key.text()}, {"reason", written.error().detail}});
        co_return Turn{.is_good = written.error().kind == Failure::Kind::not_found};
    }
    const auto before = member_of(*object, "status");
    const bool is_known = before.as_object() != nullptr && condition_in(conditions_in(before), "Accepted") == accepted(said);
    if (!said.refused.empty() && !is_known)
        events_.tell(std::make_shared<const Value>(*written), {.reason = "Refused", .note = said.refused, .is_warning = true, .action = "TakeIn"});
    co_return Turn{};
}

}  // namespace gk::kubernetes
