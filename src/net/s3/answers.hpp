#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "net/http_client/response_reader.hpp"

// What object stores answer, as values.
namespace gk::net::s3 {

struct StoreError {
    // unavailable: the store is away, busy or talks nonsense; try again. denied: keys, rights or settings are wrong, a person must act. not_found: no
    // such object.
    enum class Kind : std::uint8_t { unavailable, denied, not_found };
    Kind kind;
    std::string detail;  // Cause and cure.
};

struct Object {
    std::string key;
    std::uint64_t size = 0;
    Time changed_at{};  // By the store's clock.
};

struct Listing {
    std::vector<Object> objects;
    std::vector<std::string> folders;  // With a delimiter: what the keys beyond it begin with, the delimiter included.
    std::string more;  // Pass it on as continuation-token; empty: that was all.
};

// The body of an answer to ListObjectsV2. `unavailable` unless all of it is there and makes sense: nothing may be concluded from half a list.
Result<Listing, StoreError> parse_listing(std::string_view body);

// What is wrong with an answer; stores say so by status and body, some with status 200 and an <Error> in the body.
Result<Success, StoreError> judge(const ClientResponse& answer);

}  // namespace gk::net::s3
