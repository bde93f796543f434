#include "tests/sim/life.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include "base/assert.hpp"
#include "tests/sim/ports.hpp"

namespace gk::sim {
using namespace std::chrono_literals;

Task<void> Passage::wait(const char* what) {
    ground_.note(what);
    auto& dice = ground_.fault_dice;
    if (dice.chance(ground_.faults.keeper_crash)) {
        dying_ = true;
        co_await clock_.sleep(24h);
    }
    // Half of the calls are answered at once: the others are enough to let everything else happen in between.
    if (dice.chance(ground_.faults.slow)) co_await clock_.sleep(dice.between(1s, 20s));
    else if (dice.chance(0.5)) co_await clock_.sleep(dice.between(1ms, 15ms));
}

struct Life::Ports {
    Ports(Ground& ground, Clock& clock, boost::asio::any_io_executor loop, std::uint64_t seed)
        : passage(ground, clock),
          memory_store(loop, ground.state),
          memory_ledger(loop, ground.state),
          port_map(ground.state, clock, {}),
          store(passage, memory_store),
          ledger(ground, passage, memory_ledger),
          runtime(ground, passage),
          vault(ground, passage),
          files(ground, passage),
          random(seed, ground.plant) {}

    Passage passage;
    memory::MemoryServerStore memory_store;
    memory::MemoryLedger memory_ledger;
    memory::MemoryPortMap port_map;
    memory::MemoryNotifier notifier;
    SimStore store;
    SimLedger ledger;
    SimRuntime runtime;
    SimVault vault;
    SimFiles files;
    SimRandom random;
    ToyBook book;
};

Life::Life(Ground& ground, std::uint64_t seed)
    : ground_(ground),
      clock_(ground.now),
      ports_(std::make_unique<Ports>(ground, clock_, io_.get_executor(), seed)) {
    const app::KeeperPorts ports{.store = ports_->store,
                                 .ledger = ports_->ledger,
                                 .runtime = ports_->runtime,
                                 .vault = ports_->vault,
                                 .files = ports_->files,
                                 .port_map = ports_->port_map,
                                 .clock = clock_,
                                 .random = ports_->random,
                                 .notifier = ports_->notifier,
                                 .games = ports_->book};
    keeper_ = std::make_unique<app::Keeper>(ports, app::KeeperLimits());
    auto done = [this](const std::exception_ptr&, const std::string&) { ended_ = true; };
    boost::asio::co_spawn(io_, keeper_->run(), boost::asio::bind_cancellation_slot(cancel_.slot(), done));
    ground_.note("a keeper starts");
}

Life::~Life() {
    if (!ended_) end();
}

void Life::poll() {
    io_.restart();
    io_.poll();
}

void Life::advance(Time now) { clock_.advance(now - clock_.now()); }
std::optional<Time> Life::next_due() const { return clock_.next_due(); }
bool Life::wants_to_die() const { return ports_->passage.is_dying(); }

void Life::end() {
    ground_.note("the keeper dies");
    // Every wait throws from here on; a dead program does nothing more.
    cancel_.emit(boost::asio::cancellation_type::terminal);
    poll();
    ASSERT(ended_, "a cancelled keeper ends at once");
}

void Life::wake(ServerUid uid) {
    if (!ended_) keeper_->wake(uid);
}

}  // namespace gk::sim
