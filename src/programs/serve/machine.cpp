#include "programs/serve/machine.hpp"

#include <fmt/format.h>

#include "adapters/system/listeners.hpp"
#include "base/log.hpp"

namespace gk::programs {
namespace {

constexpr Milliseconds spare_look = std::chrono::seconds(5);
constexpr Milliseconds spare_retry = std::chrono::minutes(10);

template <class T>
Hands hands_of(std::unique_ptr<T> host) {
    auto& workbench = *host;
    return {.host = std::move(host), .workbench = workbench};
}

process::PlainOptions plain_options(const std::string& folder) {
    process::PlainOptions options;
    options.state = folder;
    options.shim = sibling_program("gk-shim");
    options.files_server = this_program();
    return options;
}

Hands make_hands(boost::asio::io_context& loop, Clock& clock, const Config& config, const Rights& rights) {
    if (rights.launcher) {
        const auto& told = rights.machine;
        runc::MachineOptions options{.state = told.state,
                                     .shim = told.shim,
                                     .runc = told.runc,
                                     .confined_programs = told.confined_programs,
                                     .cgroup_root = told.cgroup_root,
                                     .cgroup_parent = told.cgroup_parent};
        auto host = std::make_unique<runc::LauncherHost>(loop.get_executor(), clock, *rights.launcher, std::move(options));
        EdgeProcess::Starter edge;
        if (told.own_addresses) edge = [at = host.get()](unsigned loops) { return at->start_edge(loops); };
        auto hands = hands_of(std::move(host));
        hands.edge = std::move(edge);
        return hands;
    }
    return hands_of(std::make_unique<process::PlainHost>(loop.get_executor(), clock, plain_options(config.state)));
}

sqlite::SqlitePortMap::Rules port_rules(const Config& config) {
    PortQuestion foreign = system::is_bound;
    if (config.edge.enabled) {
        // Both what players use and what the game is going to bind must be free.
        foreign = [shift = config.edge.shift(config.ports)](Protocol protocol, Port open) {
            const auto bound = static_cast<Port>(std::to_underlying(open) + shift);
            return system::is_bound(protocol, open) || system::is_bound(protocol, bound);
        };
    }
    return {.range = {.first = Port{config.ports.first}, .last = Port{config.ports.last}}, .foreign = std::move(foreign)};
}

}  // namespace

Machine::Machine(boost::asio::io_context& loop, const Config& config, const Rights& rights, Keys kept, std::unique_ptr<sqlite::Database> opened,
                 tls::Context trust)
    : config_(config),
      own_addresses_(rights.machine.own_addresses),
      keys_(std::move(kept)),
      clock(loop.get_executor()),
      database(std::move(opened)),
      store(loop.get_executor(), *database),
      ledger(loop.get_executor(), *database),
      match_store(loop.get_executor(), *database),
      fleet_store(loop.get_executor(), *database),
      port_map(*database, store, clock, port_rules(config)),
      hands(make_hands(loop, clock, config, rights)),
      runtime(loop.get_executor(), clock, *hands.host, config.state),
      vault(hands.workbench, make_vault_place(loop.get_executor(), clock, random, config, rights.store),
            {.password = keys_.vault, .recovery_key = keys_.recovery}),
      files([this](ServerUid uid) { return hands.host->open_files(uid); }, clock),
      game_files(loop.get_executor(), clock, std::move(trust), {.folder = config.games.downloads}) {}

Result<std::unique_ptr<Machine>, std::string> Machine::open(boost::asio::io_context& loop, const Config& config, const Rights& rights) {
    system::SystemRandom random;
    TRY(keys, keep_keys(config.state, random));
    auto database = sqlite::Database::open(loop.get_executor(), config.state + "/gamekeeper.db");
    if (!database) return std::unexpected(database.error().detail);
    TRY(trust, tls::Context::for_client({}));
    auto machine = std::unique_ptr<Machine>(new Machine(loop, config, rights, std::move(keys), std::move(*database), std::move(trust)));
    if (config.edge.enabled) TRY_OK(machine->open_edge(loop.get_executor()));
    return machine;
}

Result<Success, std::string> Machine::open_edge(boost::asio::any_io_executor loop) {
    const auto path = config_.state + "/edge";
    TRY(folder, EdgeFolder::open(path));
    const auto socket = path + "/routes.sock";
    edge_line_ = std::make_unique<edge_line::StreamEdgeLine>(loop, clock, net::Endpoint{.address = {}, .port = 0, .path = socket});
    TRY_OK(edge_line_->open());
    bans_ = std::make_unique<BanFile>(path + "/bans.json");
    EdgeProcess::Options options{.program = this_program(), .socket = socket, .folder = path, .loops = config_.edge.loops, .starter = hands.edge};
    edge_process_ = std::make_unique<EdgeProcess>(loop, clock, std::move(options), std::move(folder));
    return Success{};
}

std::optional<Installation::Front> Machine::edges() {
    if (!edge_line_) return std::nullopt;
    return Front{
        .line = *edge_line_, .rules = {.listen = {}, .domain = config_.edge.domain, .zone = config_.edge.zone}, .bans = bans_.get(), .host = nullptr};
}

Machine::Shared::Shared(boost::asio::any_io_executor loop, Clock& on, const std::string& folder, SharedMatches stores, Secret key)
    : matches(std::move(stores)),
      host(loop, on, plain_options(folder)),
      runtime(loop, on, host, folder),
      token_key(std::move(key)) {}

Task<Result<Success, std::string>> Machine::share_matches(boost::asio::any_io_executor loop, const Rights& rights) {
    if (config_.match.store.url.empty()) co_return Success{};
    if (rights.launcher) {
        co_return std::unexpected(
            std::string("match.url: several control planes of one machine share plain processes only; say machine.sandbox: false, or use a cluster"));
    }
    const auto& folder = config_.match.servers;
    CO_TRY(key, keep_shared_secret(folder, "tokens.key", random));
    CO_TRY(matches, co_await SharedMatches::open(loop, clock, "match", config_.match.store, config_.api));
    shared_ = std::make_unique<Shared>(loop, clock, folder, std::move(matches), std::move(key));
    co_return Success{};
}

std::optional<MatchPorts> Machine::matches() {
    if (!shared_) return MatchPorts{.store = match_store, .fleets = fleet_store};
    const auto& matches = shared_->matches;
    return MatchPorts{.store = *matches.store,
                      .fleets = *matches.fleets,
                      .runtime = &shared_->runtime,
                      .office = matches.office.get(),
                      .token_key = shared_->token_key};
}

void Machine::begin(async::TaskGroup& tasks, async::TaskGroup&) {
    tasks.spawn("game files", game_files.run());
    if (shared_) shared_->matches.begin(tasks);
    if (!edge_line_) return;
    tasks.spawn("edges", edge_line_->run());
    tasks.spawn("edge process", edge_process_->run());
}

Task<Result<FirstKey, std::string>> Machine::first_key(std::function<Secret()> make) {
    CO_TRY(kept, keep_secret(config_.state + "/admin.key", make));
    co_return FirstKey{.text = std::move(kept.secret)};
}

Task<std::vector<std::string>> Machine::shortcomings() {
    auto lacks = co_await hands.host->shortcomings();
    co_return lacks ? std::move(*lacks) : std::vector<std::string>();
}

Task<std::string> Machine::deposed() {
    for (;;) co_await clock.sleep(std::chrono::hours(24));
}

// A world's first backup does not wait for the keys of its repository to be derived (six seconds of CPU). Whoever comes sooner makes his own.
Task<Milliseconds> Machine::use_idle_time() {
    const auto prepared = co_await vault.prepare_spare();
    if (!prepared) log::warning("vault", "no repository could be made in advance", {{"why", prepared.error().detail}});
    co_return prepared ? spare_look : spare_retry;
}

}  // namespace gk::programs
