#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.hpp"
#include "domain/wake/address.hpp"
#include "domain/wake/admission.hpp"
#include "domain/wake/budget.hpp"

// Who may wake a server that sleeps. Pure: the bytes were read by `wire`, the sockets are the edge's, the time is handed in.
namespace gk::wake {

// What bytes from outside were found to be.
enum class Intent : std::uint8_t {
    junk,      // Nothing of this protocol.
    question,  // A list of servers asks. Never wakes, and never keeps awake.
    hello,     // The beginning of a join that says too little to be one.
    join,      // A player wants in.
};
struct Knock {
    Intent intent = Intent::junk;
    // The source receives what is sent to it: it speaks TCP, or has said a token of ours. Otherwise it may be anybody's address.
    bool proved = false;
    std::string_view name{};  // As the player claims; empty where the protocol says none.
};

// What a route says about waking.
struct Rule {
    Admission admission = Admission::any;
    // For `allow_list`: one of these is enough. Names without regard to the case of their letters: no game lets two differ by it alone. A name is
    // a claim: it keeps strangers' scanners out, and nobody who knows the name.
    std::vector<std::string> names{};
    std::vector<Block> blocks{};
    std::size_t starts_per_day_max = 48;
    // Of a source that proved nothing so many hellos and joins must have come, each at least `knock_gap` after the one before, the first no
    // longer ago than `knock_window`: clients repeat themselves, scanners do not.
    int knocks_needed = 2;
    Milliseconds knock_gap{200};
    Milliseconds knock_window{30'000};
    // How long a client of this game waits for an answer; what it sent is held no longer.
    Milliseconds patience{25'000};
};

enum class Sleep : std::uint8_t { asleep, starting, failed };
struct Sleeper {
    Sleep state = Sleep::asleep;
    // When it will be ready, if that was learned: of one that sleeps, after being woken; of one that starts, from now on.
    std::optional<Milliseconds> ready_in{};
};

enum class Reply : std::uint8_t {
    ignore,
    answer,  // As a list wants it; subject to the budget for answers.
    hold,  // Keep what came, and replay it when the server is ready; at the latest after `Verdict::wait` refuse.
    refuse,  // End it, with a text where the protocol has one.
};
enum class Why : std::uint8_t {
    junk,
    question,
    unproved,  // Not enough was heard of this source yet.
    welcome,  // Held: it will be ready soon enough, or nobody knows.
    too_slow,  // It will take longer than this client waits.
    never_wakes,  // By `Admission::never`.
    not_on_list,
    source_limit,  // This neighbourhood asked for too many starts.
    edge_limit,  // All together did.
    daily_cap,
    failed,  // It cannot start.
};
inline constexpr std::string_view why_names[] = {"junk",        "question",     "unproved",   "welcome",   "too_slow", "never_wakes",
                                                 "not_on_list", "source_limit", "edge_limit", "daily_cap", "failed"};
constexpr std::span<const std::string_view> names_of(Why) { return why_names; }
struct Verdict {
    Reply reply = Reply::ignore;
    bool wake = false;  // Start it. Only a join ever says so.
    Why why = Why::junk;
    Milliseconds wait{0};  // `hold`: how long at most. `too_slow`: until it will be ready.
    bool operator==(const Verdict&) const = default;
};

struct DoorLimits {
    Rate wakes_per_source{.per_minute = 1, .most = 5};  // Per /24 and /64.
    Rate wakes_in_all{.per_minute = 10, .most = 20};
    std::size_t sources_max = 4096;  // That are remembered.
};

// Judges the knocks at one route.
class Doorman {
public:
    Doorman(Rule rule, const DoorLimits& limits, Instant now);
    // `now` never goes back. A verdict that wakes counts against the limits, so it must be carried out.
    Verdict judge(const Knock& knock, const Address& source, const Sleeper& server, Instant now);
    // From now on by another rule; what was counted stays. `is_asleep`: its server is, so that no wake of ours has started it. Wakes until it is not
    // count as one start of the day: while there is no room for it, players knock again and again.
    void follow(Rule rule, bool is_asleep);

    // What was counted, for another one who goes on at the same route: all starts of the day, and the neighbourhoods that woke last. Who has only
    // begun to knock is not in it: clients repeat themselves.
    struct Memory {
        std::vector<Instant> starts{};
        Bucket::Level wakes_in_all{};
        std::vector<std::pair<Address, Bucket::Level>> wakes{};
    };
    static constexpr std::size_t remembered_max = 512;  // Of either.
    Memory memory() const;
    void remember(const Memory& memory);

private:
    // When a source that proved nothing knocked, within the window; never more than are needed.
    using Knocks = std::vector<Instant>;
    bool is_admitted(const Knock& knock, const Address& source) const;
    bool was_heard_before(const Address& source, Instant now);
    std::optional<Why> over_limits(const Address& source, Instant now);
    Verdict hold_or_refuse(const Sleeper& server) const;

    Rule rule_;
    DoorLimits limits_;
    Sources<Knocks> knocks_;
    Sources<Bucket> wakes_;  // By neighbourhood.
    Bucket wakes_in_all_;
    std::vector<Instant> starts_;  // Of the last day, as far as this edge made them; the control plane counts all.
    bool is_last_pending_ = false;  // Of them: it was asked for, and the server sleeps still. Another one who goes on counts it once more.
};

// For the player: "The world is waking up. Join again in about 40 seconds." `server` is its name; `trouble`, if anything, why it cannot start, as
// Face has it.
std::string refusal_text(const Verdict& verdict, std::string_view server, std::string_view trouble = {});

}  // namespace gk::wake
