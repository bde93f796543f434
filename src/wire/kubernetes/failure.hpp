#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "base/value.hpp"

// What went wrong with a call to the API, from the `Status` document (meta/v1) that it answers with, or from the bare HTTP status.
namespace gk::wire::kubernetes {

struct Failure {
    // What the caller may do:
    //   not_found        take it as absent
    //   exists           another object has the name: adopt it if it is ours
    //   conflict         read again and do it again
    //   expired          a version or a page is no longer there: list afresh
    //   future_version   the server does not know the version yet: list without one
    //   invalid          the same call fails again: a person or a program must change
    //   unauthorized     new credentials, then again
    //   forbidden        a person must grant the right
    //   busy             wait, at least `retry_after`, then again; nothing was done
    //   refused          nobody listens there; nothing was done; again later
    //   unavailable      again later; nothing is known of the effect
    enum class Kind : std::uint8_t {
        not_found,
        exists,
        conflict,
        expired,
        future_version,
        invalid,
        unauthorized,
        forbidden,
        busy,
        refused,
        unavailable,
    };
    struct Cause {
        std::string reason;  // "FieldValueInvalid"
        std::string field;   // "spec.launch.port"
        std::string message;
        bool operator==(const Cause&) const = default;
    };

    Kind kind = Kind::unavailable;
    std::string detail;  // A sentence for the log; the server's own when it gave one.
    int code = 0;        // HTTP status; 0 when there was no answer.
    std::vector<Cause> causes;
    std::optional<Milliseconds> retry_after;
};

// `status` is the document of the answer, or of the `object` of an ERROR event; null when it was not readable. `retry_after` is the header: only
// its form in seconds is understood, which is what API servers send.
Failure failure_of(int code, const Value& status, std::optional<std::string_view> retry_after = {});

}  // namespace gk::wire::kubernetes
