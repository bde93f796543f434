#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"

namespace gk::net::s3 {

struct Credentials {
    std::string key_id;
    Secret secret;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What is signed of a request.
struct Unsigned {
    std::string method = "GET";
    std::string host;     // As the request's Host says it.
    std::string path;     // Not encoded: "/bucket/some key".
    Pairs query;          // Not encoded.
    Pairs headers;        // Further ones, in any case and order.
    std::string_view body;
};

// AWS Signature Version 4 in one header, for S3 ("Authenticating Requests: Using the Authorization Header" in Amazon's S3 API reference).
// Returns the headers to add: x-amz-content-sha256, x-amz-date and Authorization. `at` may differ from the store's clock by 15 minutes.
Pairs sign(const Unsigned& request, const Credentials& credentials, std::string_view region, Time at);

// Path and query as they stand in the request line, encoded the way they are signed.
std::string target_of(const Unsigned& request);

}  // namespace gk::net::s3
