#include "tests/sim/sleep/street.hpp"

#include <algorithm>
#include <utility>

#include "tests/sim/ports.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

// Time for a command to be on its way, and for a keeper that hangs, between the last look at a game and its stop.
constexpr Milliseconds look_and_stop = 30s;
constexpr Milliseconds look_and_stop_on_a_bad_day = 8min;

// A toy whose players can be told that it goes to sleep.
class StreetBook final : public app::GameBook {
public:
    explicit StreetBook(const app::GameBook& inner) : inner_(inner) {}
    Result<server::LaunchSpec, app::Error> launch_spec(const server::Record& record) const override { return inner_.launch_spec(record); }
    server::Announcement announcement(const server::Record&) const override { return {.command = "say"}; }
    std::vector<std::string> files_to_read(const server::Record& record) const override { return inner_.files_to_read(record); }
    Result<std::vector<app::WorldFile>, app::Error> files_to_write(const server::Record& record,
                                                                   const std::map<std::string, std::string>& present) const override {
        return inner_.files_to_write(record, present);
    }
    std::vector<std::string> snapshot_excludes(const server::Record& record) const override { return inner_.snapshot_excludes(record); }
    Value definition(const server::Record& record) const override { return inner_.definition(record); }

private:
    const app::GameBook& inner_;
};

class StreetFooting final : public Footing {
public:
    StreetFooting(std::unique_ptr<Footing> machine, SimEdge& edge) : machine_(std::move(machine)), line_(edge), book_(machine_->ports().book) {}
    Ports ports() override {
        const auto on = machine_->ports();
        return {on.store, on.ledger, on.runtime, on.vault, on.files, on.port_map, on.true_port_map, on.notifier, on.keeper_random, on.random, book_};
    }
    bool is_dying() const override { return machine_->is_dying(); }
    EdgeLine* edges() override { return &line_; }

private:
    std::unique_ptr<Footing> machine_;
    SimLine line_;
    StreetBook book_;
};

}  // namespace

Street::Street(Ground& ground, std::uint64_t seed, StreetPlant plant)
    : ground_(ground),
      plant_(plant),
      dice_(seed, 13),
      machine_(one_machine(ground, seed)),
      edge_(ground, seed, plant, [this] { return visitors_.sessions(); }),
      visitors_(ground, edge_, seed) {
    Dice family(seed, 14);
    faults_ = StreetFaults::for_seed(family);
    ground_.guests = this;
    // What is never well again by itself is for the crowded runs: here somebody waits for it.
    ground_.faults.crash_loop = 0;
    ground_.faults.start_hangs = std::min(ground_.faults.start_hangs, 0.01);
}

Street::~Street() { ground_.guests = nullptr; }

std::unique_ptr<Footing> Street::footing(boost::asio::io_context& io, Clock& clock, std::uint64_t seed, std::uint64_t life) {
    return std::make_unique<StreetFooting>(machine_->footing(io, clock, seed, life), edge_);
}

Pace Street::pace() const {
    return {.play_least = 2min,
            .play_most = 10min,
            .ask_least = 20min,
            .ask_most = 6h,
            .faults_every = 20min,
            .backup_every = 6h,
            .care_every = 30min,
            .keeper_every = 30s,
            .servers_at_once = 4,
            .owners_help = true};
}

void Street::settle() {
    edge_.settle();
    visitors_.settle();
}

std::optional<Time> Street::next_event() const {
    const auto of_edge = edge_.next_event();
    const auto of_people = visitors_.next_event();
    if (!of_edge || !of_people) return of_edge ? of_edge : of_people;
    return std::min(*of_edge, *of_people);
}

void Street::turn_minute() {
    if (dice_.chance(faults_.edge_killed)) edge_.die(dice_.chance(0.7) ? dice_.between(300ms, 1s) : dice_.between(1s, 5min));
    if (dice_.chance(faults_.stream_cut)) edge_.cut(dice_.between(1s, 15min));
    if (dice_.chance(faults_.probes_missing)) {
        ground_.note("probes are missing");
        probes_back_ = ground_.now + dice_.between(10s, 40min);
    }
    if (!dice_.chance(faults_.control_stands)) return;
    still_until_ = ground_.now + dice_.between(1s, 10min);
    edge_.stand_still(still_until_);
}

std::optional<Milliseconds> Street::stands_still() { return still_until_ > ground_.now ? std::optional(still_until_ - ground_.now) : std::nullopt; }

void Street::heal() {
    probes_back_ = still_until_ = Time();
    edge_.heal();
    visitors_.end(2min);
}

// Whoever knocks gets in, and what nobody plays any more goes to sleep.
std::string Street::unrest() {
    if (auto why = visitors_.unrest(); !why.empty()) return why;
    for (const auto& [uid, record] : ground_.state->servers) {
        const bool is_awake = record.wanted == server::Wanted::running && !record.given_up && record.behind_edge;
        if (is_awake) return fmt::format("S3-5: nobody plays {} and it does not sleep", record.id);
    }
    return {};
}

std::optional<int> Street::counted(ServerUid uid) const {
    if (are_probes_missing() && plant_ == StreetPlant::unknown_is_nobody) return 0;
    if (are_probes_missing()) return std::nullopt;
    const auto known = ground_.record(uid);
    if (plant_ == StreetPlant::players_hidden && known && known->wanted == server::Wanted::paused) return 0;
    return static_cast<int>(visitors_.in_game(uid));
}

// I7: no world is put to sleep while somebody plays.
void Street::game_is_stopped(ServerUid uid) {
    const auto known = ground_.record(uid);
    const bool is_for_sleep = known && known->request && known->request->cause.kind == server::Cause::Kind::idle;
    if (!is_for_sleep || known->wanted != server::Wanted::paused) return;
    ++sleeps_;
    const auto& faults = ground_.faults;
    const bool is_bad_day = faults.slow > 0 || faults.stall > 0 || faults.late > 0 || faults_.control_stands > 0;
    const auto since = visitors_.somebody_since(uid);
    if (since && ground_.now - *since > (is_bad_day ? look_and_stop_on_a_bad_day : look_and_stop))
        ground_.breach(fmt::format("I7: {} was put to sleep while somebody played", known->id));
}

MakeSurroundings a_street(StreetPlant plant, Street** out) {
    return [plant, out](Ground& ground, std::uint64_t seed) {
        auto street = std::make_unique<Street>(ground, seed, plant);
        if (out != nullptr) *out = street.get();
        return street;
    };
}

}  // namespace gk::sim
