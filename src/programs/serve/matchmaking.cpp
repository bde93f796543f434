#include "programs/serve/matchmaking.hpp"

#include <fmt/format.h>

#include "async/off_loop.hpp"
#include "base/log.hpp"
#include "domain/catalog/render.hpp"
#include "tls/digest.hpp"

namespace gk::programs {
namespace {

// Another key than that of anything else, from one that is kept already.
Secret token_key(const Secret& key) {
    constexpr std::string_view use = "tokens of players";
    return Secret(tls::hex(tls::hmac_sha256(as_byte_span(key.reveal()), as_byte_span(use))));
}

app::OffLoop off_loop(boost::asio::thread_pool& pool) {
    return [&pool](std::function<void()> work) { return async::off_loop(pool, std::move(work)); };
}

}  // namespace

Matchmaking::Matchmaking(boost::asio::io_context& loop, const Config& config, Parts parts)
    : config_(config),
      parts_(std::move(parts)),
      feed_(parts_.matches.store, parts_.ports.clock),
      starter_({.runtime = parts_.ports.runtime,
                .port_map = parts_.ports.port_map,
                .random = parts_.ports.random,
                .games = parts_.shelf,
                .public_host = parts_.public_host,
                .resources =
                    [this](const std::string& game, const std::string& package) {
                        auto found = parts_.games.resources_for(parts_.games.game(game), package, std::nullopt);
                        return found ? std::optional(*found) : std::nullopt;
                    }}),
      fleets_(loop.get_executor(), {parts_.matches.fleets, parts_.ports.runtime, parts_.ports.clock, starter_}),
      maker_({.store = parts_.matches.store,
              .servers = fleets_,
              .clock = parts_.ports.clock,
              .random = parts_.ports.random,
              .off_loop = off_loop(engine_thread_)},
             {}),
      tickets_({.store = parts_.matches.store,
                .feed = feed_,
                .clock = parts_.ports.clock,
                .random = parts_.ports.random,
                .key = token_key(parts_.key),
                .stored = [this](const match::Ticket& ticket) { maker_.note(ticket); },
                .seen = [this](TicketId ticket) { maker_.note_seen(ticket); }}),
      queues_({.store = parts_.matches.store,
               .is_known_game = [this](const std::string& game) { return parts_.games.game(game) != nullptr; },
               .changed = [this] { maker_.note_queues(); }}),
      fleet_orders_({.store = parts_.matches.fleets, .fleets = fleets_, .check = [this](const fleet::Fleet& fleet) { return wrong_with(fleet); }}),
      context_{.api = parts_.api,
               .tickets = tickets_,
               .queues = queues_,
               .fleets = fleet_orders_,
               .maker = maker_,
               .feed = feed_,
               .store = parts_.matches.store},
      metrics_(parts_.api.metrics) {}

std::vector<FieldError> Matchmaking::wrong_with(const fleet::Fleet& fleet) const {
    const auto* game = parts_.games.game(fleet.game);
    if (game == nullptr) return {parts_.games.unknown_game(fleet.game)};
    auto wrong = catalog::validate_settings(*game, fleet.settings);
    const auto resources = parts_.games.resources_for(game, fleet.package, std::nullopt);
    if (!resources) wrong.push_back(resources.error());
    return wrong;
}

Task<Result<Success, std::string>> Matchmaking::make_queue() {
    const auto& said = config_.match;
    if (said.queue.empty()) co_return Success{};
    auto rules = Value::object({{"size", std::int64_t{said.size}}});
    if (said.least < said.size) rules.set("partial", Value::object({{"least", std::int64_t{said.least}}, {"after", duration_text(said.flush)}}));
    const app::Caller caller{.name = "configuration"};
    app::QueueOrder order{.name = said.queue, .game = said.game, .fleet = said.fleet, .rules = std::move(rules), .unread = {}};
    order.silence = std::max(order.silence, said.flush);
    order.ticket_ttl = std::max(order.ticket_ttl, said.flush);
    const auto stored = co_await queues_.put(caller, std::move(order));
    if (stored) co_return Success{};
    const auto& error = stored.error();
    co_return std::unexpected(fmt::format("match.queue {}: {}", said.queue, error.fields.empty() ? error.message : error.fields.front().detail));
}

void Matchmaking::begin(async::TaskGroup& tasks, async::TaskGroup& office) {
    tasks.spawn("match feed", feed_.run());
    auto is_counted = [this] { return maker_.is_at_work(); };
    tasks.spawn("match metrics", api::count_match_events(parts_.matches.store, parts_.ports.clock, metrics_, std::move(is_counted)));
    office.spawn("matchmaker", make_matches());
}

// What the stores do not say now is not shown: a page of metrics never waits for anything to be mended.
Task<void> Matchmaking::collect() {
    std::map<std::string, std::size_t> waiting;
    const auto queues = co_await parts_.matches.store.queues();
    for (const auto& queue : queues.value_or(std::vector<QueueRecord>())) {
        if (const auto count = maker_.waiting(queue.name)) waiting[queue.name] = *count;
    }
    metrics_.set_waiting(waiting);
    std::map<std::string, app::Fleets::Counts> counts;
    const auto fleets = co_await parts_.matches.fleets.fleets();
    for (const auto& fleet : fleets.value_or(std::vector<fleet::Fleet>())) {
        if (auto of = fleets_.counts(fleet.name)) counts[fleet.name] = std::move(*of);
    }
    metrics_.set_fleets(counts);
}

Task<void> Matchmaking::make_matches() {
    const auto why = co_await maker_.run();
    log::warning("serve", "no matches are made any more", {{"why", why}});
}

}  // namespace gk::programs
