#include "programs/serve/control_plane.hpp"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "api/access_log.hpp"
#include "api/compat/compat.hpp"
#include "api/context.hpp"
#include "api/metrics.hpp"
#include "api/reply.hpp"
#include "app/accounts/accounts.hpp"
#include "app/catalog/declared_games.hpp"
#include "app/catalog/declared_packages.hpp"
#include "app/catalog/game_shelf.hpp"
#include "app/edge/edge_desk.hpp"
#include "app/files/world_files.hpp"
#include "app/intake/intake.hpp"
#include "app/keeper/keeper.hpp"
#include "app/servers/servers.hpp"
#include "app/vault/care.hpp"
#include "app/vault/scheduler.hpp"
#include "app/watch/attendance.hpp"
#include "app/watch/disk_watch.hpp"
#include "app/watch/idle_watch.hpp"
#include "app/watch/up_down.hpp"
#include "app/watch/watchdog.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "base/assert.hpp"
#include "base/log.hpp"
#include "net/http/server.hpp"
#include "programs/assets/embedded.hpp"
#include "programs/crash/crash_points.hpp"
#include "programs/crash/match_crash_points.hpp"
#include "programs/serve/cluster.hpp"
#include "programs/serve/games.hpp"
#include "programs/serve/machine.hpp"
#include "programs/serve/matchmaking.hpp"
#include "programs/serve/notice_office.hpp"
#include "programs/serve/secrets.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::programs {
namespace {

catalog::RenderContext context_of(const Installation& installation) {
    auto context = installation.render_context();
    context.programs = std::filesystem::path(this_program()).parent_path();
    return context;
}

constexpr Milliseconds stop_grace = std::chrono::seconds(10);
constexpr Milliseconds idle_look = std::chrono::seconds(5);
constexpr unsigned socket_mode = 0666;  // Who may do what is decided by the peer's uid and keys, not by reaching the socket.

Value description(std::string_view path) {
    for (const auto& file : embedded_files()) {
        if (file.path != path) continue;
        if (auto document = wire::parse_yaml(file.text)) return std::move(*document);
    }
    ASSERT(false, "the descriptions of the API are part of the program");
}

app::KeeperLimits keeper_limits(const Config& config) {
    app::KeeperLimits limits;
    limits.server.keeper_interval = config.keeper.interval;
    const bool is_cluster = config.shape == Shape::cluster;
    limits.workers_max = static_cast<std::size_t>(config.keeper.workers != 0 ? config.keeper.workers : is_cluster ? 256 : 4);
    limits.share_writes = is_cluster;  // Each one is a call to the API server.
    limits.keep_deleted = config.vault.keep_deleted;
    return limits;
}

app::IdleWatch::Usual usual_idle(const Config& config) {
    const auto minutes = config.idle.minutes;
    return {.after = minutes == 0 ? std::nullopt : std::optional<Milliseconds>(std::chrono::minutes(minutes)), .notice = config.idle.notice};
}

app::VaultCare::Options care_options(const Config& config) {
    app::VaultCare::Options options;
    options.retention.last = config.vault.keep_last;
    options.retention.daily = config.vault.keep_daily;
    options.retention.weekly = config.vault.keep_weekly;
    return options;
}

api::compat::Options compat_options(const Config& config) {
    const auto& said = config.compat;
    const bool is_in_postgres = !config.match.store.url.empty() || !config.ledger.url.empty();
    return {.anonymous = said.anonymous,
            .wait = said.wait,
            .health_of_matchmaking = said.health_of_matchmaking,
            .queue = config.match.queue,
            .keeps_matches_in = is_in_postgres ? "postgres" : "sqlite",
            .game = said.game,
            .eula_accepted = said.eula_accepted};
}

// Everything above the adapters, for one run of the control plane.
class ControlPlane {
public:
    // `points`: null in real use.
    ControlPlane(boost::asio::io_context& loop, const Config& config, const Rights& rights, Installation& installation, Ports ports,
                 CrashPoints* points, catalog::Catalog games, tls::Context web)
        : loop_(loop),
          config_(config),
          tls_(rights.tls),
          installation_(installation),
          ports_(ports),
          games_(std::move(games)),
          shelf_(
              games_, context_of(installation), [](const std::string& path) { return std::filesystem::exists(path); }, ports.game_files),
          declared_games_(games_, [this](const catalog::Game& game) { return shelf_.missing(game); }),
          declared_packages_(games_),
          notice_office_(loop.get_executor(), config, rights, ports, std::move(web), [this] { return keeper_.tenure().epoch(); }),
          accounts_(ports.ledger, ports.clock, ports.random),
          room_(config.shape == Shape::cluster ? nullptr : std::make_unique<app::MemoryRoom>(ports.store, installation.limits().memory)),
          servers_({ports.store, ports.ledger, ports.runtime, ports.port_map, ports.clock, ports.random, room_.get(),
                    [this](const server::Record& record) { return wakefulness(record); }},
                   games_, installation.limits()),
          nodes_(installation.nodes(), ports.store, ports.ledger, ports.clock),
          attendance_(ports.clock),
          world_files_(servers_, ports.store, ports.files, [this](ServerUid server) { attendance_.use_files(server); }),
          keeper_(keeper_ports(), keeper_limits(config)),
          scheduler_({ports.store, ports.ledger, ports.runtime, ports.clock}, [this](app::Due due) { return submit(std::move(due)); },
                     {.backup_every = config.backup.every}),
          disk_watch_(
              {ports.store, ports.ledger, ports.runtime, ports.clock},
              [this](server::Record record) { return pause(std::move(record), "disk watch", server::Cause::Kind::watchdog); },
              config.keeper.interval),
          idle_watch_(
              {ports.store, ports.ledger, ports.runtime, ports.clock, shelf_, keeper_.tenure()},
              [this](server::Record record) { return pause(std::move(record), "idle watch", server::Cause::Kind::idle); },
              [this](const server::Record& record) { return edge_desk_ ? edge_desk_->sessions_of(record) : std::nullopt; }, usual_idle(config),
              config.keeper.interval, [this](const server::Record& record) { return attendance_.keeps_up(record.uid, config_.idle.keep_for); }),
          up_down_(
              ports.store, ports.clock, [this](Notice news) { return notice_office_.notices().news(std::move(news)); }, config.keeper.interval),
          watchdog_({ports.store, ports.runtime, notice_office_.notices(), ports.clock}, watchdog_stop(),
                    {.failures_most = 3, .up_most = std::chrono::hours(config.watchdog.max_hours)}, config.keeper.interval),
          care_({ports.store, ports.ledger, ports.vault, notice_office_.notices(), ports.clock, keeper_.tenure()}, care_options(config)),
          edge_desk_(make_edge_desk()),
          context_{.servers = servers_,
                   .accounts = accounts_,
                   .nodes = nodes_,
                   .games = games_,
                   .shelf = shelf_,
                   .ledger = ports.ledger,
                   .runtime = ports.runtime,
                   .vault = ports.vault,
                   .clock = ports.clock,
                   .tenure = keeper_.tenure(),
                   .admission = admission_,
                   .metrics = metrics_,
                   .public_host = installation.public_host(),
                   .openapi = description("api/openapi.yaml"),
                   .owner_uid = rights.owner,
                   .identities = installation.identities(),
                   .collect = [this] { return collect(); },
                   .edge = edge_desk_.get(),
                   .attendance = &attendance_,
                   .post = &notice_office_.post(),
                   .keeper_name = [&installation] { return installation.keeper_name(); }},
          matchmaking_(make_matchmaking(points)),
          compat_{.api = context_,
                  .files = world_files_,
                  .matches = matchmaking_ && !config.match.queue.empty() ? &matchmaking_->context() : nullptr,
                  .options = compat_options(config),
                  .description = description("api/originals.yaml")} {}

