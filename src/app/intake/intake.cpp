#include "app/intake/intake.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "app/intake/changes.hpp"
#include "app/servers/kept.hpp"
#include "app/servers/orders.hpp"
#include "async/deadline.hpp"
#include "async/this_executor.hpp"
#include "base/log.hpp"
#include "domain/server/declared.hpp"

namespace gk::app {
namespace {

using namespace std::chrono_literals;

// How many declarations are looked at together: each look is a handful of calls that mostly wait.
constexpr int looks_at_once = 8;
// When something was refused that may become possible by itself: no room, another operation under way.
constexpr Milliseconds patience = 15s;
// How long a server that somebody else makes may be without its record: that is one more write.
constexpr Milliseconds making = 5s;
// Lost changes are found by looking at everything now and then.
constexpr Milliseconds look_at_all_every = 10min;

const Caller caller{.name = "declaration"};

bool is_like_that_for_good(const Error& error) {
    using enum Error::Kind;
    return error.kind == invalid || error.kind == unprocessable || error.kind == forbidden;
}

// The same code and sentences as the API's, in one line.
Problem problem_of(const Error& error) {
    Problem out{.code = error.code, .detail = error.message};
    // One field's sentence says more than that one field is wrong.
    if (!error.fields.empty()) out.detail.clear();
    for (const auto& field : error.fields) {
        if (!out.detail.empty()) out.detail += "; ";
        out.detail += fmt::format("{}: {}", field.pointer.empty() ? "/" : field.pointer, field.detail);
    }
    return out;
}

// What an order for a new server says: the declaration, under the object's name.
Value create_body(const Declaration& declaration) {
    auto body = Value::object({{"id", declaration.name.id}, {"namespace", declaration.name.space}});
    bool start = true;
    for (const auto& [name, value] : *declaration.declared.as_object()) {
        if (name == "replicas") start = value != Value(0);
        else body.set(name, value);
    }
    body.set("start", start);
    return body;
}

// Members that are chosen once. A cluster that knows our schema refuses such a change itself.
void check_kept(const Value& changes, Errors& errors) {
    for (const auto name : kept_members) {
        const auto* changed = changes.find(name);
        if (changed != nullptr && !changed->is_null()) errors.add(pointer_to("", name), "not_allowed", std::string(kept_message(name)));
    }
}

bool is_list(std::string_view name) { return name == "schedules" || name == "notify"; }

// As a body of a patch. What is gone from the declaration is gone: no schedules are an empty list.
Value patch_body(const Value& changes) {
    auto body = Value::object();
    for (const auto name : {"settings", "labels", "schedules", "backup_every", "launch", "wake", "idle", "notify", "exposure"}) {
        const auto* changed = changes.find(name);
        if (changed == nullptr) continue;
        if (!changed->is_null()) body.set(name, *changed);
        else if (is_list(name)) body.set(name, Value::Array());
        else if (std::string_view(name) == "launch") body.set(name, name_of(server::LaunchWay::shim));
        else if (std::string_view(name) != "settings" && std::string_view(name) != "labels") body.set(name, Value());
    }
    return body;
}

std::optional<server::Verb> verb_in(const Value& changes) {
    const auto* replicas = changes.find("replicas");
    if (replicas == nullptr || replicas->is_null()) return std::nullopt;
    return *replicas == Value(0) ? server::Verb::pause : server::Verb::start;
}

// What people have changed since the two were brought together. A server that was made while somebody changed its declaration has no such moment yet:
// then the record is what there was, and nothing counts as taken away.
Value changed_by_people(const Declaration& declaration) {
    if (declaration.met) return changes_between(declaration.met->declaration, declaration.declared);
    return additions_in(changes_between(server::declared(*declaration.record), declaration.declared));
}
Value changed_by_us(const Declaration& declaration) {
    if (!declaration.met) return Value::object();
    return changes_between(declaration.met->record, server::declared(*declaration.record));
}

// What the record was when it said what people wanted. Whether it runs the keeper may have refused by now: that is a change of ours, which is written
// back, so that the same can be wanted again.
Value record_as_met(Value record, const Value& since, const Value& by_people) {
    const auto of_people = changes_without(since, changes_without(since, by_people));
    record = with_changes(std::move(record), of_people);
    if (const auto* replicas = by_people.find("replicas"); replicas != nullptr && !replicas->is_null()) record.set("replicas", *replicas);
    return record;
}

bool is_settled(const Declaration& declaration) {
    if (declaration.is_ending) return declaration.record ? declaration.record->wanted == server::Wanted::deleted : !declaration.is_held;
    return declaration.record && declaration.met && declaration.generation_seen == declaration.generation && !declaration.refused &&
           is_empty(changed_by_people(declaration)) && is_empty(changed_by_us(declaration));
}

bool says_something_new(const Declaration& declaration, const Verdict& verdict) {
    if (verdict.generation != declaration.generation_seen || verdict.refused != declaration.refused) return true;
    if (!verdict.met) return false;
    const auto& known = declaration.met;
    return !known || !is_same_content(known->declaration, verdict.met->declaration) || !is_same_content(known->record, verdict.met->record);
}

}  // namespace

Task<void> Intake::run() {
    async::TaskGroup turns(co_await async::this_executor);
    const auto watching = ports_.declarations.watch([this](const DeclarationName& name) {
        queue_.add(name);
        changed_.raise();
    });
    turns.spawn("all declarations", add_all());
    auto giving = give_turns(turns);
    co_await async::run_with(turns, std::move(giving));
}

Task<void> Intake::add_all() {
    for (;;) {
        const auto names = co_await ports_.declarations.list();
        if (names) {
            for (const auto& name : *names) queue_.add(name);
            changed_.raise();
        }
        co_await ports_.clock.sleep(names ? look_at_all_every : Milliseconds(1s));
    }
}

Task<void> Intake::give_turns(async::TaskGroup& turns) {
    for (;;) {
        const auto name = looking_ < looks_at_once ? queue_.take(ports_.clock.now()) : std::nullopt;
        if (!name) {
            co_await wait();
            continue;
        }
        ++looking_;
        turns.spawn(name->space + "/" + name->id, turn(*name));
    }
}

Task<void> Intake::wait() {
    const auto due = queue_.next_due();
    if (!due || looking_ == looks_at_once) co_return co_await changed_.wait();
    auto waiting = changed_.wait();
    std::ignore = co_await async::finishes_by(ports_.clock, *due, std::move(waiting));
}

Task<void> Intake::turn(DeclarationName name) {
    const auto looked = co_await look_at(name);
    const auto now = ports_.clock.now();
    if (looked.is_good) queue_.forget(name);
    else queue_.add_after_failure(name, now);
    if (looked.is_good && looked.again_after) queue_.add_at(name, now + *looked.again_after);
    queue_.done(name);
    --looking_;
    changed_.raise();
}

Task<Intake::Looked> Intake::look_at(DeclarationName name) {
    if (const auto seen = ports_.declarations.seen(name); !seen || is_settled(*seen)) {
        unfinished_.erase(name);
        co_return Looked{};
    }
    auto declaration = co_await ports_.declarations.get(name);
    const bool is_gone = !declaration && declaration.error().kind == StoreError::Kind::not_found;
    if (is_gone || (declaration && declaration->record)) unfinished_.erase(name);
    if (is_gone) co_return Looked{};
    if (!declaration) co_return Looked{.is_good = false};
    if (is_settled(*declaration)) co_return Looked{};
    if (declaration->is_ending) co_return co_await take_end(std::move(*declaration));
    if (!declaration->record && is_being_made(*declaration)) co_return Looked{.is_good = true, .again_after = making};
    if (!declaration->record) co_return co_await take_new(std::move(*declaration));
    co_return co_await take_changes(std::move(*declaration));
}

// What is held and has no record is made by our API, perhaps by that of another process, or whoever was at it has died. In the first case its ports
// are taken already, under another uid than we would give it.
bool Intake::is_being_made(const Declaration& declaration) {
    if (!declaration.is_held) return false;
    const auto now = ports_.clock.now();
    auto& known = unfinished_[declaration.name];
    if (known.object != declaration.object) known = {.object = declaration.object, .since = now};
    return now - known.since < making;
}

Task<Intake::Looked> Intake::take_new(Declaration declaration) {
    // Should this be interrupted, nobody else is at it.
    unfinished_.insert_or_assign(declaration.name, Unfinished{.object = declaration.object, .since = ports_.clock.now() - making});
    CreateOrder order;
    Errors errors;
    if (!decode(create_body(declaration), "", errors, order)) order.unread = errors.take();
    order.in_the_open = true;
    Idempotency no_key;  // A name is given once; that is enough.
    auto made = co_await ports_.servers.create(caller, std::move(order), std::move(no_key));
    if (!made) co_return co_await conclude(std::move(declaration), std::nullopt, std::move(made).error());
    const auto now = co_await ports_.declarations.get(declaration.name);
    if (!now || !now->record) co_return Looked{.is_good = false};
    Meeting met{.declaration = declaration.declared, .record = server::declared(*now->record)};
    co_return co_await conclude(std::move(declaration), std::move(met), std::nullopt);
}

Task<Intake::Looked> Intake::take_end(Declaration declaration) {
    if (!declaration.record) {
        const auto gone = co_await ports_.declarations.let_go(std::move(declaration));
        co_return Looked{.is_good = gone.has_value()};
    }
    auto refused = co_await ask(declaration.name, server::Verb::remove);
    co_return co_await conclude(std::move(declaration), std::nullopt, std::move(refused));
}

Task<Intake::Looked> Intake::take_changes(Declaration declaration) {
    const auto before = declaration.met ? declaration.met->record : server::declared(*declaration.record);
    const auto by_people = changed_by_people(declaration);
    const auto by_us = changes_without(changed_by_us(declaration), by_people);
    Meeting met{.declaration = declaration.met ? declaration.met->declaration : declaration.declared, .record = with_changes(before, by_us)};

    auto refused = co_await carry_out(declaration, by_people);
    if (!refused) {
        const auto now = co_await ports_.declarations.get(declaration.name);
        if (!now || !now->record) co_return Looked{.is_good = false};
        met.declaration = declaration.declared;
        met.record = record_as_met(std::move(met.record), changes_between(before, server::declared(*now->record)), by_people);
    }
    if (!is_empty(by_us)) {
        auto both = with_changes(declaration.declared, by_us);
        auto mirrored = co_await ports_.declarations.declare(declaration, std::move(both));
        // Somebody has declared something in between: the next look sees both.
        if (!mirrored) co_return Looked{.is_good = false};
        met.declaration = with_changes(std::move(met.declaration), by_us);
        declaration.generation = *mirrored;
    }
    co_return co_await conclude(std::move(declaration), std::move(met), std::move(refused));
}

// Only what the record does not say already: a look that was interrupted has done a part before.
Task<std::optional<Error>> Intake::carry_out(Declaration declaration, Value changes) {
    const auto present = server::declared(*declaration.record);
    const auto missing = changes_between(present, with_changes(present, changes));
    Errors errors;
    check_kept(changes, errors);
    PatchOrder order;
    const auto body = patch_body(missing);
    decode(body, "", errors, order);
    order.in_the_open = true;
    if (!errors.empty()) co_return invalid(errors.take());
    if (!is_empty(body)) {
        auto patched = co_await ports_.servers.patch(caller, declaration.name.space, declaration.name.id, std::move(order));
        if (!patched) co_return std::move(patched).error();
    }
    const auto verb = verb_in(missing);
    if (!verb) co_return std::nullopt;
    co_return co_await ask(declaration.name, *verb);
}

Task<std::optional<Error>> Intake::ask(DeclarationName name, server::Verb verb) {
    VerbOrder order{.verb = verb, .force = {}, .purge = {}, .snapshot = {}};
    Idempotency no_key;
    auto asked = co_await ports_.servers.ask(caller, std::move(name.space), std::move(name.id), std::move(order), std::move(no_key));
    if (!asked) co_return std::move(asked).error();
    co_return std::nullopt;
}

Task<Intake::Looked> Intake::conclude(Declaration declaration, std::optional<Meeting> met, std::optional<Error> refused) {
    using enum Error::Kind;
    if (refused && (refused->kind == unavailable || refused->kind == internal || refused->kind == not_found)) {
        log::warning("intake", "a declaration could not be taken in, and is tried again",
                     {{"server", declaration.name.space + "/" + declaration.name.id}, {"reason", refused->message}, {"detail", refused->detail}});
        co_return Looked{.is_good = false};
    }
    Verdict verdict{.generation = declaration.generation, .met = std::move(met), .refused = {}};
    if (refused) verdict.refused = problem_of(*refused);
    Looked looked;
    if (refused && !is_like_that_for_good(*refused)) looked.again_after = patience;
    if (says_something_new(declaration, verdict)) {
        const auto noted = co_await ports_.declarations.note(std::move(declaration), std::move(verdict));
        looked.is_good = noted.has_value() || noted.error().kind == StoreError::Kind::not_found;
    }
    co_return looked;
}

}  // namespace gk::app
