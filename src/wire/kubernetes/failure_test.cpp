#include "wire/kubernetes/failure.hpp"

#include <gtest/gtest.h>

namespace gk::wire::kubernetes {
namespace {
using namespace std::chrono_literals;
using enum Failure::Kind;

Value status(int code, const char* reason, const char* message = "why") {
    return Value::object({{"kind", "Status"}, {"code", code}, {"reason", reason}, {"message", message}});
}

TEST(ApiFailure, SaysWhatTheCallerMayDo) {
    struct Row {
        int code;
        const char* reason;
        Failure::Kind kind;
    };
    const std::vector<Row> rows{
        {404, "NotFound", not_found},
        {409, "AlreadyExists", exists},
        {409, "Conflict", conflict},
        {410, "Expired", expired},
        {410, "Gone", expired},
        {422, "Invalid", invalid},
        {400, "BadRequest", invalid},
        {401, "Unauthorized", unauthorized},
        {403, "Forbidden", forbidden},
        {429, "TooManyRequests", busy},
        {500, "InternalError", unavailable},
        {503, "ServiceUnavailable", unavailable},
        {504, "Timeout", unavailable},
        {413, "", invalid},
    };
    for (const auto& row : rows) EXPECT_EQ(failure_of(row.code, status(row.code, row.reason)).kind, row.kind) << row.code << " " << row.reason;
}

TEST(ApiFailure, NeedsNoDocument) {
    const auto failure = failure_of(503, Value());

    EXPECT_EQ(failure.kind, unavailable);
    EXPECT_EQ(failure.detail, "the API server answered 503");
}

TEST(ApiFailure, TheDocumentOfAnErrorEventCountsBeforeTheStatusOfItsWatch) { EXPECT_EQ(failure_of(200, status(410, "Expired")).kind, expired); }

TEST(ApiFailure, KnowsWhenToComeAgain) {
    auto with_wait = status(429, "TooManyRequests");
    with_wait.set("details", Value::object({{"retryAfterSeconds", 3}}));

    EXPECT_EQ(failure_of(429, with_wait).retry_after, 3s);
    EXPECT_EQ(failure_of(429, with_wait, "7").retry_after, 7s);
    EXPECT_EQ(failure_of(429, Value(), "99999999").retry_after, 1h);
    EXPECT_EQ(failure_of(429, Value(), "Wed, 21 Oct 2026 07:28:00 GMT").retry_after, std::nullopt);
    EXPECT_EQ(failure_of(429, Value(), "-1").retry_after, std::nullopt);
    EXPECT_EQ(failure_of(503, Value(), "1").kind, busy);
}

TEST(ApiFailure, NamesEveryFieldThatIsWrong) {
    auto wrong = status(422, "Invalid");
    auto cause = Value::object({{"reason", "FieldValueInvalid"}, {"field", "spec.port"}, {"message", "too large"}});
    wrong.set("details", Value::object({{"causes", Value::array({std::move(cause)})}}));

    const auto failure = failure_of(422, wrong);

    EXPECT_EQ(failure.causes, (std::vector<Failure::Cause>{{"FieldValueInvalid", "spec.port", "too large"}}));
}

TEST(ApiFailure, KnowsAServerThatLagsBehind) {
    auto lagging = status(504, "Timeout");
    lagging.set("details",
                Value::object({{"retryAfterSeconds", 1}, {"causes", Value::array({Value::object({{"reason", "ResourceVersionTooLarge"}})})}}));

    EXPECT_EQ(failure_of(504, lagging).kind, future_version);
    EXPECT_EQ(failure_of(504, status(504, "Timeout", "Too large resource version: 9, current: 8")).kind, future_version);
}

}  // namespace
}  // namespace gk::wire::kubernetes
