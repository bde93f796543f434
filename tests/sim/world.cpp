#include "tests/sim/world.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "adapters/memory/port_map.hpp"
#include "adapters/memory/random.hpp"
#include "async/manual_clock.hpp"
#include "domain/server/request.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;
using server::Phase;
using server::Verb;
using server::Wanted;

bool is_where_wanted(const server::Record& record) {
    switch (record.wanted) {
    case Wanted::running: return record.phase == Phase::running || (record.phase == Phase::failed && record.given_up && !record.reason.empty());
    case Wanted::paused: return record.phase == Phase::paused;
    case Wanted::stopped: return record.phase == Phase::stopped;
    case Wanted::deleted: return false;
    }
    std::unreachable();
}

std::uint64_t number_of(const char* text, std::uint64_t otherwise) {
    if (text == nullptr) return otherwise;
    std::uint64_t number = otherwise;
    std::from_chars(text, text + std::strlen(text), number);
    return number;
}

}  // namespace

World::World(std::uint64_t seed, Plant plant) : ground_(seed, plant), actors_(seed, 4), seed_(seed), servers_max_(1 + actors_.below(4)) {
    ground_.changed = [this](ServerUid uid) {
        if (ground_.fault_dice.chance(ground_.faults.wake_lost)) return;
        for (const auto& life : lives_) life->wake(uid);
    };
    for (std::size_t i = 0; i < (servers_max_ + 1) / 2; ++i) create_server();
    next_play_ = next_ask_ = next_minute_ = ground_.now;
}

void World::run_for(Milliseconds duration) {
    const auto end = ground_.now + duration;
    while (ground_.now < end && breach().empty()) {
        turn();
        ground_.now = next_time(end);
    }
}

// Everything that can happen at this moment.
void World::turn() {
    ground_.settle();
    turn_actors();
    turn_lives();
}

void World::turn_actors() {
    const auto now = ground_.now;
    if (now >= next_play_) {
        for (const auto& [uid, cell] : ground_.cells) {
            if (!quiet_ && actors_.chance(0.5)) ground_.play(uid);
        }
        next_play_ = now + actors_.between(200ms, 5s);
    }
    if (now >= next_ask_) {
        if (!quiet_) ask_at_random();
        if (!quiet_ && actors_.chance(0.5)) change_settings();
        next_ask_ = now + actors_.between(500ms, 60s);
    }
    if (ground_.vault_down && now >= vault_back_) ground_.vault_down = false;
    if (now < next_minute_) return;
    next_minute_ = now + 1min;
    if (actors_.chance(ground_.faults.vault_outage)) {
        ground_.vault_down = true;
        vault_back_ = now + actors_.between(10s, 8min);
    }
    if (actors_.chance(ground_.faults.second_keeper) && lives_.size() < 2)
        lives_.push_back(std::make_unique<Life>(ground_, seed_ * 1000 + ++lives_made_));
    if (!quiet_ && ground_.state->servers.size() < servers_max_ && actors_.chance(0.2)) create_server();
}

void World::turn_lives() {
    if (lives_.empty()) lives_.push_back(std::make_unique<Life>(ground_, seed_ * 1000 + ++lives_made_));
    for (const auto& life : lives_) {
        life->advance(ground_.now);
        life->poll();
    }
    for (const auto& life : lives_) {
        if (!life->has_ended() && life->wants_to_die()) life->end();
    }
    std::erase_if(lives_, [](const auto& life) { return life->has_ended(); });
}

Time World::next_time(Time end) const {
    auto next = std::min({end, next_play_, next_ask_, next_minute_});
    if (const auto event = ground_.next_event()) next = std::min(next, *event);
    if (lives_.empty()) return ground_.now;
    for (const auto& life : lives_) {
        if (const auto due = life->next_due()) next = std::min(next, *due);
    }
    return std::max(next, ground_.now);
}

// The port of a new server. So few numbers that they are soon given away again; none when all are held or rest.
std::vector<server::PortBinding> World::reserve_port(ServerUid uid) {
    const async::ManualClock clock(ground_.now);
    memory::MemoryPortMap map(ground_.state, clock, {.range = {.first = Port{30000}, .last = Port{30005}}});
    boost::asio::io_context io;
    std::vector<PortWish> wishes{{.role = "game", .udp = true}};
    auto answer = boost::asio::co_spawn(io, map.reserve(uid, std::move(wishes)), boost::asio::use_future);
    io.run();
    auto reserved = answer.get();
    return reserved ? std::move(*reserved) : std::vector<server::PortBinding>();
}

void World::create_server() {
    memory::SeededRandom random(seed_ * 100 + ++servers_made_);
    server::Record record;
    record.uid = random.id<ServerUid>();
    record.ports = reserve_port(record.uid);
    if (record.ports.empty()) return;
    record.id = fmt::format("world-{}", servers_made_);
    record.game = "toy";
    record.slot = servers_made_;
    record.created_at = record.phase_since = ground_.now;
    record.version = server::Version{1};
    ground_.state->servers.emplace(record.uid, record);
    if (actors_.chance(0.8)) ask(record.uid, {.operation = random.id<OperationId>(), .verb = Verb::start, .asked_at = ground_.now});
}

