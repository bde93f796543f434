#include "app/match/queues.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "domain/match/rules/native.hpp"

namespace gk::app {
namespace {

constexpr std::string_view built_in_game = "match-server";
constexpr Milliseconds ttl_least = std::chrono::seconds(1);
constexpr Milliseconds ttl_most = std::chrono::hours(24);
constexpr Milliseconds acceptance_most = std::chrono::minutes(10);

bool is_name(std::string_view name) {
    const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, is_plain) && name.front() != '-' && name.back() != '-';
}

// The rules, with every pointer below where they stand in the request.
std::optional<std::vector<match::Stage>> read_rules(const Value& document, const std::string& pointer, std::vector<FieldError>& wrong) {
    Errors errors;
    auto stages = match::read_either_rules(document, errors);
    for (auto& error : errors.take()) {
        error.pointer = pointer + error.pointer;
        wrong.push_back(std::move(error));
    }
    return stages;
}

void check_times(const QueueOrder& order, const std::optional<std::vector<match::Stage>>& stages, std::vector<FieldError>& wrong) {
    const auto fail = [&](std::string pointer, std::string detail) {
        wrong.push_back({.pointer = std::move(pointer), .code = "out_of_range", .detail = std::move(detail), .mark = {}});
    };
    if (order.ticket_ttl < ttl_least || order.ticket_ttl > ttl_most) fail("/ticket_ttl", "a ticket waits for 1s to 24h");
    if (order.acceptance > acceptance_most) fail("/acceptance", "players have at most 10m to accept a match");
    if (!stages) return;
    // Whoever polls seldom would be gone before the rules open for it.
    const auto last = stages->back().from;
    if (order.silence < std::max(last, ttl_least)) {
        fail("/silence", fmt::format("the rules go on to relax until {}: players must be allowed to be silent at least so long",
                                     duration_text(std::max(last, ttl_least))));
    }
}

}  // namespace

Queues::Answer<Queues::Stored> Queues::put(Caller caller, QueueOrder order) {
    CO_TRY_OK(may(caller, Action::operate, caller.tenant));
    auto wrong = std::move(order.unread);
    if (!is_name(order.name)) wrong.push_back({"/queue", "bad_format", "a queue's name has 1 to 63 of a-z, 0-9 and '-', and no '-' at its ends", {}});
    if (order.game.empty()) order.game = built_in_game;
    if (!ports_.is_known_game(order.game))
        wrong.push_back({"/game", "not_found", fmt::format("there is no game '{}'; GET /v1/games lists them", order.game), {}});
    const auto stages = read_rules(order.rules, "/rules", wrong);
    check_times(order, stages, wrong);
    auto known = co_await find(caller, order.name);
    if (!known && known.error().kind != Error::Kind::not_found) co_return std::unexpected(std::move(known.error()));
    const auto before = known ? std::optional(std::move(*known)) : std::nullopt;
    CO_TRY_OK(co_await check_fleet(order, before, wrong));
    if (!wrong.empty()) co_return std::unexpected(invalid(std::move(wrong)));

    QueueRecord queue{.name = std::move(order.name),
                      .game = std::move(order.game),
                      .fleet = std::move(order.fleet),
                      .rules = std::move(order.rules),
                      .shadow = before ? before->shadow : std::nullopt,
                      .ticket_ttl = order.ticket_ttl,
                      .silence = order.silence,
                      .acceptance = order.acceptance,
                      .join_tokens = order.join_tokens,
                      .rating = std::move(order.rating),
                      .generation = before ? before->generation + 1 : 1};
    CO_TRY(stored, co_await store(std::move(queue)));
    co_return Stored{.queue = std::move(stored), .is_new = !before};
}

