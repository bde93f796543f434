#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/match/results.hpp"
#include "app/match/visitor.hpp"
#include "ports/clock.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

// The use cases around a match that was made. Any replica answers them: what is said of a match is stored, and whoever makes the matches hears of it.
class Matches {
public:
    struct Ports {
        MatchStore& store;
        Clock& clock;
    };
    explicit Matches(Ports ports) : ports_(ports) {}

    template <class T>
    using Answer = Task<Result<T, Error>>;

    Answer<match::Match> find(Visitor visitor, MatchId id);
    Answer<std::vector<match::Match>> list(Visitor visitor, MatchStore::MatchFilter filter);
    // A player's word whether it plays. The same again changes nothing; the other one after that is `not_asked`.
    Answer<match::Match> answer(Visitor visitor, MatchId id, bool accepted);
    // These players play no more, the match goes on: a player for itself (nobody named), its server or an operator for those it names. They may join
    // again at once.
    Answer<match::Match> leave(Visitor visitor, MatchId id, std::vector<std::string> players);
    // Others are taken in while it has fewer players than this, by the rules of its queue; 0 ends that. For its server and operators.
    Answer<match::Match> fill(Visitor visitor, MatchId id, std::uint32_t size);
    // Over for all of them. Repeated: as it is. Results rate the players, once for each match, also of one that has ended already; they come from its
    // server or an operator.
    Answer<match::Match> end(Visitor visitor, MatchId id, std::string reason, std::optional<MatchResults> results = {});

    // What a queue knows of a player; of one who never played there, what it takes for granted.
    Answer<PlayerRating> rating(Visitor visitor, std::string queue, std::string player);

private:
    Answer<match::Match> store(match::Match match);
    Answer<Success> rate(match::Match match, MatchResults results);
    Answer<QueueRating> rating_of(std::string queue);

    Ports ports_;
};

}  // namespace gk::app
