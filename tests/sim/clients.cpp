#include "tests/sim/clients.hpp"

#include <algorithm>
#include <array>

namespace gk::sim {
namespace {

using namespace std::chrono_literals;
using server::Verb;

constexpr std::size_t wishes_kept = 20;
constexpr std::uint32_t tries_max = 4;
constexpr Milliseconds repeated_within = 12h;  // A key is remembered for a day.

const app::Caller somebody{.name = "somebody"};

}  // namespace

Clients::Clients(Ground& ground, std::uint64_t seed) : ground_(ground), dice_(seed, 5), names_(1 + dice_.below(4)) {}

void Clients::act(Life& life) {
    if (dice_.chance(0.25) && repeat_something(life)) return;
    auto& servers = ground_.state->servers;
    if (servers.size() < names_ && dice_.chance(0.2)) return create(life);
    if (servers.empty()) return;
    ask(life, wish_for(std::next(servers.begin(), static_cast<std::ptrdiff_t>(dice_.below(servers.size())))->second));
}

bool Clients::repeat_something(Life& life) {
    if (wishes_.empty()) return false;
    const auto wish = wishes_[dice_.below(wishes_.size())];
    if (wish->tries >= tries_max || ground_.now - wish->first_asked_at > repeated_within) return false;
    if (wish->answer && dice_.chance(0.3)) {
        auto other = std::make_shared<Wish>(*wish);
        other->once.digest += " and more";
        other->is_false = true;
        ask(life, other);
        return true;
    }
    ask(life, wish);
    return true;
}

bool Clients::help(Life& life) {
    const auto& servers = ground_.state->servers;
    const auto needs_help = [](const auto& entry) {
        const auto& record = entry.second;
        return !record.request && (record.given_up || record.phase == server::Phase::stopped);
    };
    const auto at = std::ranges::find_if(servers, needs_help);
    if (at == servers.end()) return false;
    auto wish = std::make_shared<Wish>();
    wish->id = at->second.id;
    wish->verb.verb = Verb::start;
    ask(life, std::move(wish));
    return true;
}

void Clients::create(Life& life) {
    using World = app::CreateOrder::World;
    using Action = server::Schedule::Action;
    auto wish = std::make_shared<Wish>();
    wish->kind = Wish::Kind::create;
    wish->id = fmt::format("world-{}", dice_.below(names_));
    auto& order = wish->create;
    order.id = wish->id;
    order.game = "toy";
    order.settings["slots"] = Value(static_cast<std::int64_t>(dice_.below(100)));
    static constexpr std::array worlds = {World::unsaid, World::adopt, World::adopt, World::fresh};
    order.world = worlds[dice_.below(worlds.size())];
    order.start = dice_.chance(0.8);
    static constexpr std::array actions = {Action::backup, Action::restart, Action::command};
    if (dice_.chance(0.3)) {
        server::Schedule schedule;
        schedule.at = fmt::format("*/{} * * * *", 2 + dice_.below(6));
        schedule.action = actions[dice_.below(actions.size())];
        if (schedule.action == Action::command) schedule.command = "say the hour";
        order.schedules.push_back(std::move(schedule));
    }
    wish->once.key = fresh_key();
    ask(life, wish);
}

Clients::Held Clients::wish_for(const server::Record& record) {
    auto wish = std::make_shared<Wish>();
    wish->id = record.id;
    wish->once.key = fresh_key();
    const auto choice = dice_.below(10);
    if (choice == 0) {
        wish->kind = Wish::Kind::command;
        wish->line = wish->once.key.empty() ? "say hello" : fmt::format("once {}", ++lines_);
    } else if (choice < 3) {
        wish->kind = Wish::Kind::patch;
        wish->once.key.clear();
        wish->patch.settings = std::map<std::string, Value>{{"slots", Value(static_cast<std::int64_t>(dice_.below(100)))}};
        if (dice_.chance(0.2)) wish->patch.schedules = std::vector<server::Schedule>();
    } else choose_verb(*wish, record);
    return wish;
}

void Clients::choose_verb(Wish& wish, const server::Record& record) {
    static constexpr std::array verbs = {Verb::start,   Verb::start,  Verb::start,  Verb::pause,  Verb::pause,   Verb::stop,        Verb::stop,
                                         Verb::restart, Verb::remove, Verb::backup, Verb::backup, Verb::restore, Verb::restore_undo};
    auto& order = wish.verb;
    const auto chosen = dice_.below(verbs.size());
    order.verb = verbs[chosen];
    // One of its two pauses is that of a world in which nobody plays.
    if (order.verb == Verb::pause && verbs[chosen - 1] == Verb::pause) order.cause.kind = server::Cause::Kind::idle;
    if (order.verb == Verb::remove && dice_.chance(0.6)) order.verb = Verb::start;
    if (dice_.chance(0.05)) order.force = record.id;
    if (order.verb == Verb::remove && dice_.chance(0.3)) order.purge = record.id;
    if (order.verb == Verb::restore) order.snapshot = some_snapshot(record.uid);
}

std::optional<SnapshotId> Clients::some_snapshot(ServerUid uid) {
    auto all = ground_.snapshots(uid);
    std::erase_if(all, [](const vault::Snapshot& it) { return it.status != vault::SnapshotStatus::complete; });
    if (all.empty()) return std::nullopt;
    return all[dice_.below(all.size())].id;
}

void Clients::ask(Life& life, Held wish) {
    if (wish->tries++ == 0) wish->first_asked_at = ground_.now;
    if (wish->once.digest.empty()) wish->once.digest = fmt::format("{} of {}", std::to_underlying(wish->kind), wish->once.key);
    if (wish->tries == 1 && !wish->is_false && !wish->once.key.empty()) wishes_.push_back(wish);
    if (wishes_.size() > wishes_kept) wishes_.erase(wishes_.begin());
    ground_.note("a client asks", {}, std::to_underlying(wish->kind) * 100U + std::to_underlying(wish->verb.verb));
    life.spawn(carry(life, std::move(wish)));
}

Task<void> Clients::carry(Life& life, Held wish) {
    // As the API does: nothing is changed before the keeper has taken over.
    co_await life.takes_over();
    auto& servers = life.servers();
    const std::string space = "default";
    switch (wish->kind) {
    case Wish::Kind::create: {
        const auto answer = co_await servers.create(somebody, wish->create, wish->once);
        hear(*wish, answer);
        break;
    }
    case Wish::Kind::verb: {
        const auto answer = co_await servers.ask(somebody, space, wish->id, wish->verb, wish->once);
        hear(*wish, answer);
        break;
    }
    case Wish::Kind::patch: {
        const auto asked = ground_.settings_asked.insert(text_of(wish->patch.settings.value()));
        const auto answer = co_await servers.patch(somebody, space, wish->id, wish->patch);
        if (answer) {
            ground_.settings_asked.erase(asked);  // Others may have asked for the same and not been answered.
            ground_.promise_settings(answer->record);
        }
        break;
    }
    case Wish::Kind::command: {
        app::Servers::CommandOrder order;
        order.line = wish->line;
        order.epoch = life.epoch();
        const auto answer = co_await servers.command(somebody, space, wish->id, order, wish->once);
        if (!answer) hear_error(*wish, answer.error());
        else if (wish->is_false) ground_.breach("I6: another request was accepted under a key that was used");
        else wish->answer = OperationId();
        break;
    }
    }
}

void Clients::hear(Wish& wish, const Result<app::Accepted, app::Error>& answer) {
    if (!answer) return hear_error(wish, answer.error());
    wish.is_open = false;
    const auto& operation = answer->operation;
    if (wish.is_false) return ground_.breach("I6: another request was accepted under a key that was used");
    if (wish.answer && *wish.answer != operation.id)
        return ground_.breach("I6: the same request under the same key was answered with another operation");
    wish.answer = operation.id;
    if (!answer->changed && wish.once.key.empty()) return;  // It held already; nothing is stored of that.
    if (!ground_.state->operations.contains(operation.id)) return ground_.breach("I5: an operation was acknowledged and is not stored");
    ground_.promised.insert(operation.id);
    if (wish.tries == 1) ground_.taken_on.insert(operation.id);
    if (wish.kind == Wish::Kind::create && wish.tries == 1 && !ground_.has_known(operation.server))
        ground_.breach("I5: a server was acknowledged and is not stored");
}

void Clients::hear_error(Wish& wish, const app::Error& error) {
    ground_.note("a client hears " + error.code);
    if (wish.is_false && error.kind != app::Error::Kind::unavailable && error.code != "idempotency_mismatch" && wish.kind != Wish::Kind::command) {
        return ground_.breach("I6: another request under a key that was used was answered with " + error.code);
    }
    wish.is_open = error.kind == app::Error::Kind::unavailable;
}

}  // namespace gk::sim
