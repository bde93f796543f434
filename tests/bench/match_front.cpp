// A front of matchmaking for load tests: the routes of /v1, the matchmaker and SQLite in the directory of the first argument, as `gamekeeper serve`
// has them, but every match is sent to the one match server at the second argument (host:port, `gamekeeper match-server --many`): what is measured
// is ours, not how fast a machine starts processes. Prints {"url": ..., "key": ...} when it listens, and ends when its standard input does.
#include <cstdio>
#include <string>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "adapters/memory/fleet_store.hpp"
#include "adapters/memory/game_files.hpp"
#include "adapters/memory/vault.hpp"
#include "adapters/sqlite/match_store.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "api/access_log.hpp"
#include "api/match/match_context.hpp"
#include "api/reply.hpp"
#include "app/catalog/game_shelf.hpp"
#include "async/off_loop.hpp"
#include "async/task_group.hpp"
#include "base/assert.hpp"
#include "net/http/server.hpp"
#include "programs/descriptors.hpp"
#include "tests/app/household.hpp"

namespace {

using namespace gk;

// One match server for all matches.
class OneServer final : public app::MatchServers {
public:
    OneServer(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}

    Task<void> work(app::Shift&) override { co_return; }
    Answer<std::optional<match::MatchServer>> take(match::Match, QueueRecord) override {
        co_return std::optional(match::MatchServer{.name = "many", .host = host_, .port = port_});
    }
    Answer<match::MatchServer> start(match::Match, QueueRecord, Time) override {
        co_return std::unexpected(Refusal{.code = "exhausted", .detail = "there is one, and it is taken by all"});
    }
    Task<void> release(MatchId) override { co_return; }
    Task<void> adopt(std::vector<match::Match>) override { co_return; }
    std::optional<std::vector<Held>> held() const override { return std::nullopt; }
    std::shared_ptr<void> watch(Ended) override { return nullptr; }

private:
    std::string host_;
    std::uint16_t port_;
};

class Front {
public:
    Front(const std::string& folder, std::string host, std::uint16_t port)
        : db_(sqlite::Database::open(io_.get_executor(), folder + "/front.db").value()),
          servers_(std::move(host), port) {
        house_.key = house_.home.wait(house_.home.accounts.create({.name = "bench"}, "bench", Scope::admin, {})).value().text.reveal();
        house_.tenure.begin(Epoch{1});
        house_.admission.open();
    }

    void run() { async::run_until_done(io_, serve()); }

private:
    // What the routes ask for besides matchmaking, in memory: its clock stands still, which nobody notices.
    struct House {
        apptest::Household home;
        memory::VaultState vault_state;
        memory::MemoryVault vault{vault_state, {}, [this] { return home.clock.now(); }};
        memory::MemoryGameFiles game_files;
        app::GameShelf shelf{home.games, {}, [](const std::string&) { return true; }, game_files};
        api::Metrics metrics;
        app::Tenure tenure;
        app::Admission admission;
        app::NodeCare nodes{nullptr, home.store, home.ledger, home.clock};
        std::string key;
    };

    Task<void> serve();
    Task<void> make_matches() { std::ignore = co_await maker_.run(); }
    Task<void> wait_for_end();

