#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace gk::net {

// The path and query of a request, decoded. Only the origin form is known: "/v1/servers/castle?limit=5".
struct Target {
    // The path's parts between slashes: "/a/b%2Fc" gives "a" and "b/c", "/" one empty part, "/a/" a closing empty part.
    std::vector<std::string> segments;
    std::vector<std::pair<std::string, std::string>> query;  // In their order; a name may stand several times.

    std::optional<std::string_view> find_query(std::string_view name) const;
};

// The error is a sentence with cause and cure. Refused: other forms ("http://...", "*"), fragments, bad percent-encodings, anything that decodes
// to control characters or bytes that are not UTF-8, and the segments "." and "..", which would mean different things to different readers.
Result<Target, std::string> parse_target(std::string_view text);

// Undoes percent-encoding; nullopt when it is malformed. `plus_is_blank` for queries and forms.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_blank = false);
// Encodes everything but RFC 3986's unreserved characters.
std::string percent_encoded(std::string_view text);

}  // namespace gk::net
