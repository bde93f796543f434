#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/server/lifecycle.hpp"
#include "domain/server/record.hpp"

// What may be asked of a server, and what becomes of its record when it is (contract section 2).
namespace gk::server {

// The process answered as ready and has not ended since.
inline bool game_up(const Record& record) { return record.started_at.has_value(); }
inline State state_of(const Record& record) { return state_of(record.phase, record.wanted, game_up(record)); }

enum class Judgement : std::uint8_t {
    accepted,
    already_holds,  // The server is there, or on its way, already: answer with success, change nothing.
    refused,
};
Judgement judge(const Record& record, const Request& request);
// The verbs that would not be refused now, for error messages and buttons.
std::vector<Verb> allowed_verbs(const Record& record);

struct Refusal {
    std::string code;  // "illegal_transition", "busy", "no_snapshot".
    std::string detail;
    std::vector<Verb> allowed;
};
struct Taken {
    Record record;
    bool changed = false;  // False when it already holds: then the operation is a success at once and nothing is stored.
};
// Takes a request into the record: sets what is wanted, replaces the request that was being worked on (its operation is listed in `superseded`
// for the keeper to cancel) and moves the phase where the request alone decides it. The caller stores the operation before the record.
Result<Taken, Refusal> take_request(Record record, Request request, Time now);

// From the next start on the game binds numbers that are so far from those that players use, on the loopback, and the edge stands between; none:
// it binds what players use. Only while nothing of it runs. Where there is none, the exposure of a cluster's server decides, and its pod
// binds the same ports as ever.
// `own_address`: the game is at an address of its own there, which only its edge reaches, and sees players' (docs/adr/0031).
void stand_behind_edge(Record& record, std::optional<int> shift, bool own_address = false);
// Where on the loopback its game is: 127.0.0.1, or the address of its own.
std::string loopback_of(const Record& record);

}  // namespace gk::server
