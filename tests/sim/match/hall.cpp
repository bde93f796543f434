#include "tests/sim/match/hall.hpp"

#include <fmt/format.h>

namespace gk::matchsim {
using namespace std::chrono_literals;
using Process = Seen::Process;

Hall::Hall(std::uint64_t seed, Plant with) : plant(with), fault_dice(seed, 1), game_dice(seed, 2), faults(Faults::for_seed(fault_dice)) {
    fleet::Fleet warm;
    warm.name = "warm";
    warm.game = "toy";
    warm.ready = static_cast<std::uint32_t>(game_dice.below(4));
    // Also those count that are begun beside it, so a few at least.
    warm.most = warm.ready + 3 + static_cast<std::uint32_t>(game_dice.below(4));
    warm.start_limit = 20s;
    fleets->fleets[warm.name] = warm;
}

void Hall::breach(std::string what) {
    if (breach_.empty()) breach_ = std::move(what);
}

// Servers that hang go on hanging: it is for the control plane to end them.
void Hall::heal() {
    faults = Faults();
    quiet = true;
    skew = Milliseconds(0);
}

bool Hall::is_last_wait(const char* what) {
    if (deaths.empty()) return false;
    waits.emplace_back(what);
    return deaths.erase(waits.size()) > 0;
}

Result<Success, RuntimeError> Hall::admit(Epoch epoch) {
    if (epoch < epoch_) return std::unexpected(RuntimeError{RuntimeError::Kind::refused, "a newer matchmaker commands"});
    epoch_ = epoch;
    return Success{};
}

void Hall::launch(const server::LaunchSpec& spec) {
    auto& game = games[spec.uid];
    if (game.process != Process::gone) return;
    note("launch", spec.uid);
    game.name = spec.name;
    game.process = Process::starting;
    game.is_lost = game_dice.chance(faults.server_lost);
    if (const auto session = spec.env.find("SESSION_ID"); session != spec.env.end()) game.match = session->second;
    if (!game.match.empty()) served_[game.name].insert(game.match);
    game.next = now + game_dice.between(50ms, 6s);
    if (game_dice.chance(faults.start_fails)) game.process = Process::stopping;
    else if (game_dice.chance(faults.start_hangs)) game.next.reset();
    changed(spec.uid);
}

// From here on it lasts as long as the match does.
void Hall::play(Game& game, const std::string& match) {
    game.match = match;
    served_[game.name].insert(match);
    game.next = now + (game_dice.chance(faults.server_crash) ? game_dice.between(1ms, 5s) : game_dice.between(5s, 60s));
}

void Hall::end(ServerUid uid) {
    auto& game = games.at(uid);
    note("server ends", uid);
    game.process = game.is_lost ? Process::gone : Process::exited;
    game.next.reset();
    if (plant != Plant::exit_unheard) changed(uid);
}

void Hall::stop(ServerUid uid) {
    const auto at = games.find(uid);
    if (at == games.end() || plant == Plant::never_released) return;
    auto& game = at->second;
    if (game.process != Process::starting && game.process != Process::ready) return;
    note("stop", uid);
    game.process = Process::stopping;
    game.next = now + game_dice.between(0ms, 12s);
    changed(uid);
}

void Hall::kill(ServerUid uid) {
    const auto at = games.find(uid);
    if (at == games.end() || at->second.process == Process::gone || at->second.process == Process::exited) return;
    end(uid);
}

void Hall::clean(ServerUid uid) {
    const auto at = games.find(uid);
    if (at != games.end() && at->second.process == Process::exited) at->second.process = Process::gone;
}

void Hall::tell(ServerUid uid, const std::string& line) {
    auto& game = games.at(uid);
    const auto match = line.substr(9, 36);  // "ALLOCATE " and an id.
    note("told", uid);
    if (!game.match.empty() && game.match != match) breach(fmt::format("S1: server {} serves match {} after {}", game.name, match, game.match));
    if (game.match.empty()) play(game, match);
}

void Hall::settle() {
    for (auto& [uid, game] : games) {
        if (!game.next || *game.next > now) continue;
        if (game.process != Process::starting) {
            end(uid);
            continue;
        }
        note("ready", uid);
        game.process = Process::ready;
        game.next.reset();
        if (!game.match.empty()) play(game, game.match);
        else if (game_dice.chance(faults.server_crash)) game.next = now + game_dice.between(1s, 90s);
        changed(uid);
    }
}

std::optional<Time> Hall::next_event() const {
    std::optional<Time> next;
    for (const auto& [uid, game] : games) {
        if (game.next && (!next || *game.next < *next)) next = game.next;
    }
    return next;
}

void Hall::join_was_answered(const std::string& key, TicketId ticket) {
    promises.joined.insert(ticket);
    if (key.empty()) return;
    const auto [at, is_new] = promises.by_key.emplace(key, ticket);
    if (!is_new && at->second != ticket) breach(fmt::format("T1: the join {} was answered with {} and {}", key, at->second.text(), ticket.text()));
}

}  // namespace gk::matchsim
