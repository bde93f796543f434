#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/match/hall.hpp"

namespace gk::matchsim {

// What one matchmaker knows of those who wait, from the answers that it was given: whoever it knows of is not passed over by one who came later,
// where the rules do not tell them apart (T7). Those are the ones who wait alone, and only in the queue of any two.
class WaitingLine {
public:
    explicit WaitingLine(Hall& hall) : hall_(hall) {}

    void note_told(const std::vector<match::Ticket>& tickets);
    void note_told(const std::vector<MatchEvent>& events);
    // With other queues everybody is read anew.
    void note_told(const std::vector<QueueRecord>& queues);
    // Whether these wait has to be seen again: they were to be ended, and perhaps were not.
    void note_doubt(const std::vector<TicketId>& tickets);
    // The matchmaker has decided; what it proposes may be stored much later, and more than once.
    void note_proposed(const std::vector<match::Match>& matches);
    void note_stored(MatchId match);

private:
    std::vector<TicketId> earlier_than(Time joined_at) const;

    Hall& hall_;
    std::set<std::string> queues_;
    std::map<TicketId, std::uint32_t> known_;  // With how often they had been put back.
    std::map<MatchId, std::map<TicketId, std::uint32_t>> passed_over_;
};

}  // namespace gk::matchsim
