#include "tests/sim/life.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "base/assert.hpp"

namespace gk::sim {
using namespace std::chrono_literals;

namespace {

// Days become minutes, so that a run of half an hour sees everything that time does.
app::KeeperLimits keeper_limits(Plant plant, bool shares_writes, const Pace& pace) {
    app::KeeperLimits limits;
    limits.server.keeper_interval = pace.keeper_every;
    limits.share_writes = shares_writes;
    limits.keep_deleted = keep_deleted;
    limits.port_grace = 7min;
    limits.server.crashes_max = plant == Plant::never_gives_up ? 1000 : crashes_max;
    if (plant == Plant::no_back_off) limits.server.retry_first = limits.server.retry_most = 1ms;
    return limits;
}
app::VaultCare::Options care_options(Plant plant, const Pace& pace) {
    app::VaultCare::Options options;
    options.retention = {.last = 2, .daily = 1, .weekly = 1, .age_min = youngest_to_prune, .leftover_age = 3min};
    options.interval = pace.care_every;
    options.sample_every = 5 * pace.care_every;
    options.adoption_grace = 6min;
    if (plant == Plant::pruned_too_young) options.retention.age_min = 0s;
    return options;
}

// One game and one package. What the game needs to be rendered is in ToyBook.
catalog::Catalog toys() {
    catalog::Game toy;
    toy.name = "toy";
    toy.ports = {{.role = "game", .udp = true}};
    catalog::Setting slots;
    slots.name = "slots";
    slots.type = catalog::SettingType::integer;
    slots.min = 0;
    slots.max = 100;
    toy.settings = {slots};
    toy.wake.role = "game";
    catalog::Catalog games;
    games.put(std::move(toy));
    games.put_packages({{.name = "small", .title = {}, .resources = {.cpu = {500}, .memory = {1000}, .disk = {1000}}}});
    return games;
}

}  // namespace

Life::Life(Ground& ground, Surroundings& surroundings, std::uint64_t seed, std::uint64_t number)
    : ground_(ground),
      clock_(ground.now),
      games_(toys()),
      footing_(surroundings.footing(io_, clock_, seed, number)) {
    const auto with = footing_->ports();
    const auto pace = surroundings.pace();
    // Of every third run, as a cluster's keeper does.
    ground.shares_writes = seed % 3 == 2;
    const app::KeeperPorts keeper_ports{.store = with.store,
                                        .ledger = with.ledger,
                                        .runtime = with.runtime,
                                        .vault = with.vault,
                                        .files = with.files,
                                        .port_map = with.port_map,
                                        .clock = clock_,
                                        .random = with.keeper_random,
                                        .notifier = with.notifier,
                                        .games = with.book};
    keeper_ = std::make_unique<app::Keeper>(keeper_ports, keeper_limits(ground.plant, ground.shares_writes, pace));
    app::MachineLimits machine{.cpu = {4000}, .cpu_overcommit = 1, .memory = {pace.servers_at_once * 1000}};
    if (footing_->edges() != nullptr) machine.edge_shift = -1000;
    servers_ = std::make_unique<app::Servers>(app::Servers::Ports{with.store, with.ledger, with.runtime, with.port_map, clock_, with.random}, games_,
                                              machine);
    care_ = std::make_unique<app::VaultCare>(app::VaultCare::Ports{with.store, with.ledger, with.vault, with.notifier, clock_, keeper_->tenure()},
                                             care_options(ground.plant, pace));
    scheduler_ = std::make_unique<app::Scheduler>(
        app::Scheduler::Ports{with.store, with.ledger, with.runtime, clock_}, [this](app::Due due) { return submit(std::move(due)); },
        app::Scheduler::Options{.backup_every = pace.backup_every});
    if (auto* edges = footing_->edges()) stand_behind(*edges);
    if (auto* declarations = footing_->declarations()) intake_ = std::make_unique<app::Intake>(app::Intake::Ports{*declarations, *servers_, clock_});
    auto done = [this](const std::exception_ptr&) { ended_ = true; };
    boost::asio::co_spawn(io_, live(), boost::asio::bind_cancellation_slot(cancel_.slot(), done));
    ground_.note("a life begins");
}

Life::~Life() {
    if (!ended_) end();
}

// As the control plane of `gamekeeper serve` does.
Task<void> Life::live() {
    footing_->begin(tasks_);
    tasks_.spawn("keeper", keep());
    tasks_.spawn("office", watch_office());
    tasks_.spawn("scheduler", after_takeover(scheduler_->run()));
    tasks_.spawn("vault care", after_takeover(care_->run()));
    if (intake_) tasks_.spawn("intake", after_takeover(intake_->run()));
    if (edge_desk_) tasks_.spawn("edge desk", after_takeover(edge_desk_->run()));
    if (idle_watch_) tasks_.spawn("idle watch", after_takeover(idle_watch_->run()));
    auto body = end_.wait();
    co_await async::run_with(tasks_, std::move(body));
}

Task<void> Life::keep() {
    co_await footing_->elected();
    co_await keeper_->run();
    end_.raise();
}
Task<void> Life::watch_office() {
    co_await footing_->deposed();
    end_.raise();
}
Task<void> Life::after_takeover(Task<void> work) {
    co_await keeper_->tenure().wait();
    co_await std::move(work);
}

void Life::stand_behind(EdgeLine& edges) {
    constexpr Milliseconds idle_look = 15s;
    const auto with = footing_->ports();
    const app::EdgeDesk::Ports desk{.store = with.store, .line = edges, .clock = clock_, .tenure = keeper_->tenure(), .games = games_};
    auto start = [this](server::Record record, server::Cause cause) { return start_for_knock(std::move(record), std::move(cause)); };
    edge_desk_ = std::make_unique<app::EdgeDesk>(desk, std::move(start), front::RoutingRules());
    const app::IdleWatch::Ports watch{with.store, with.ledger, with.runtime, clock_, with.book, keeper_->tenure()};
    auto pause = [this](server::Record record) { return fall_asleep(std::move(record)); };
    auto sessions = [this](const server::Record& record) { return edge_desk_->sessions_of(record); };
    idle_watch_ = std::make_unique<app::IdleWatch>(watch, std::move(pause), std::move(sessions), app::IdleWatch::Usual{.after = 5min, .notice = 1min},
                                                   idle_look);
}

Task<Result<Success, app::Error>> Life::start_for_knock(server::Record record, server::Cause cause) {
    const app::Caller caller{.name = "knock"};
    const app::Idempotency once;
    app::VerbOrder order;
    order.verb = server::Verb::start;
    order.cause = std::move(cause);
    auto accepted = co_await servers_->ask(caller, record.space, record.id, std::move(order), once);
    if (!accepted) co_return std::unexpected(accepted.error());
    co_return Success{};
}

Task<void> Life::fall_asleep(server::Record record) {
    const app::Caller caller{.name = "idle watch"};
    const app::Idempotency once;
    app::VerbOrder order;
    order.verb = server::Verb::pause;
    order.cause.kind = server::Cause::Kind::idle;
    std::ignore = co_await servers_->ask(caller, record.space, record.id, std::move(order), once);
}

Task<void> Life::submit(app::Due due) {
    if (ground_.quiet) co_return;
    auto record = co_await footing_->ports().store.get(due.server);
    if (!record) co_return;
    const app::Caller caller{.name = "schedule"};
    const app::Idempotency once;
    if (due.action == server::Schedule::Action::command) {
        app::Servers::CommandOrder order{.line = due.command, .epoch = epoch()};
        std::ignore = co_await servers_->command(caller, record->space, record->id, std::move(order), once);
        co_return;
    }
    const auto verb = due.action == server::Schedule::Action::backup ? server::Verb::backup : server::Verb::restart;
    app::VerbOrder order;
    order.verb = verb;
    std::ignore = co_await servers_->ask(caller, record->space, record->id, order, once);
}

std::vector<PortMap::Reservation> Life::ports_held() {
    std::vector<PortMap::Reservation> held;
    tasks_.spawn("ports held", read_ports(held));
    poll();
    return held;
}
Task<void> Life::read_ports(std::vector<PortMap::Reservation>& held) {
    auto answer = co_await footing_->ports().true_port_map.list();
    if (answer) held = std::move(*answer);
}

std::size_t Life::poll() {
    io_.restart();
    return io_.poll();
}

void Life::advance(Time now) {
    clock_.set_skew(ground_.skew);
    clock_.advance(now - clock_.now());
}
std::optional<Time> Life::next_due() const { return clock_.next_due(); }
bool Life::wants_to_die() const { return footing_->is_dying(); }

void Life::end() {
    ground_.note("the life ends");
    // Every wait throws from here on; a dead program does nothing more.
    cancel_.emit(boost::asio::cancellation_type::terminal);
    poll();
    ASSERT(ended_, "a cancelled life ends at once");
}

void Life::wake(ServerUid uid) {
    if (!ended_) keeper_->wake(uid);
}

}  // namespace gk::sim