// One that it has had is no mistake of this order, even when it is gone by now.
Queues::Answer<Success> Queues::check_fleet(const QueueOrder& order, const std::optional<QueueRecord>& before, std::vector<FieldError>& wrong) {
    if (order.fleet.empty() || (before && before->fleet == order.fleet)) co_return Success{};
    auto is_known = co_await ports_.is_known_fleet(order.fleet);
    if (is_known && *is_known) co_return Success{};
    // What may be missing may also be unread: while a process starts, a cluster's fleets are.
    if (order.may_come_later) {
        const auto why = is_known ? "there is none of that name" : is_known.error().detail;
        log::warning("match", "until its fleet is there, each match of the queue starts a server",
                     {{"queue", order.name}, {"fleet", order.fleet}, {"why", why}});
        co_return Success{};
    }
    if (!is_known) co_return std::unexpected(std::move(is_known).error());
    wrong.push_back({"/fleet", "not_found", fmt::format("there is no fleet '{}'; PUT /v1/fleets/{} makes it", order.fleet, order.fleet), {}});
    co_return Success{};
}

Queues::Answer<QueueRecord> Queues::store(QueueRecord queue) {
    auto stored = co_await ports_.store.put(queue);
    if (!stored) co_return std::unexpected(from(stored.error()));
    ports_.changed();
    co_return queue;
}

Queues::Answer<QueueRecord> Queues::put_rules(Caller caller, std::string name, Value rules) {
    CO_TRY(queue, co_await find(caller, std::move(name)));
    QueueOrder order{.name = queue.name,
                     .game = queue.game,
                     .fleet = queue.fleet,
                     .rules = std::move(rules),
                     .ticket_ttl = queue.ticket_ttl,
                     .silence = queue.silence,
                     .acceptance = queue.acceptance,
                     .join_tokens = queue.join_tokens,
                     .rating = queue.rating,
                     .unread = {}};
    CO_TRY(stored, co_await put(std::move(caller), std::move(order)));
    co_return std::move(stored.queue);
}

Queues::Answer<QueueRecord> Queues::shadow(Caller caller, std::string name, std::optional<Value> rules) {
    CO_TRY_OK(may(caller, Action::operate, caller.tenant));
    CO_TRY(queue, co_await find(caller, std::move(name)));
    std::vector<FieldError> wrong;
    if (rules) read_rules(*rules, "", wrong);
    if (!wrong.empty()) co_return std::unexpected(invalid(std::move(wrong)));
    queue.shadow = std::move(rules);
    ++queue.generation;
    co_return co_await store(std::move(queue));
}

Queues::Answer<QueueRecord> Queues::promote(Caller caller, std::string name) {
    CO_TRY_OK(may(caller, Action::operate, caller.tenant));
    CO_TRY(queue, co_await find(caller, std::move(name)));
    if (!queue.shadow) {
        co_return std::unexpected(Error{.kind = Error::Kind::conflict,
                                        .code = "no_shadow",
                                        .message = "no rules are tried beside those of this queue; PUT .../rules?shadow=true tries some"});
    }
    queue.rules = std::move(*std::exchange(queue.shadow, std::nullopt));
    ++queue.generation;
    co_return co_await store(std::move(queue));
}

Queues::Answer<Success> Queues::remove(Caller caller, std::string name) {
    CO_TRY_OK(may(caller, Action::operate, caller.tenant));
    CO_TRY(queue, co_await find(caller, std::move(name)));
    auto removed = co_await ports_.store.remove_queue(queue.name);
    if (!removed) co_return std::unexpected(from(removed.error()));
    ports_.changed();
    co_return Success{};
}

Queues::Answer<QueueRecord> Queues::find(Caller caller, std::string name) {
    CO_TRY(all, co_await list(std::move(caller)));
    const auto at = std::ranges::find(all, name, &QueueRecord::name);
    if (at == all.end()) co_return std::unexpected(not_found(fmt::format("there is no queue '{}'", name)));
    co_return std::move(*at);
}

Queues::Answer<std::vector<QueueRecord>> Queues::list(Caller) {
    auto all = co_await ports_.store.queues();
    if (!all) co_return std::unexpected(from(all.error()));
    co_return std::move(*all);
}

}  // namespace gk::app
