#include "programs/serve/matchmaking.hpp"

#include <algorithm>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include "app/match/match_keys.hpp"
#include "async/off_loop.hpp"
#include "base/log.hpp"
#include "domain/catalog/render.hpp"
#include "domain/fleet/reach.hpp"
#include "net/http/endpoint.hpp"
#include "net/http_client/connect.hpp"
#include "programs/serve/secrets.hpp"
#include "tls/digest.hpp"

namespace gk::programs {
namespace {

constexpr Milliseconds between_turns = std::chrono::seconds(1);

// Another key than that of anything else, from one that is kept already.
Secret key_for(std::string_view use, const Secret& key) { return Secret(tls::hex(tls::hmac_sha256(as_byte_span(key.reveal()), as_byte_span(use)))); }

// On this machine; elsewhere somebody has to say it.
std::string api_for_servers(const Config& config) {
    if (!config.match.api.empty() || config.shape == Shape::cluster) return config.match.api;
    const auto listening = net::parse_endpoint(config.api.listen);
    if (!config.api.tls_certificate.empty() || !listening || listening->is_unix() || listening->port == 0) return {};
    boost::system::error_code unread;
    const auto address = boost::asio::ip::make_address(listening->address, unread);
    net::Remote remote;
    remote.host = listening->address;
    if (address.is_unspecified()) remote.host = address.is_v6() ? "::1" : "127.0.0.1";
    remote.port = listening->port;
    return remote.text();
}

// Those who make matches with this one and speak TLS too.
std::optional<tls::Peers> peers(const std::optional<tls::Context>& tls) {
    if (!tls) return std::nullopt;
    auto peers = tls::peers_of(*tls);
    if (peers) return std::move(*peers);
    log::warning("serve", "other control planes are not asked", {{"why", peers.error()}, {"file", "api.tls_certificate"}});
    return std::nullopt;
}

FieldError does_not_fit(const server::Resources& asked, MebiBytes all) {
    return {.pointer = "/package",
            .code = "does_not_fit",
            .detail = fmt::format("a server of it asks for {} MiB of memory, and this machine can give games {}; choose a smaller package",
                                  asked.memory.count, all.count),
            .mark = {}};
}

app::OffLoop off_loop(boost::asio::thread_pool& pool) {
    return [&pool](std::function<void()> work) { return async::off_loop(pool, std::move(work)); };
}

}  // namespace

Matchmaking::Matchmaking(boost::asio::io_context& loop, const Config& config, Parts parts)
    : loop_(loop.get_executor()),
      config_(config),
      parts_(std::move(parts)),
      feed_(parts_.matches.store, parts_.ports.clock),
      presence_(parts_.matches.store, parts_.ports.clock),
      starter_({.runtime = runtime(),
                .port_map = port_map(),
                .random = parts_.ports.random,
                .games = parts_.shelf,
                .public_host = parts_.public_host,
                .api = api_for_servers(config),
                .resources =
                    [this](const std::string& game, const std::string& package) {
                        auto found = parts_.games.resources_for(parts_.games.game(game), package, std::nullopt);
                        return found ? std::optional(*found) : std::nullopt;
                    },
                .way = [this](const std::string& game, const std::string& package) { return way_to(game, package); },
                .more = [this](const match::Match& match) { return app::MatchKeys(tokens()).environment(match); },
                .room = parts_.room}),
      fleets_(loop.get_executor(), {.store = parts_.matches.fleets,
                                    .runtime = runtime(),
                                    .clock = parts_.ports.clock,
                                    .starter = starter_,
                                    .handed_out = [this](const std::string& fleet) { metrics_.count_allocation(fleet); }}),
      maker_({.store = parts_.matches.store,
              .servers = fleets_,
              .clock = parts_.ports.clock,
              .random = parts_.ports.random,
              .off_loop = off_loop(engine_thread_),
              .looked = [this](const std::string& queue, Milliseconds took) { metrics_.count_look(queue, took); }},
             {}),
      tickets_({.store = parts_.matches.store,
                .feed = feed_,
                .clock = parts_.ports.clock,
                .random = parts_.ports.random,
                .key = tokens(),
                .stored = [this](const match::Ticket& ticket) { maker_.note(ticket); },
                .seen =
                    [this](TicketId ticket) {
                        maker_.note_seen(ticket);
                        presence_.note(ticket);
                    }}),
      matches_({.store = parts_.matches.store, .clock = parts_.ports.clock}),
      queues_({.store = parts_.matches.store,
               .is_known_game = [this](const std::string& game) { return parts_.games.game(game) != nullptr; },
               .is_known_fleet = [this](std::string fleet) { return is_known_fleet(std::move(fleet)); },
               .changed = [this] { maker_.note_queues(); }}),
      fleet_orders_({.store = parts_.matches.fleets,
                     .fleets = fleets_,
                     .check = [this](const fleet::Fleet& fleet) { return wrong_with(fleet); },
                     .audit = [this] { return maker_.audit(); }}),
      context_{.api = parts_.api,
               .tickets = tickets_,
               .matches = matches_,
               .queues = queues_,
               .fleets = fleet_orders_,
               .maker = maker_,
               .feed = feed_,
               .store = parts_.matches.store},
      metrics_(parts_.api.metrics) {
    if (auto* office = parts_.matches.office) {
        owner_.emplace(loop_, parts_.ports.clock, *office, key_for("vouchers of control planes", shared_key()), peers(parts_.tls));
        context_.owner = &*owner_;
    }
    if (!parts_.matches.on_declared_fleets) return;
    parts_.matches.on_declared_fleets({.wrong = [this](const fleet::Fleet& fleet) { return wrong_with(fleet); },
                                       .counts = [this](const std::string& fleet) { return fleets_.counts(fleet); }});
}

Secret Matchmaking::tokens() const { return key_for("tokens of players", shared_key()); }

Task<Result<bool, app::Error>> Matchmaking::is_known_fleet(std::string name) {
    const auto fleets = co_await parts_.matches.fleets.fleets();
    if (!fleets) co_return std::unexpected(app::from(fleets.error()));
    co_return std::ranges::find(*fleets, name, &fleet::Fleet::name) != fleets->end();
}

std::vector<FieldError> Matchmaking::wrong_with(const fleet::Fleet& fleet) const {
    const auto* game = parts_.games.game(fleet.game);
    if (game == nullptr) return {parts_.games.unknown_game(fleet.game)};
    auto wrong = catalog::validate_settings(*game, fleet.settings);
    const auto resources = parts_.games.resources_for(game, fleet.package, std::nullopt);
    if (!resources) wrong.push_back(resources.error());
    else if (parts_.room != nullptr && resources->memory > parts_.room->all()) wrong.push_back(does_not_fit(*resources, parts_.room->all()));
    if (auto way = way_to(fleet.game, fleet.package); !way)
        wrong.push_back({.pointer = "/game", .code = "not_allowed", .detail = std::move(way.error()), .mark = {}});
    return wrong;
}

// On one machine there is one way.
app::Starter::Ports::Way Matchmaking::way_to(const std::string& game, const std::string& package) const {
    if (config_.shape != Shape::cluster) return std::nullopt;
    TRY(kind, fleet::way_to_match_server(parts_.games.exposure_for(parts_.games.game(game), package), config_.cluster.exposures));
    return server::Exposure{.kind = kind, .address = {}, .dns_label = {}, .static_address = {}};
}

Task<Result<Success, std::string>> Matchmaking::prepare() {
    CO_TRY_OK(use_redis());
    co_return co_await make_queue();
}

Result<Success, std::string> Matchmaking::use_redis() {
    const auto& said = config_.redis;
    if (said.url.empty()) return Success{};
    redis::MatchIndex::Options options;
    TRY(address, redis::parse_address(said.url));
    if (address.remote.is_tls) {
        TRY(trust, tls::Context::for_client({}));
        options.client.trust = std::move(trust);
    }
    options.client.address = std::move(address);
    if (!said.password_file.empty()) {
        TRY(password, secret_in("redis.password_file", said.password_file));
        options.client.password = std::move(password);
    }
    options.prefix = said.prefix;
    options.queue = config_.match.queue;
    index_.emplace(loop_, parts_.ports.clock, parts_.ports.random, parts_.matches.store, std::move(options));
    return Success{};
}

Task<Result<Success, std::string>> Matchmaking::make_queue() {
    const auto& said = config_.match;
    if (said.queue.empty()) co_return Success{};
    auto rules = Value::object({{"size", std::int64_t{said.size}}});
    if (said.least < said.size) rules.set("partial", Value::object({{"least", std::int64_t{said.least}}, {"after", duration_text(said.flush)}}));
    const app::Caller caller{.name = "configuration"};
    app::QueueOrder order{
        .name = said.queue, .game = said.game, .fleet = said.fleet, .may_come_later = true, .rules = std::move(rules), .unread = {}};
    order.silence = std::max(order.silence, said.flush);
    order.ticket_ttl = std::max(order.ticket_ttl, said.flush);
    const auto stored = co_await queues_.put(caller, std::move(order));
    if (stored) co_return Success{};
    const auto& error = stored.error();
    co_return std::unexpected(fmt::format("match.queue {}: {}", said.queue, error.fields.empty() ? error.message : error.fields.front().detail));
}

void Matchmaking::begin(async::TaskGroup& tasks, async::TaskGroup& office, Task<void> settled) {
    tasks.spawn("match feed", feed_.run());
    tasks.spawn("match presence", presence_.run());
    auto is_counted = [this] { return maker_.is_at_work(); };
    tasks.spawn("match metrics", api::count_match_events(parts_.matches.store, parts_.ports.clock, metrics_, std::move(is_counted)));
    office.spawn("matchmaker", make_matches(std::move(settled)));
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

// Who was fenced stands again: the other one may go.
Task<void> Matchmaking::make_matches(Task<void> settled) {
    co_await std::move(settled);
    for (;;) {
        std::shared_ptr<void> turn;
        if (parts_.matches.office != nullptr) turn = co_await parts_.matches.office->take();
        async::TaskGroup beside(loop_);
        if (index_) beside.spawn("match index", index_->run());
        auto making = make_for_one_turn();
        co_await async::run_with(beside, std::move(making));
        turn.reset();
        co_await parts_.ports.clock.sleep(between_turns);
    }
}

Task<void> Matchmaking::make_for_one_turn() {
    const auto why = co_await maker_.run();
    log::warning("serve", "this control plane makes no matches any more", {{"why", why}});
}

}  // namespace gk::programs