// What a PATCH does: the game learns of it at its next start.
void World::change_settings() {
    auto& servers = ground_.state->servers;
    if (servers.empty()) return;
    auto& [uid, record] = *std::next(servers.begin(), static_cast<std::ptrdiff_t>(actors_.below(servers.size())));
    record.settings["slots"] = Value(static_cast<std::int64_t>(actors_.below(100)));
    record.version = static_cast<server::Version>(std::to_underlying(record.version) + 1);
    ground_.note("settings", uid);
}

std::optional<SnapshotId> World::some_snapshot(ServerUid uid) {
    auto all = ground_.snapshots(uid);
    std::erase_if(all, [](const vault::Snapshot& it) { return it.status != vault::SnapshotStatus::complete; });
    if (all.empty()) return std::nullopt;
    return all[actors_.below(all.size())].id;
}

void World::ask_at_random() {
    auto& servers = ground_.state->servers;
    if (servers.empty()) return;
    const auto uid = std::next(servers.begin(), static_cast<std::ptrdiff_t>(actors_.below(servers.size())))->first;
    static constexpr std::array verbs = {Verb::start,   Verb::start,  Verb::start,  Verb::pause,  Verb::pause,   Verb::stop,        Verb::stop,
                                         Verb::restart, Verb::remove, Verb::backup, Verb::backup, Verb::restore, Verb::restore_undo};
    server::Request request;
    UuidBits bits{};
    for (auto& byte : bits) byte = static_cast<std::uint8_t>(actors_.next());
    request.operation = OperationId(bits);
    request.verb = verbs[actors_.below(verbs.size())];
    if (request.verb == Verb::remove && actors_.chance(0.6)) request.verb = Verb::start;
    request.force = actors_.chance(0.05);
    request.purge = request.verb == Verb::remove && actors_.chance(0.3);
    request.asked_at = ground_.now;
    if (request.verb == Verb::restore) request.snapshot = some_snapshot(uid);
    ask(uid, request);
}

// What the API does: the operation first, then the record.
void World::ask(ServerUid uid, server::Request request) {
    auto& stored = ground_.state->servers.at(uid);
    auto taken = server::take_request(stored, request, ground_.now);
    const auto allowed = server::allowed_verbs(stored);
    if (!taken && std::ranges::find(allowed, request.verb) != allowed.end() && request.snapshot.has_value())
        ground_.breach("an allowed verb was refused");
    ground_.note(taken ? (taken->changed ? "accepted" : "holds") : "refused", uid, std::to_underlying(request.verb));
    if (!taken || !taken->changed) return;
    Operation operation;
    operation.id = request.operation;
    operation.server = uid;
    operation.server_id = stored.id;
    operation.verb = request.verb;
    operation.force = request.force;
    operation.created_at = ground_.now;
    ground_.state->operations.emplace(operation.id,
                                      memory::StoreState::StoredOperation{.operation = operation, .order = ground_.state->operations.size() + 1});
    asked_.emplace(operation.id, request.verb);
    if (request.force || request.purge) ground_.truths[uid].waived = true;
    taken->record.version = static_cast<server::Version>(std::to_underlying(stored.version) + 1);
    stored = std::move(taken->record);
    ground_.check();
    if (ground_.fault_dice.chance(ground_.faults.wake_lost)) return;
    for (const auto& life : lives_) life->wake(uid);
}

void World::heal() {
    quiet_ = true;
    ground_.heal();
}

std::string World::settle_down(Milliseconds within) {
    const auto end = ground_.now + within;
    while (ground_.now < end && breach().empty() && !unrest().empty()) run_for(20s);
    run_for(1min);
    return breach().empty() ? unrest() : breach();
}

std::string World::unrest() const {
    for (const auto& [uid, record] : ground_.state->servers) {
        const auto who =
            fmt::format("{} (wanted {}, phase {}, reason '{}')", record.id, name_of(record.wanted), name_of(record.phase), record.reason);
        if (!is_where_wanted(record)) return "I24: not where it is wanted: " + who;
        if (record.request || !record.superseded.empty()) return "a request is still worked on: " + who;
        const auto cell = ground_.cells.find(uid);
        const bool up = cell != ground_.cells.end() && cell->second.process == Seen::Process::ready;
        if (up != (record.phase == Phase::running)) return "the game is not what the record says: " + who;
        if (up && cell->second.quiesced) return "the game was never told to write again: " + who;
        if (cell != ground_.cells.end() && cell->second.staged) return "a staged world was left behind: " + who;
        if (record.phase == Phase::stopped && cell != ground_.cells.end() && cell->second.disk) return "a stopped server has a disk: " + who;
    }
    for (const auto& [uid, cell] : ground_.cells) {
        const bool something = cell.disk || cell.staged || cell.process != Seen::Process::gone;
        if (something && !ground_.state->servers.contains(uid)) return "I10: something is left of a server without a record";
    }
    for (const auto& [id, stored] : ground_.state->operations) {
        if (!stored.operation.is_finished()) return fmt::format("an operation never ended: {}", name_of(stored.operation.verb));
    }
    for (const auto& [id, snapshot] : ground_.state->snapshots) {
        if (snapshot.status == vault::SnapshotStatus::uploading) return "a snapshot is neither complete nor failed";
    }
    return "";
}

std::vector<std::uint64_t> seeds(std::uint64_t count) {
    if (const auto one = number_of(std::getenv("GK_SIM_SEED"), 0); one != 0) return {one};
    std::vector<std::uint64_t> all(number_of(std::getenv("GK_SIM_SEEDS"), count));
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i + 1;
    return all;
}

}  // namespace gk::sim
