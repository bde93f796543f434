#include "tests/sim/footing.hpp"
#include "tests/sim/ports.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

class MachineFooting final : public Footing {
public:
    MachineFooting(Ground& ground, Clock& clock, boost::asio::any_io_executor loop, std::uint64_t seed, std::uint64_t life)
        : passage_(ground, clock, life),
          memory_store_(loop, ground.state),
          memory_ledger_(loop, ground.state),
          // So few numbers that they are soon given away again.
          memory_ports_(ground.state, clock,
                        {.range = {.first = Port{30000}, .last = Port{30005}}, .rest = ground.plant == Plant::ports_do_not_rest ? 0s : port_rest}),
          store_(ground, passage_, memory_store_, memory_ledger_),
          ledger_(ground, passage_, memory_ledger_),
          port_map_(ground, passage_, memory_ports_),
          runtime_(ground, passage_),
          vault_(ground, passage_),
          files_(ground, passage_),
          notifier_(passage_),
          keeper_random_(seed * 1000 + life, ground.plant),
          random_((seed * 1000 + life) ^ 0x5eed) {}

    Ports ports() override {
        return {store_, ledger_, runtime_, vault_, files_, port_map_, memory_ports_, notifier_, keeper_random_, random_, book_};
    }
    bool is_dying() const override { return passage_.is_dying(); }

private:
    Passage passage_;
    memory::MemoryServerStore memory_store_;
    memory::MemoryLedger memory_ledger_;
    memory::MemoryPortMap memory_ports_;
    SimStore store_;
    SimLedger ledger_;
    SimPortMap port_map_;
    SimRuntime runtime_;
    SimVault vault_;
    SimFiles files_;
    SimNotifier notifier_;
    SimRandom keeper_random_;
    memory::SeededRandom random_;
    ToyBook book_;
};

class OneMachine final : public Surroundings {
public:
    explicit OneMachine(Ground& ground) : ground_(ground) {}
    std::unique_ptr<Footing> footing(boost::asio::io_context& io, Clock& clock, std::uint64_t seed, std::uint64_t life) override {
        return std::make_unique<MachineFooting>(ground_, clock, io.get_executor(), seed, life);
    }

private:
    Ground& ground_;
};

}  // namespace

std::unique_ptr<Surroundings> one_machine(Ground& ground, std::uint64_t) { return std::make_unique<OneMachine>(ground); }

}  // namespace gk::sim
