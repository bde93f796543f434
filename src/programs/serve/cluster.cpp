#include "programs/serve/cluster.hpp"

#include <algorithm>
#include <unistd.h>

#include <fmt/format.h>

#include "adapters/kubernetes/store/shim_key.hpp"
#include "base/log.hpp"
#include "net/s3/location.hpp"
#include "programs/config/cluster_rules.hpp"
#include "programs/edge/edge_keys.hpp"
#include "programs/serve/cluster_keys.hpp"
#include "programs/serve/definitions.hpp"
#include "programs/serve/rights.hpp"
#include "tls/digest.hpp"

namespace gk::programs {
namespace {

constexpr Milliseconds idle_look = std::chrono::minutes(1);
constexpr Milliseconds edge_line_retry = std::chrono::seconds(5);
constexpr auto manager = "gamekeeper";

kubernetes::Client client_of(ClusterAccess& access) { return kubernetes::Client(access.server(), manager); }

kubernetes::KubernetesPortMap::Rules port_rules(const Config& config) {
    kubernetes::KubernetesPortMap::Rules rules;
    rules.space = config.cluster.worlds;
    rules.range = {.first = Port{config.ports.first}, .last = Port{config.ports.last}};
    rules.host_ports = {.first = Port{config.cluster.host_ports.first}, .last = Port{config.cluster.host_ports.last}};
    rules.edge_ports = {.first = Port{config.cluster.edge_ports.first}, .last = Port{config.cluster.edge_ports.last}};
    rules.of_balancers = config.cluster.balancer_annotations;
    return rules;
}

kubernetes::PodRules pod_rules(const Config::Cluster& config) {
    kubernetes::PodRules rules;
    rules.shim_image = config.shim_image;
    rules.pull_secrets = config.pull_secrets;
    rules.node_selector = node_selector(config.node_selector);
    rules.tolerations = config.tolerations;
    rules.priority_class = config.priority_class;
    rules.runtime_class = config.runtime_class;
    return rules;
}

kubernetes::ClusterRuntime::Options runtime_options(const Config& config) {
    kubernetes::ClusterRuntime::Options options;
    options.space = config.cluster.worlds;
    options.node_host = players_host(config);
    options.edge_host = config.edge.address;
    options.storage_class = config.cluster.storage_class;
    options.pods = pod_rules(config.cluster);
    return options;
}

// Numbers of nodes where people may have them; else players come from inside the cluster's network.
bool has_host_ports(const Config& config) {
    const auto& allowed = config.cluster.exposures;
    return std::ranges::find(allowed, server::Exposure::Kind::host_port) != allowed.end();
}

kubernetes::MatchPods::Options match_options(const Config& config, const Keys& keys) {
    constexpr std::string_view use = "shims of match servers";
    kubernetes::MatchPods::Options options;
    options.space = config.cluster.matches.empty() ? config.cluster.space : config.cluster.matches;
    options.node_host = players_host(config);
    options.pods = pod_rules(config.cluster);
    options.master = Secret(tls::hex(tls::hmac_sha256(as_byte_span(keys.vault.reveal()), as_byte_span(use))));
    return options;
}

kubernetes::KubernetesFleetStore::Knowledge knowledge_of(FleetInsight insight) {
    return {.wrong = std::move(insight.wrong), .counts = [counts = std::move(insight.counts)](const std::string& fleet) {
                const auto known = counts(fleet);
                if (!known) return std::optional<kubernetes::FleetCounts>();
                return std::optional(kubernetes::FleetCounts{
                    .starting = known->starting, .ready = known->ready, .allocated = known->allocated, .limit = known->limit});
            }};
}

process::PlainOptions host_options(const Config& config) {
    process::PlainOptions options;
    options.state = config.state;
    options.files_server = this_program();
    return options;
}

kubernetes::BackupPods::Options backup_options(const Config& config) {
    kubernetes::BackupPods::Options options;
    options.backups.image = config.cluster.backup_image;
    options.games = pod_rules(config.cluster);
    return options;
}

restic::ResticOptions restic_options(const Keys& keys) { return {.password = keys.vault, .recovery_key = keys.recovery}; }

// What the names of all begin with who ever have this state directory.
std::string household_name(const system::Household& household) {
    char host[256] = {};
    if (gethostname(host, sizeof host - 1) != 0) host[0] = '\0';
    return fmt::format("{}_{}_", host, household.name());
}

RuntimeError runtime_error(StoreError error) {
    const auto kind = error.kind == StoreError::Kind::not_found ? RuntimeError::Kind::not_found : RuntimeError::Kind::unavailable;
    return {kind, std::move(error.detail)};
}

}  // namespace

Task<Result<ClusterLedger, std::string>> ClusterLedger::open(boost::asio::any_io_executor loop, Clock& clock, const Config& config) {
    ClusterLedger made;
    if (config.ledger.url.empty()) {
        auto database = sqlite::Database::open(loop, config.state + "/gamekeeper.db");
        if (!database) co_return std::unexpected(database.error().detail);
        made.database = std::move(*database);
        made.own = std::make_unique<sqlite::SqliteLedger>(loop, *made.database);
        co_return made;
    }
    CO_TRY(options, postgres_options("ledger", config.ledger));
    auto ledger = co_await postgres::PostgresLedger::open(loop, clock, std::move(options));
    if (!ledger) co_return std::unexpected(fmt::format("ledger.url: {}", ledger.error().detail));
    made.shared = std::move(*ledger);
    CO_TRY(matches, co_await SharedMatches::open(loop, clock, "ledger", config.ledger, config.api));
    made.matches = std::move(matches);
    co_return made;
}

Task<Result<std::unique_ptr<Cluster>, std::string>> Cluster::open(boost::asio::io_context& loop, const Config& config,
                                                                  std::optional<StoreAccess> store) {
    auto clock = std::make_unique<system::SystemClock>(loop.get_executor());
    system::SystemRandom random;
    CO_TRY(access, ClusterAccess::open(loop.get_executor(), *clock, config.cluster));
    CO_TRY(trust, tls::Context::for_client({}));
    CO_TRY(keys, co_await keep_cluster_keys(client_of(*access), random, config.cluster.space));
    CO_TRY(ledger, co_await ClusterLedger::open(loop.get_executor(), *clock, config));
    CO_TRY(household, system::Household::take(config.state));
    Opened opened{.household = std::move(household),
                  .clock = std::move(clock),
                  .keys = std::move(keys),
                  .access = std::move(access),
                  .ledger = std::move(ledger),
                  .trust = std::move(trust)};
    co_return std::unique_ptr<Cluster>(new Cluster(loop, config, std::move(opened), store));
}

Cluster::Cluster(boost::asio::io_context& loop, const Config& config, Opened opened, const std::optional<StoreAccess>& store)
    : config_(config),
      clock_(std::move(opened.clock)),
      keys_(std::move(opened.keys)),
      access_(std::move(opened.access)),
      household_(std::move(opened.household)),
      name_(household_name(household_) + random_.id<ServerUid>().text()),
      store_(loop.get_executor(), client_of(*access_), random_, config.cluster.worlds),
      ledger_(std::move(opened.ledger)),
      events_(client_of(*access_), random_, name_),
      declarations_(store_, events_, *clock_),
      declared_games_(client_of(*access_), random_, events_, {.space = config.cluster.space, .leads = [this] { return leads_ && !has_lost_; }}),
      declared_packages_(client_of(*access_), random_, events_, {.space = config.cluster.space, .leads = [this] { return leads_ && !has_lost_; }}),
      port_map_(client_of(*access_), random_, port_rules(config)),
      runtime_(loop.get_executor(), client_of(*access_), random_, knowledge(), runtime_options(config)),
      match_pods_(
          loop.get_executor(), client_of(*access_), random_, runtime_.view(),
          [this](const std::string& fleet) { return fleets_ ? fleets_->owner_of(fleet) : Value(); }, match_options(config, keys_)),
      match_ports_(*clock_, {.first = Port{config.cluster.host_ports.first}, .last = Port{config.cluster.host_ports.last}}, has_host_ports(config)),
      nodes_(client_of(*access_), runtime_.view()),
      players_(client_of(*access_), store_.index(), runtime_, [this] { return leads_ && !has_lost_; }),
      here_(loop.get_executor(), *clock_, host_options(config)),
      bench_(client_of(*access_), runtime_.view(), here_, backup_knowledge(), backup_options(config)),
      vault_(bench_, make_vault_place(loop.get_executor(), *clock_, random_, config, store), restic_options(keys_)),
      files_([this](ServerUid uid) { return runtime_.files_of(uid); }, *clock_),
      game_files_(loop.get_executor(), *clock_, std::move(opened.trust), {.folder = config.games.downloads}),
      elector_(client_of(*access_), random_, {.space = config.cluster.space, .name = "gamekeeper"},
               {.me = name_, .household = household_name(household_)}, [this] {
                   leads_ = true;
                   declared_games_.show_all();
                   declared_packages_.show_all();
                   office_.wake_all();
               }) {
    access_->server().allow_changes_while([this] { return may_change(); });
    if (!config.cluster.admins.empty() || !config.cluster.readers.empty())
        tokens_.emplace(client_of(*access_), kubernetes::ReviewedTokens::Rights{.admins = config.cluster.admins, .readers = config.cluster.readers});
    if (ledger_.matches)
        fleets_.emplace(loop.get_executor(), client_of(*access_), random_, match_options(config, keys_).space, *ledger_.matches->fleets);
    if (config.edge.enabled) {
        edge_line_.emplace(loop.get_executor(), *clock_, *net::parse_endpoint(config.edge.listen),
                           [&edge = config.edge] { return server_context(edge.certificate, edge.key, edge.authority); });
        bans_.emplace(client_of(*access_), random_, config.cluster);
    }
    runtime_.view().on_node([this](const std::string& node) { match_pods_.node_changed(node); });
    port_map_.on_address([this](ServerUid uid) { runtime_.service_changed(uid); });
    store_.on_written([this](const Value& before, kubernetes::ObjectPtr after) { events_.tell_change(before, std::move(after)); });
}

kubernetes::ClusterRuntime::Knowledge Cluster::knowledge() {
    return {.place = [this](ServerUid uid) { return store_.index().key_of(uid); },
            .launch = [this](ServerUid uid) { return launch_of(uid); },
            .key = [this](kubernetes::ObjectKey server) { return kubernetes::shim_key(store_.secrets(), std::move(server)); },
            .service = [this](ServerUid uid) { return port_map_.service_of(uid); }};
}

kubernetes::BackupPods::Knowledge Cluster::backup_knowledge() {
    return {.place = [this](ServerUid uid) { return store_.index().key_of(uid); },
            .object =
                [this](ServerUid uid) {
                    const auto* entry = store_.index().find(uid);
                    return entry != nullptr ? std::string(wire::kubernetes::uid_of(*entry->object)) : std::string();
                },
            .key = [this](kubernetes::ObjectKey server) { return kubernetes::tools_key(store_.secrets(), std::move(server)); },
            .game = [this](ServerUid uid) { return image_of(uid); }};
}

Runtime::Answer<server::LaunchSpec> Cluster::launch_of(ServerUid uid) {
    auto record = co_await store_.get(uid);
    if (!record) co_return std::unexpected(runtime_error(std::move(record.error())));
    auto spec = games_->launch_spec(*record);
    if (!spec) co_return std::unexpected(RuntimeError{RuntimeError::Kind::invalid, spec.error().message});
    co_return std::move(*spec);
}

// A world is saved also when its game can be started no more.
Runtime::Answer<server::Image> Cluster::image_of(ServerUid uid) {
    auto launch = co_await launch_of(uid);
    if (!launch && launch.error().kind != RuntimeError::Kind::invalid) co_return std::unexpected(std::move(launch).error());
    co_return launch ? std::move(launch->image).value_or(server::Image()) : server::Image();
}

catalog::RenderContext Cluster::render_context() const {
    catalog::RenderContext context;
    context.images = {.prefix = config_.cluster.image_prefix,
                      .tag = config_.cluster.image_tag,
                      .may_be_root = config_.cluster.pod_security == PodSecurity::baseline,
                      .fetched = std::string(kubernetes::game_path)};
    return context;
}

app::MachineLimits Cluster::limits() const {
    auto limits = app::MachineLimits::of_others();
    limits.exposures = config_.cluster.exposures;
    limits.pods_may_be_root = config_.cluster.pod_security == PodSecurity::baseline;
    return limits;
}

void Cluster::use(const app::GameBook& games, const Declared& declared) {
    games_ = &games;
    declared_games_.tell({.take = [&to = declared.games](const GameDeclaration& game) { return to.take(game); },
                          .drop = [&to = declared.games](const std::string& name) { to.drop(name); }});
    declared_packages_.tell({.take = [&to = declared.packages](const PackageDeclaration& packages) { return to.take(packages); },
                             .drop = [&to = declared.packages](const std::string& name) { to.drop(name); }});
}

std::optional<MatchPorts> Cluster::matches() {
    if (!ledger_.matches) return std::nullopt;
    const auto& matches = *ledger_.matches;
    return MatchPorts{.store = *matches.store,
                      .fleets = *fleets_,
                      .runtime = &match_pods_,
                      .port_map = &match_ports_,
                      .on_declared_fleets = [this](FleetInsight insight) { fleets_->know(knowledge_of(std::move(insight))); },
                      .office = matches.office.get()};
}

std::optional<Installation::Front> Cluster::edges() {
    if (!edge_line_) return std::nullopt;
    return Front{
        .line = *edge_line_, .rules = {.listen = {}, .domain = config_.edge.domain}, .bans = &*bans_, .host = [this](const server::Record& record) {
            return address_of(record);
        }};
}

// That of its pod: its Service would hear of a game that is ready later than we do, and a player who waits for it would be sent away.
std::optional<wake::Address> Cluster::address_of(const server::Record& record) {
    const auto place = store_.index().key_of(record.uid);
    const auto pod = place ? runtime_.view().pod(record.uid, *place) : std::nullopt;
    return pod && !pod->is_over ? wake::Address::parse(pod->address) : std::nullopt;
}

// Only whoever keeps: edges that come to another one are refused, and come again.
Task<void> Cluster::speak_to_edges() {
    while (!leads_) co_await office_.wait();
    for (;;) {
        const auto opened = edge_line_->open();
        if (opened) co_return co_await edge_line_->run();
        log::error("edge", "no edge can come", {{"why", opened.error()}});
        co_await clock_->sleep(edge_line_retry);
    }
}

Task<std::vector<std::string>> Cluster::shortcomings() {
    std::vector<std::string> lacks;
    const auto definitions = co_await trouble_with_definitions(access_->server());
    if (definitions && *definitions) lacks.push_back(fmt::format("{}; cure: {}", (*definitions)->what, (*definitions)->cure));
    if (!net::s3::is_location(config_.vault.place)) {
        lacks.push_back(
            fmt::format("vault.place {} is a folder, which the pods beside the worlds do not see: no world can be saved, so none can be paused or "
                        "stopped unless by force; set vault.place: s3:https://ENDPOINT/BUCKET/PREFIX",
                        config_.vault.place));
    }
    if (edge_line_) {
        const auto keys = server_context(config_.edge.certificate, config_.edge.key, config_.edge.authority);
        if (!keys) lacks.push_back(fmt::format("no edge can come, and who knocks wakes nobody: {}", keys.error()));
    }
    co_return lacks;
}

void Cluster::collect(api::Metrics& metrics) const {
    for (const auto& [call, count] : access_->server().answers()) metrics.set_cluster_calls(call.first, call.second, count);
}

Task<Result<FirstKey, std::string>> Cluster::first_key(std::function<Secret()> make) {
    return keep_first_key(client_of(*access_), std::move(make), config_.cluster.space);
}

void Cluster::begin(async::TaskGroup& tasks, async::TaskGroup& office) {
    if (ledger_.shared) tasks.spawn("ledger", ledger_.shared->run());
    if (ledger_.matches) ledger_.matches->begin(tasks);
    tasks.spawn("GameServers", store_.run());
    tasks.spawn("Games", declared_games_.run());
    tasks.spawn("packages", declared_packages_.run());
    tasks.spawn("events", events_.run());
    tasks.spawn("Services", port_map_.run());
    tasks.spawn("pods", runtime_.run());
    if (ledger_.matches) tasks.spawn("match servers", match_pods_.run());
    if (fleets_) tasks.spawn("Fleets", fleets_->run());
    tasks.spawn("players", players_.run());
    tasks.spawn("game files", game_files_.run());
    tasks.spawn("news of the lease", elector_.listen());
    office.spawn("lease", stand_for_election());
    office.spawn("idle pods", runtime_.stop_idle_pods());
    if (edge_line_) office.spawn("edges", speak_to_edges());
    if (bans_) tasks.spawn("bans", bans_->run());
}

Task<void> Cluster::stand_for_election() {
    co_await elector_.run();
    has_lost_ = true;
    office_.wake_all();
}

Task<void> Cluster::settled() {
    co_await declared_games_.synced();
    co_await declared_packages_.synced();
    co_await store_.synced();
    co_await port_map_.synced();
    co_await runtime_.synced();
    if (bans_) co_await bans_->synced();
    if (ledger_.matches) co_await match_pods_.synced();
}

Task<void> Cluster::elected() {
    co_await settled();
    while (!leads_) co_await office_.wait();
    // Of what another one has done until now, a watch that has fallen silent has told nothing.
    co_await store_.catch_up();
    co_await port_map_.catch_up();
    co_await runtime_.catch_up();
    log::info("serve", "this control plane keeps", {{"lease", config_.cluster.space + "/gamekeeper"}});
}

Task<std::string> Cluster::deposed() {
    while (!has_lost_) co_await office_.wait();
    co_return fmt::format("the lease {}/gamekeeper was lost; {} has it", config_.cluster.space, elector_.holder());
}

Task<void> Cluster::resign() {
    has_resigned_ = has_lost_ = true;
    co_await elector_.release();
}

// Who has kept, and lost that without knowing (stopped for a minute, cut off from the API server), ends soon. Until then it changes nothing: what it
// was at when it kept may be somebody else's by now. Who has resigned has ended all of that, and finishes what people have asked for.
bool Cluster::may_change() const { return !leads_ || has_resigned_ || elector_.leads(); }

Task<Milliseconds> Cluster::use_idle_time() { co_return idle_look; }

}  // namespace gk::programs
