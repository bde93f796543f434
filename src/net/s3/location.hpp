#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/http_client/client.hpp"

namespace gk::net::s3 {

// A place in an object store, written as restic writes it: "s3:https://s3.example.com/bucket/some/prefix".
struct Location {
    Remote remote;
    std::string bucket;
    std::string prefix;  // Without slashes at its ends; empty: the whole bucket.

    std::string text() const;
};

// Whether the text means an object store at all, rather than a folder.
bool is_location(std::string_view text);
// The error is a sentence with cause and cure. Names are kept to what every store takes and no shell or URL reads differently.
Result<Location, std::string> parse_location(std::string_view text);

}  // namespace gk::net::s3
