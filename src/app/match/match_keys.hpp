#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "domain/match/match.hpp"

namespace gk::app {

// What the server of a match is given so that it can speak for its match, and tell its players from others (docs/formats/match-token.md). All of it
// follows from one secret that every replica has, and nothing of it is stored.
class MatchKeys {
public:
    explicit MatchKeys(Secret root) : root_(std::move(root)) {}

    // A bearer token of the API, good for this match and for nothing else.
    std::string of_server(const std::string& tenant, MatchId match) const;
    struct Server {
        std::string tenant;
        MatchId match;
    };
    // Whose it is; nothing when it is none of ours.
    std::optional<Server> server_of(std::string_view token) const;
    // Makes the join tokens of this match, and checks them.
    Secret of_join_tokens(MatchId match) const;
    // Both by the names under which a server finds them: MATCH_KEY, and MATCH_TOKEN_KEY where players must show a token.
    std::map<std::string, std::string> environment(const match::Match& match) const;

private:
    std::string mac_of(std::string_view use, std::string_view text) const;

    Secret root_;
};

}  // namespace gk::app
