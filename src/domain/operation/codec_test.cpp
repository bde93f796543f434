#include "domain/operation/codec.hpp"

#include <gtest/gtest.h>

namespace gk {
namespace {

using namespace std::chrono_literals;

OperationId some_operation() { return OperationId(uuid_from_random({1, 2, 3})); }

Operation full_operation() {
    OperationStep probe{.name = "probe_vault",
                        .status = OperationStep::Status::failed,
                        .started_at = Time(1700000000123ms),
                        .took = 17ms,
                        .error = Problem{.code = "vault_unavailable", .detail = "the vault did not answer"}};
    return {.id = some_operation(),
            .server = ServerUid(uuid_from_random({4, 5})),
            .server_id = "alpha",
            .space = "default",
            .verb = server::Verb::restore_undo,
            .status = Operation::Status::failed,
            .cause = "user:admin",
            .force = true,
            .steps = {probe},
            .error = Problem{.code = "x", .detail = "y"},
            .result = Value::object({{"snapshot", "abc"}}),
            .created_at = Time(1700000000000ms),
            .finished_at = Time(1700000001000ms)};
}

TEST(OperationCodec, ReadsBackWhatItWrote) {
    const auto operation = full_operation();
    Errors errors;
    Operation read;

    ASSERT_TRUE(decode(to_value(operation), "", errors, read));

    EXPECT_EQ(read, operation);
}

TEST(OperationCodec, ReadsTheSmallestOperation) {
    Operation operation;
    operation.id = some_operation();
    Errors errors;
    Operation read;

    ASSERT_TRUE(decode(to_value(operation), "", errors, read));

    EXPECT_EQ(read, operation);
}

TEST(OperationCodec, PassesOverWhatNewerVersionsAdd) {
    auto document = to_value(full_operation());
    document.set("colour", "blue");
    Errors errors;
    Operation read;

    EXPECT_TRUE(decode(document, "", errors, read));
}

TEST(OperationCodec, NamesWhatIsWrong) {
    auto document = to_value(full_operation());
    document.set("id", "not an id");
    document.set("verb", "dance");
    Errors errors;
    Operation read;

    EXPECT_FALSE(decode(document, "", errors, read));

    ASSERT_EQ(errors.list().size(), 2u);
    EXPECT_EQ(errors.list()[0].pointer, "/id");
    EXPECT_EQ(errors.list()[1].pointer, "/verb");
}

TEST(EventCodec, ReadsBackWhatItWrote) {
    const Event event{.number = 0,
                      .at = Time(1700000000123ms),
                      .type = "server.phase",
                      .server = ServerUid(uuid_from_random({9})),
                      .server_id = "alpha",
                      .space = "team",
                      .tenant = "acme",
                      .data = Value::object({{"phase", "running"}})};
    Errors errors;
    Event read;

    ASSERT_TRUE(decode(to_value(event), "", errors, read));

    EXPECT_EQ(read.at, event.at);
    EXPECT_EQ(read.type, event.type);
    EXPECT_EQ(read.server, event.server);
    EXPECT_EQ(read.server_id, event.server_id);
    EXPECT_EQ(read.space, "team");
    EXPECT_EQ(read.tenant, "acme");
    EXPECT_EQ(read.data, event.data);
}

}  // namespace
}  // namespace gk