    boost::asio::io_context io_{1};
    boost::asio::thread_pool engine_thread_{1};
    system::SystemClock clock_{io_.get_executor()};
    system::SystemRandom random_;
    std::unique_ptr<sqlite::Database> db_;
    sqlite::SqliteMatchStore store_{io_.get_executor(), *db_};
    OneServer servers_;
    House house_;
    api::Context api_{.servers = house_.home.servers,
                      .accounts = house_.home.accounts,
                      .nodes = house_.nodes,
                      .games = house_.home.games,
                      .shelf = house_.shelf,
                      .ledger = house_.home.ledger,
                      .runtime = house_.home.runtime,
                      .vault = house_.vault,
                      .clock = clock_,
                      .tenure = house_.tenure,
                      .admission = house_.admission,
                      .metrics = house_.metrics,
                      .public_host = "127.0.0.1",
                      .openapi = {}};
    app::Feed feed_{store_, clock_};
    app::Matchmaker maker_{{.store = store_,
                            .servers = servers_,
                            .clock = clock_,
                            .random = random_,
                            .off_loop = [this](std::function<void()> work) { return async::off_loop(engine_thread_, std::move(work)); }},
                           {}};
    app::Tickets tickets_{{.store = store_,
                           .feed = feed_,
                           .clock = clock_,
                           .random = random_,
                           .key = Secret("of tokens"),
                           .stored = [this](const match::Ticket& ticket) { maker_.note(ticket); },
                           .seen = [this](TicketId ticket) { maker_.note_seen(ticket); }}};
    app::Matches matches_{{.store = store_, .clock = clock_}};
    app::Queues queues_{{.store = store_,
                         .is_known_game = [](const std::string&) { return true; },
                         .is_known_fleet = [](std::string) -> Task<Result<bool, app::Error>> { co_return true; },
                         .changed = [this] { maker_.note_queues(); }}};
    std::shared_ptr<memory::MatchState> match_state_ = std::make_shared<memory::MatchState>();
    std::shared_ptr<memory::FleetState> fleet_state_ = std::make_shared<memory::FleetState>();
    memory::MemoryFleetStore fleet_store_{io_.get_executor(), fleet_state_, match_state_};
    app::Starter starter_{{.runtime = house_.home.runtime,
                           .port_map = house_.home.port_map,
                           .random = random_,
                           .games = house_.shelf,
                           .public_host = "127.0.0.1",
                           .resources = [](const std::string&, const std::string&) { return std::optional(server::Resources()); }}};
    app::Fleets fleets_{io_.get_executor(), {fleet_store_, house_.home.runtime, clock_, starter_}};
    app::FleetOrders fleet_orders_{
        {.store = fleet_store_, .fleets = fleets_, .check = [](const fleet::Fleet&) { return std::vector<FieldError>(); }}};
    api::MatchContext context_{.api = api_,
                               .tickets = tickets_,
                               .matches = matches_,
                               .queues = queues_,
                               .fleets = fleet_orders_,
                               .maker = maker_,
                               .feed = feed_,
                               .store = store_};
};

Task<void> Front::wait_for_end() {
    boost::asio::posix::stream_descriptor input(io_, ::dup(STDIN_FILENO));
    char byte = 0;
    boost::system::error_code error;
    const auto buffer = boost::asio::buffer(&byte, 1);
    while (!error) std::ignore = co_await input.async_read_some(buffer, boost::asio::redirect_error(boost::asio::use_awaitable, error));
}

Task<void> Front::serve() {
    net::Router router;
    api::add_matchmaking_routes(router, context_);
    net::ServerHooks hooks{.problem = [](const net::Problem& problem) { return api::problem_reply(problem); },
                           .access =
                               [this](const net::Access& access) {
                                   house_.metrics.count(access);
                                   api::log_access(access);
                               }};
    net::ServerLimits limits;
    limits.connections_max = limits.connections_per_address_max = 100'000;
    net::HttpServer http(io_.get_executor(), clock_, random_, std::move(router), limits, std::move(hooks));
    const auto at = net::parse_endpoint("127.0.0.1:0").value();
    const auto listening = http.listen(at);
    ASSERT(listening.has_value(), "a free port of this machine is listened at");
    fmt::print("{{\"url\": \"http://{}\", \"key\": \"{}\"}}\n", listening->text(), house_.key);
    std::fflush(stdout);
    async::TaskGroup tasks(io_.get_executor());
    tasks.spawn("feed", feed_.run());
    tasks.spawn("matchmaker", make_matches());
    auto ending = wait_for_end();
    co_await async::run_with(tasks, std::move(ending));
    co_await http.stop(Milliseconds(0));
}

}  // namespace

int main(int count, char** arguments) {
    const std::string server = count == 3 ? arguments[2] : "";
    const auto colon = server.rfind(':');
    if (colon == std::string::npos) return std::fprintf(stderr, "usage: gk_bench_match_front DIRECTORY HOST:PORT < PIPE\n"), 2;
    programs::raise_descriptor_limit();
    Front front(arguments[1], server.substr(0, colon), static_cast<std::uint16_t>(std::stoi(server.substr(colon + 1))));
    front.run();
    return 0;
}