    Task<std::string> run(Announce announce);

private:
    app::KeeperPorts keeper_ports() {
        return {ports_.store, ports_.ledger, ports_.runtime,           ports_.vault, ports_.files, ports_.port_map,
                ports_.clock, ports_.random, notice_office_.notices(), shelf_};
    }
    std::unique_ptr<Matchmaking> make_matchmaking(CrashPoints* points) {
        auto matches = installation_.matches();
        if (!matches) return nullptr;
        if (points != nullptr) matches.emplace(crashing_matches_.emplace(*points, *matches).ports());
        return std::make_unique<Matchmaking>(loop_, config_,
                                             Matchmaking::Parts{.matches = *matches,
                                                                .ports = ports_,
                                                                .games = games_,
                                                                .shelf = shelf_,
                                                                .api = context_,
                                                                .room = room_.get(),
                                                                .key = installation_.keys().vault,
                                                                .public_host = installation_.public_host(),
                                                                .tls = tls_});
    }
    Task<void> collect() {
        installation_.collect(metrics_);
        if (matchmaking_) co_await matchmaking_->collect();
    }
    Task<Result<FirstStart, std::string>> first_start();
    Task<void> submit(app::Due due);
    Task<void> pause(server::Record record, std::string who, server::Cause::Kind why);
    app::Watchdog::Stop watchdog_stop();
    std::optional<app::Wakefulness> wakefulness(const server::Record& record) const;
    std::unique_ptr<app::EdgeDesk> make_edge_desk();
    Task<Result<Success, app::Error>> start_for_knock(server::Record record, server::Cause cause);
    Task<void> keep();
    Task<void> admit_changes();
    void begin(async::TaskGroup& tasks, async::TaskGroup& office);
    Task<void> resign(async::TaskGroup& office);
    Task<void> end_all(net::HttpServer& http, async::TaskGroup& tasks, async::TaskGroup& office);
    Task<void> after_takeover(Task<void> work);
    Task<void> use_idle_time();
    Task<void> watch_office();
    Task<void> take_in(Declarations& declarations);
    Task<void> wait_for_signal();
    Result<std::string, std::string> listen(net::HttpServer& server);

