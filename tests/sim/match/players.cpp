#include "tests/sim/match/players.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "async/deadline.hpp"

namespace gk::matchsim {
using namespace std::chrono_literals;

namespace {

const app::Caller an_operator{.name = "operator"};

app::Visitor as(const std::string& player) { return {.caller = {.name = "player:" + player, .scope = Scope::player}, .player = player}; }

Value rules_of(const std::string& queue) {
    if (queue == "quad") return Value::object({{"size", 4}, {"partial", Value::object({{"least", 2}, {"after", "15s"}})}});
    if (queue != "ranked") return Value::object({{"size", 2}});
    return Value::object({{"size", 2}, {"near", Value::object({{"skill", Value::object({{"within", 50}, {"grows", 20}, {"most", 1000}})}})}});
}

}  // namespace

app::QueueOrder queue_order(const std::string& name) {
    app::QueueOrder order{.name = name, .game = "toy", .fleet = name == "quad" ? "" : "warm", .rules = rules_of(name), .unread = {}};
    order.ticket_ttl = ticket_ttl;
    order.silence = 60s;
    if (name == "asked") order.acceptance = 10s;
    return order;
}

Players::Players(Hall& hall, std::uint64_t seed) : hall_(hall), dice_(seed, 5), names_(2 + dice_.below(14)), is_rush_(dice_.chance(0.2)) {}

std::string Players::someone() { return fmt::format("p{}", dice_.below(names_)); }

match::Player Players::as_player(const std::string& name) {
    return {.id = name, .attributes = {{"skill", static_cast<double>(dice_.below(800))}}, .latencies = {}, .blocked = {}};
}

// A live one, with one of its players.
std::optional<std::pair<TicketId, std::string>> Players::some_ticket() {
    const auto& live = hall_.matches->live_tickets;
    if (live.empty()) return std::nullopt;
    const auto& [who, ticket] = *std::next(live.begin(), static_cast<std::ptrdiff_t>(dice_.below(live.size())));
    return std::pair(ticket, who.second);
}

void Players::act(Life& life) {
    const auto choice = dice_.below(20);
    const auto ticket = some_ticket();
    if (choice < 8 || !ticket) return join(life);
    const auto& [id, player] = *ticket;
    if (choice == 8) return life.spawn(do_cancel(life, id, player));
    if (choice == 9) return life.spawn(do_change(life, id, player));
    if (choice == 10) return life.spawn(listen(life, id));
    const auto& stored = hall_.matches->tickets.at(id).ticket;
    if (stored.match && choice == 11) return life.spawn(do_end(life, *stored.match, player));
    if (stored.match && choice == 12) return life.spawn(do_leave(life, *stored.match, player));
    if (!dice_.chance(hall_.faults.silent_player)) life.spawn(look_after(life, id, player, dice_.chance(0.8)));
}

void Players::ask_after_all(Life& life) {
    for (const auto& [who, ticket] : hall_.matches->live_tickets) life.spawn(look_after(life, ticket, who.second, !unwilling.contains(who.second)));
}

void Players::join(Life& life) {
    app::JoinOrder order;
    const auto first = someone();
    order.players.push_back(as_player(first));
    if (!is_rush_ && dice_.chance(0.25)) {
        const auto second = someone();
        if (second != first) order.players.push_back(as_player(second));
    }
    order.queues.emplace_back(is_rush_ ? queue_names[0] : queue_names[dice_.below(queue_names.size())]);
    // Parties are not for the queue of equals.
    if (order.queues[0] == "ranked") order.players.resize(1);
    if (dice_.chance(0.2) && order.queues[0] != "duo") order.queues.emplace_back("duo");
    auto key = dice_.chance(0.4) ? fmt::format("key{}", ++keys_) : std::string();
    // Whoever has a key asks again when there was no answer; some ask twice at once.
    const int times = dice_.chance(0.2) ? 2 : 1;
    for (int i = 0; i < times; ++i) life.spawn(do_join(life, order, key));
}

Task<void> Players::do_join(Life& life, app::JoinOrder order, std::string key) {
    for (int tries = 0; tries < 3; ++tries) {
        app::Idempotency once{.key = key, .digest = key.empty() ? std::string() : "of " + key};
        app::Visitor visitor{.caller = an_operator, .player = {}};
        const auto joined = co_await life.tickets().join(std::move(visitor), order, std::move(once));
        if (joined) {
            hall_.note("joined", joined->view.ticket.id);
            // Who waited already got that ticket, which is not of this key.
            co_return hall_.join_was_answered(joined->is_new ? key : std::string(), joined->view.ticket.id);
        }
        if (joined.error().kind != app::Error::Kind::unavailable || key.empty()) co_return;
        co_await life.clock().sleep(1s);
    }
}

Task<void> Players::do_cancel(Life& life, TicketId ticket, std::string player) {
    const auto left = co_await life.tickets().cancel(as(player), ticket);
    if (left && left->outcome == MatchStore::Left::Outcome::cancelled) hall_.promises.cancelled.insert(ticket);
}

Task<void> Players::do_change(Life& life, TicketId ticket, std::string player) {
    std::vector<match::Player> players{as_player(player)};
    std::ignore = co_await life.tickets().change(as(player), ticket, std::move(players));
}

Task<void> Players::look_after(Life& life, TicketId ticket, std::string player, bool is_willing) {
    const auto shown = co_await life.tickets().show(as(player), ticket);
    if (!shown || !shown->match || shown->match->state != match::MatchState::accepting) co_return;
    co_await do_answer(life, shown->match->id, player, is_willing);
}

Task<void> Players::do_answer(Life& life, MatchId match, std::string player, bool accepted) {
    const auto answered = co_await life.matches().answer(as(player), match, accepted);
    if (answered) hall_.promises.answered[{match, player}] = accepted;
}

Task<void> Players::do_end(Life& life, MatchId match, std::string player) {
    const auto ended = co_await life.matches().end(as(player), match, "asked");
    if (ended) hall_.promises.ended.insert(match);
}

// As a server reports it.
Task<void> Players::do_leave(Life& life, MatchId id, std::string player) {
    auto match = co_await life.store().match(id);
    if (!match || match::is_over(match->state)) co_return;
    const auto member = std::ranges::find(match->members, player, &match::Member::player);
    if (member == match->members.end() || member->left_at) co_return;
    member->left_at = life.clock().now();
    std::vector<TicketId> nobody;
    std::ignore = co_await life.store().advance(std::move(*match), std::move(nobody), life.clock().now(), no_keeper);
}

// Of a ticket all events are heard, once and in their order.
Task<void> Players::listen(Life& life, TicketId ticket) {
    std::uint64_t last = 0;
    const auto watch = life.feed().watch(ticket, [&](const MatchEvent& event) {
        const auto& all = hall_.matches->events;
        const auto next = std::ranges::find_if(all, [&](const MatchEvent& one) { return one.ticket == ticket && one.number > last; });
        const bool is_next = last == 0 || (next != all.end() && next->number == event.number);
        if (!is_next) hall_.breach(fmt::format("E2: a listener of {} heard event {} after {}", ticket.text(), event.number, last));
        last = event.number;
    });
    co_await life.clock().sleep(90s);
}

void Players::change_queue(Life& life) {
    const std::string queue = queue_names[dice_.below(queue_names.size())];
    if (dice_.chance(0.5)) life.spawn(do_put(life, queue));
    else life.spawn(do_remove(life, queue));
}

Task<void> Players::do_put(Life& life, std::string queue) { std::ignore = co_await life.queues().put(an_operator, queue_order(queue)); }

Task<void> Players::do_remove(Life& life, std::string queue) {
    const auto removed = co_await life.queues().remove(an_operator, queue);
    co_await life.clock().sleep(10s);
    if (removed) co_await do_put(life, queue);
}

}  // namespace gk::matchsim
