#include "tests/sim/sleep/visitors.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds tries_every = 5s;
// A client whose packets come nowhere for so long is out of the game.
constexpr Milliseconds client_patience = 15s;
// A start may hang for ten minutes, and be tried again after a pause that grows.
constexpr Milliseconds wait_most = 60min;

}  // namespace

Visitors::Visitors(Ground& ground, SimEdge& edge, std::uint64_t seed) : ground_(ground), edge_(edge), dice_(seed, 12) {
    next_arrival_ = ground_.now + dice_.between(1min, 20min);
}

const server::Record* Visitors::record_of(const std::string& server) const {
    const auto is_it = [&](const auto& entry) { return entry.second.id == server; };
    const auto at = std::ranges::find_if(ground_.state->servers, is_it);
    return at == ground_.state->servers.end() ? nullptr : &at->second;
}

bool Visitors::is_game_up(const std::string& server) const {
    const auto* record = record_of(server);
    if (record == nullptr) return false;
    const auto cell = ground_.cells.find(record->uid);
    return cell != ground_.cells.end() && cell->second.process == Seen::Process::ready;
}

std::map<std::string, std::uint64_t> Visitors::sessions() const {
    std::map<std::string, std::uint64_t> out;
    for (const auto& visitor : all_) {
        if (visitor.came_in) ++out[visitor.server];
    }
    return out;
}

std::uint64_t Visitors::in_game(ServerUid uid) const {
    const auto known = ground_.record(uid);
    if (!known) return 0;
    const auto playing = sessions();
    const auto at = playing.find(known->id);
    return at == playing.end() ? 0 : at->second;
}

std::optional<Time> Visitors::somebody_since(ServerUid uid) const {
    const auto known = ground_.record(uid);
    std::optional<Time> first;
    for (const auto& visitor : all_) {
        if (known && visitor.server == known->id && visitor.came_in && (!first || *visitor.came_in < *first)) first = visitor.came_in;
    }
    return first;
}

void Visitors::settle() {
    throw_out();
    if (!ends_ && ground_.now >= next_arrival_) arrive();
    for (auto& visitor : all_) {
        if (ground_.now >= visitor.next) act(visitor);
    }
    // Who has gone has no next act.
    std::erase_if(all_, [](const Visitor& visitor) { return visitor.next == Time::max(); });
}

std::optional<Time> Visitors::next_event() const {
    std::optional<Time> next;
    if (!ends_) next = next_arrival_;
    for (const auto& visitor : all_) {
        if (!next || visitor.next < *next) next = visitor.next;
    }
    return next;
}

// One alone, or a few friends.
void Visitors::arrive() {
    next_arrival_ = ground_.now + dice_.between(5min, 90min);
    const auto& servers = ground_.state->servers;
    if (servers.empty()) return;
    const auto& server = std::next(servers.begin(), static_cast<std::ptrdiff_t>(dice_.below(servers.size())))->second.id;
    const auto friends = 1 + dice_.below(3);
    for (std::uint64_t i = 0; i < friends; ++i) {
        const auto number = ++counts_.came;
        const auto address = wake::Address::v4({10, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number), 1});
        all_.push_back({.server = server,
                        .address = address,
                        .stays = dice_.between(1min, 45min),
                        .next = ground_.now + dice_.between(0s, 30s),
                        .came_in = {},
                        .waits_since = ground_.now});
    }
}

void Visitors::act(Visitor& visitor) {
    if (!visitor.came_in) return knock(visitor);
    visitor.next = Time::max();
}

// Nobody may wake what its owner has switched off, has deleted, or must first put in order.
bool Visitors::is_excused(const std::optional<server::Record>& record) const {
    return !record || record->wanted == server::Wanted::stopped || record->wanted == server::Wanted::deleted || record->given_up ||
           !record->behind_edge || record->phase == server::Phase::backup_failed;
}

void Visitors::knock(Visitor& visitor) {
    const auto* known = record_of(visitor.server);
    const bool is_excused_now = is_excused(known == nullptr ? std::nullopt : std::optional(*known));
    if (is_excused_now && dice_.chance(0.2)) {
        visitor.next = Time::max();
        return;
    }
    const bool all_is_well = !is_excused_now && edge_.is_heard() && !ground_.vault_down;
    if (all_is_well) visitor.waited += ground_.now - visitor.waits_since;
    counts_.waited_longest = std::max(counts_.waited_longest, visitor.waited);
    if (visitor.waited > wait_most) ground_.breach(fmt::format("I20: a player knocked at {} for an hour although nothing was wrong", visitor.server));
    visitor.waits_since = ground_.now;
    visitor.next = ground_.now + tries_every;
    const auto answer = edge_.join(visitor.server, visitor.address);
    if (answer == SimEdge::Answer::waits || answer == SimEdge::Answer::refused) visitor.met_a_sleeper = true;
    if (answer == SimEdge::Answer::relayed && is_game_up(visitor.server)) come_in(visitor);
}

void Visitors::come_in(Visitor& visitor) {
    ++counts_.let_in;
    if (visitor.met_a_sleeper) ++counts_.met_a_sleeper;
    ground_.note("a player is in");
    visitor.came_in = ground_.now;
    visitor.waited = Milliseconds(0);
    visitor.next = ground_.now + (ends_ ? std::min(visitor.stays, last_words_) : visitor.stays);
}

void Visitors::throw_out() {
    for (auto& visitor : all_) {
        if (!visitor.came_in) continue;
        if (is_game_up(visitor.server) && (edge_.is_up() || ground_.now - edge_.down_since() < client_patience)) continue;
        ++counts_.thrown_out;
        ground_.note("a player is thrown out");
        visitor.came_in.reset();
        visitor.next = ground_.now + tries_every;
        visitor.waits_since = ground_.now;
    }
}

void Visitors::end(Milliseconds last_words) {
    ends_ = true;
    last_words_ = last_words;
    for (auto& visitor : all_) {
        if (visitor.came_in) visitor.next = std::min(visitor.next, ground_.now + last_words);
    }
}

std::string Visitors::unrest() const {
    const auto outside = std::ranges::find_if(all_, [](const Visitor& visitor) { return !visitor.came_in; });
    if (outside != all_.end()) return fmt::format("I20: a player still knocks at {}", outside->server);
    return all_.empty() ? std::string() : fmt::format("I20: a player is still in {}", all_.front().server);
}

}  // namespace gk::sim