    boost::asio::io_context& loop_;
    const Config& config_;
    std::optional<tls::Context> tls_;
    Installation& installation_;
    Ports ports_;
    catalog::Catalog games_;
    app::GameShelf shelf_;
    app::DeclaredGames declared_games_;
    app::DeclaredPackages declared_packages_;
    NoticeOffice notice_office_;
    app::Accounts accounts_;
    std::unique_ptr<app::MemoryRoom> room_;  // Null on a cluster, whose scheduler counts.
    app::Servers servers_;
    app::NodeCare nodes_;
    app::Attendance attendance_;
    app::WorldFiles world_files_;
    app::Keeper keeper_;
    app::Admission admission_;
    app::Scheduler scheduler_;
    app::DiskWatch disk_watch_;
    app::IdleWatch idle_watch_;
    app::UpDown up_down_;
    app::Watchdog watchdog_;
    app::VaultCare care_;
    std::optional<app::Bans> bans_;
    std::unique_ptr<app::EdgeDesk> edge_desk_;  // Null where no edge stands before the games.
    api::Metrics metrics_;
    api::Context context_;
    std::optional<CrashingMatches> crashing_matches_;
    std::unique_ptr<Matchmaking> matchmaking_;
    api::compat::Compat compat_;
    async::Signal end_;
    std::string why_;
};

// The first key lets its owner in to make others.
Task<Result<FirstStart, std::string>> ControlPlane::first_start() {
    FirstStart first;
    if (auto loaded = co_await accounts_.load(); !loaded) co_return std::unexpected(loaded.error().message);
    if (installation_.keys().recovery_is_new) first.recovery_key = installation_.keys().recovery;
    if (accounts_.has_keys()) co_return first;
    std::function<Secret()> make = [this] { return app::Accounts::new_text(ports_.random); };
    CO_TRY(key, co_await installation_.first_key(std::move(make)));
    // It is kept before it opens anything: a start that is interrupted here leaves no key that nobody has seen.
    if (auto admitted = co_await accounts_.admit_first(key.text); !admitted) co_return std::unexpected(admitted.error().message);
    if (key.shown_by.empty()) first.admin_key = std::move(key.text);
    first.shown_by = std::move(key.shown_by);
    co_return first;
}

Task<void> ControlPlane::submit(app::Due due) {
    auto record = co_await ports_.store.get(due.server);
    if (!record) co_return;
    const app::Caller caller{.name = "schedule", .tenant = record->tenant};
    const app::Idempotency once;
    if (due.action == server::Schedule::Action::command) {
        app::Servers::CommandOrder order{.line = due.command, .epoch = keeper_.tenure().epoch()};
        auto reply = co_await servers_.command(caller, record->space, record->id, std::move(order), once);
        if (!reply) log::warning("schedule", "command was not carried out", {{"server", due.server}, {"why", reply.error().message}});
        co_return;
    }
    const auto verb = due.action == server::Schedule::Action::backup ? server::Verb::backup : server::Verb::restart;
    const app::VerbOrder order{.verb = verb, .cause = {.kind = server::Cause::Kind::schedule}};
    auto accepted = co_await servers_.ask(caller, record->space, record->id, order, once);
    if (!accepted) log::info("schedule", "request was refused", {{"server", due.server}, {"why", accepted.error().message}});
}

Task<void> ControlPlane::pause(server::Record record, std::string who, server::Cause::Kind why) {
    const app::Caller caller{.name = who, .tenant = record.tenant};
    const app::Idempotency once;
    const app::VerbOrder order{.verb = server::Verb::pause, .cause = {.kind = why}};
    auto accepted = co_await servers_.ask(caller, record.space, record.id, order, once);
    if (!accepted) log::warning(who, "a pause was refused", {{"server", record.uid}, {"why", accepted.error().message}});
}

app::Watchdog::Stop ControlPlane::watchdog_stop() {
    if (!config_.watchdog.stop) return nullptr;
    return [this](server::Record record) { return pause(std::move(record), "watchdog", server::Cause::Kind::watchdog); };
}

std::optional<app::Wakefulness> ControlPlane::wakefulness(const server::Record& record) const {
    const auto idle = idle_watch_.of(record.uid);
    if (!idle || idle->because == wake::Awake::never_sleeps) return std::nullopt;
    return app::Wakefulness{.because = wake::text_of(*idle), .sleeps_at = idle->sleeps_at};
}

std::unique_ptr<app::EdgeDesk> ControlPlane::make_edge_desk() {
    auto edges = installation_.edges();
    if (!edges) return nullptr;
    app::EdgeDesk::Ports ports{.store = ports_.store, .line = edges->line, .clock = ports_.clock, .tenure = keeper_.tenure(), .games = games_};
    if (edges->host) ports.host = std::move(edges->host);
    if (edges->bans != nullptr) ports.bans = &bans_.emplace(*edges->bans, ports_.clock);
    auto start = [this](server::Record record, server::Cause cause) { return start_for_knock(std::move(record), std::move(cause)); };
    const wake::NoiseRule noise{.datagrams_per_second = config_.idle.noise};
    return std::make_unique<app::EdgeDesk>(std::move(ports), std::move(start), std::move(edges->rules), noise);
}

Task<Result<Success, app::Error>> ControlPlane::start_for_knock(server::Record record, server::Cause cause) {
    const app::Caller caller{.name = server::text_of(cause), .tenant = record.tenant};
    const app::Idempotency once;
    const app::VerbOrder order{.verb = server::Verb::start, .cause = std::move(cause)};
    auto accepted = co_await servers_.ask(caller, record.space, record.id, order, once);
    if (!accepted) co_return std::unexpected(accepted.error());
    co_return Success{};
}

Task<void> ControlPlane::keep() {
    co_await installation_.elected();
    why_ = co_await keeper_.run();
    end_.raise();
}

Task<void> ControlPlane::admit_changes() {
    co_await installation_.settled();
    if (!installation_.is_one_of_several()) co_await keeper_.tenure().wait();
    admission_.open();
}

Task<void> ControlPlane::take_in(Declarations& declarations) {
    app::Intake intake({declarations, servers_, ports_.clock});
    co_await intake.run();
}

Task<void> ControlPlane::watch_office() {
    co_await keeper_.tenure().wait();
    why_ = co_await installation_.deposed();
    end_.raise();
}

Task<void> ControlPlane::after_takeover(Task<void> work) {
    co_await keeper_.tenure().wait();
    co_await std::move(work);
}

Task<void> ControlPlane::use_idle_time() {
    for (Milliseconds pause = idle_look;;) {
        co_await ports_.clock.sleep(pause);
        pause = keeper_.is_idle() ? co_await installation_.use_idle_time() : idle_look;
    }
}

Task<void> ControlPlane::wait_for_signal() {
    boost::asio::signal_set signals(loop_, SIGTERM, SIGINT);
    co_await signals.async_wait(boost::asio::use_awaitable);
    end_.raise();
}

Result<std::string, std::string> ControlPlane::listen(net::HttpServer& server) {
    const auto network = net::parse_endpoint(config_.api.listen);
    if (!network) return std::unexpected(network.error());
    const auto at_network = tls_ ? server.listen_tls(*network, *tls_) : server.listen(*network);
    if (!at_network) return std::unexpected(fmt::format("api.listen {}: {}", config_.api.listen, at_network.error().detail));
    const auto at_socket = server.listen({.path = config_.api.socket}, socket_mode);
    if (!at_socket) return std::unexpected(fmt::format("api.socket {}: {}", config_.api.socket, at_socket.error().detail));
    return fmt::format("{}://{} and {}", tls_ ? "https" : "http", at_network->text(), config_.api.socket);
}

Task<std::string> ControlPlane::run(Announce announce) {
    auto first = co_await first_start();
    if (!first) co_return first.error();
    if (matchmaking_) {
        const auto made = co_await matchmaking_->prepare();
        if (!made) co_return made.error();
    }
    net::Router router;
    api::add_routes(router, context_);
    if (matchmaking_) api::add_matchmaking_routes(router, matchmaking_->context());
    api::compat::add_routes(router, compat_);
    net::ServerHooks hooks{.problem = [](const net::Problem& problem) { return api::problem_reply(problem); },
                           .access =
                               [this](const net::Access& access) {
                                   metrics_.count(access);
                                   api::log_access(access);
                               }};
    net::ServerLimits limits;
    limits.connections_max = config_.api.connections;
    limits.connections_per_address_max = config_.api.connections_per_address;
    net::HttpServer http(loop_.get_executor(), ports_.clock, ports_.random, std::move(router), limits, std::move(hooks));
    async::TaskGroup tasks(loop_.get_executor());
    async::TaskGroup office(loop_.get_executor());
    const auto listening = listen(http);
    if (listening) {
        installation_.use(shelf_, {.games = declared_games_, .packages = declared_packages_});
        begin(tasks, office);
        announce(*listening, *first);
        co_await end_.wait();
    }
    co_await end_all(http, tasks, office);
    co_return listening ? why_ : listening.error();
}

// Into `office` goes what only the process that keeps does.
void ControlPlane::begin(async::TaskGroup& tasks, async::TaskGroup& office) {
    installation_.begin(tasks, office);
    office.spawn("keeper", keep());
    if (matchmaking_) matchmaking_->begin(tasks, office, installation_.settled());
    office.spawn("scheduler", after_takeover(scheduler_.run()));
    office.spawn("disk watch", after_takeover(disk_watch_.run()));
    office.spawn("idle watch", after_takeover(idle_watch_.run()));
    if (config_.notices.up_down) office.spawn("up and down", after_takeover(up_down_.run()));
    office.spawn("watchdog", after_takeover(watchdog_.run()));
    office.spawn("notices", after_takeover(notice_office_.notices().run()));
    office.spawn("vault care", after_takeover(care_.run()));
    if (edge_desk_) office.spawn("edge desk", after_takeover(edge_desk_->run()));
    office.spawn("election", watch_office());
    if (auto* declarations = installation_.declarations()) office.spawn("intake", after_takeover(take_in(*declarations)));
    office.spawn("idle time", use_idle_time());
    tasks.spawn("admission", admit_changes());
    if (installation_.is_one_of_several()) tasks.spawn("keys", accounts_.keep_up());
    tasks.spawn("metrics", api::count_events(ports_.ledger, ports_.clock, metrics_));
    tasks.spawn("signals", wait_for_signal());
}

Task<void> ControlPlane::resign(async::TaskGroup& office) {
    notice_office_.stop();
    office.cancel();
    co_await office.join();
    co_await installation_.resign();
}

// Requests that wait for the end of an operation may have it while the keeper works; where another one takes over at once, it ends them.
Task<void> ControlPlane::end_all(net::HttpServer& http, async::TaskGroup& tasks, async::TaskGroup& office) {
    const bool others_go_on = installation_.is_one_of_several();
    if (others_go_on) co_await resign(office);
    co_await http.stop(stop_grace);
    if (!others_go_on) co_await resign(office);
    tasks.cancel();
    co_await tasks.join();
}

Task<Result<std::unique_ptr<Installation>, std::string>> open_installation(boost::asio::io_context& loop, const Config& config,
                                                                           const Rights& rights) {
    if (config.shape == Shape::cluster) co_return co_await Cluster::open(loop, config, rights.store);
    CO_TRY(machine, Machine::open(loop, config, rights));
    CO_TRY_OK(co_await machine->share_matches(loop.get_executor(), rights));
    co_return std::move(machine);
}

}  // namespace

Task<std::string> run_control_plane(boost::asio::io_context& loop, Config config, Rights rights, Announce announce) {
    auto games = load_games(config.games.folder);
    if (!games) co_return fmt::format("game definitions are wrong:\n  {}", fmt::join(games.error(), "\n  "));
    auto opened = co_await open_installation(loop, config, rights);
    if (!opened) co_return opened.error();
    auto& installation = **opened;
    for (const auto& warning : rights.warnings) log::warning("serve", warning);
    for (const auto& lack : co_await installation.shortcomings()) log::warning("serve", lack);
    const auto real = installation.ports();
    const auto points = CrashPoints::from_environment();
    std::unique_ptr<CrashingPorts> crashing;
    if (points) crashing = std::make_unique<CrashingPorts>(*points, real.store, real.ledger, real.runtime, real.vault, real.files, real.port_map);
    const Ports ports = crashing ? crashing->instead_of(real) : real;
    auto web = tls::Context::for_client({});
    if (!web) co_return web.error();
    ControlPlane plane(loop, config, rights, installation, ports, points.get(), std::move(*games), std::move(*web));
    co_return co_await plane.run(std::move(announce));
}

}  // namespace gk::programs
