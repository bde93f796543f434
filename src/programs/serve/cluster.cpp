#include "programs/serve/cluster.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include "adapters/kubernetes/store/shim_key.hpp"
#include "base/log.hpp"
#include "net/s3/location.hpp"
#include "programs/config/cluster_rules.hpp"
#include "programs/serve/cluster_keys.hpp"
#include "programs/serve/definitions.hpp"
#include "programs/serve/rights.hpp"

namespace gk::programs {
namespace {

constexpr Milliseconds idle_look = std::chrono::minutes(1);
constexpr auto manager = "gamekeeper";

kubernetes::Client client_of(ClusterAccess& access) { return kubernetes::Client(access.server(), manager); }

kubernetes::KubernetesPortMap::Rules port_rules(const Config& config) {
    kubernetes::KubernetesPortMap::Rules rules;
    rules.space = config.cluster.worlds;
    rules.range = {.first = Port{config.ports.first}, .last = Port{config.ports.last}};
    rules.host_ports = {.first = Port{config.cluster.host_ports.first}, .last = Port{config.cluster.host_ports.last}};
    rules.of_balancers = config.cluster.balancer_annotations;
    return rules;
}

kubernetes::PodRules pod_rules(const Config::Cluster& config) {
    kubernetes::PodRules rules;
    rules.shim_image = config.shim_image;
    rules.pull_secrets = config.pull_secrets;
    rules.node_selector = node_selector(config.node_selector);
    rules.tolerations = tolerations(config.tolerations);
    rules.priority_class = config.priority_class;
    rules.runtime_class = config.runtime_class;
    return rules;
}

kubernetes::ClusterRuntime::Options runtime_options(const Config& config) {
    kubernetes::ClusterRuntime::Options options;
    options.space = config.cluster.worlds;
    options.node_host = config.cluster.node_host;
    options.storage_class = config.cluster.storage_class;
    options.pods = pod_rules(config.cluster);
    return options;
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
    postgres::Options options;
    options.url = config.ledger.url;
    if (!config.ledger.password_file.empty()) {
        CO_TRY(password, secret_in("ledger.password_file", config.ledger.password_file));
        options.password = std::move(password);
    }
    auto ledger = co_await postgres::PostgresLedger::open(loop, clock, std::move(options));
    if (!ledger) co_return std::unexpected(fmt::format("ledger.url: {}", ledger.error().detail));
    made.shared = std::move(*ledger);
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
      port_map_(client_of(*access_), random_, port_rules(config)),
      runtime_(loop.get_executor(), client_of(*access_), random_, knowledge(), runtime_options(config)),
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
                   office_.wake_all();
               }) {
    access_->server().allow_changes_while([this] { return may_change(); });
    if (!config.cluster.admins.empty() || !config.cluster.readers.empty())
        tokens_.emplace(client_of(*access_), kubernetes::ReviewedTokens::Rights{.admins = config.cluster.admins, .readers = config.cluster.readers});
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
            .key = [this](kubernetes::ObjectKey server) { return kubernetes::tools_key(store_.secrets(), std::move(server)); }};
}

Runtime::Answer<server::LaunchSpec> Cluster::launch_of(ServerUid uid) {
    auto record = co_await store_.get(uid);
    if (!record) co_return std::unexpected(runtime_error(std::move(record.error())));
    auto spec = games_->launch_spec(*record);
    if (!spec) co_return std::unexpected(RuntimeError{RuntimeError::Kind::invalid, spec.error().message});
    co_return std::move(*spec);
}

catalog::RenderContext Cluster::render_context() const {
    catalog::RenderContext context;
    context.images = {.prefix = config_.cluster.image_prefix, .tag = config_.cluster.image_tag, .fetched = std::string(kubernetes::game_path)};
    return context;
}

app::MachineLimits Cluster::limits() const {
    auto limits = app::MachineLimits::of_others();
    limits.exposures = config_.cluster.exposures;
    return limits;
}

void Cluster::use(const app::GameBook& games, app::DeclaredGames& declared) {
    games_ = &games;
    declared_games_.tell({.take = [&declared](const GameDeclaration& game) { return declared.take(game); },
                          .drop = [&declared](const std::string& name) { declared.drop(name); }});
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
    tasks.spawn("GameServers", store_.run());
    tasks.spawn("Games", declared_games_.run());
    tasks.spawn("events", events_.run());
    tasks.spawn("Services", port_map_.run());
    tasks.spawn("pods", runtime_.run());
    tasks.spawn("players", players_.run());
    tasks.spawn("game files", game_files_.run());
    tasks.spawn("news of the lease", elector_.listen());
    office.spawn("lease", stand_for_election());
    office.spawn("idle pods", runtime_.stop_idle_pods());
}

Task<void> Cluster::stand_for_election() {
    co_await elector_.run();
    has_lost_ = true;
    office_.wake_all();
}

Task<void> Cluster::settled() {
    co_await declared_games_.synced();
    co_await store_.synced();
    co_await port_map_.synced();
    co_await runtime_.synced();
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
