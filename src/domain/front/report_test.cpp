#include "domain/front/report.hpp"

#include <gtest/gtest.h>

namespace gk::front {
namespace {

wake::Endpoint at(const char* text) { return *wake::Endpoint::parse(text); }

TEST(Report, IsReadBackAsItWasWritten) {
    Report said{.epoch = 7, .number = 3, .pid = 4711};
    said.knockers = {{.server = "friends/castle", .source = at("203.0.113.7:1"), .name = "ann", .trace = "019ab5cf2d8000ab"}};
    said.relayed = {{.server = "castle", .trace = "019ab5cf2d8000ab", .at = Time(Milliseconds(1'763'812'800'120))}};
    said.uses = {{.server = "castle", .listen = at("[::]:30000"), .is_stream = false, .sessions = 2, .held = 1, .counts = {{"answered", 5}}},
                 {.server = "", .listen = at("[::]:25565"), .is_stream = true, .sessions = 1, .held = 0, .counts = {}}};
    said.wrong = {"cannot listen at [::]:30001"};
    Errors errors;
    Report read;
    ASSERT_TRUE(decode(document_of(said), "", errors, read));
    EXPECT_EQ(read, said);
}

TEST(Report, WithoutAnAddressIsNone) {
    auto document = document_of(Report{.knockers = {{.server = "castle", .source = at("203.0.113.7:1"), .name = {}}}});
    document.set("knockers", Value::array({Value::object({{"server", "castle"}, {"source", "somewhere"}})}));
    Errors errors;
    Report read;
    EXPECT_FALSE(decode(document, "", errors, read));
    ASSERT_EQ(errors.list().size(), 1U);
    EXPECT_EQ(errors.list().front().pointer, "/knockers/0/source");
}

TEST(Report, WithoutATimeIsNone) {
    auto document = document_of(Report{});
    document.set("relayed", Value::array({Value::object({{"server", "castle"}, {"trace", "019ab5cf2d8000ab"}, {"at", "noon"}})}));
    Errors errors;
    Report read;
    EXPECT_FALSE(decode(document, "", errors, read));
    ASSERT_EQ(errors.list().size(), 1U);
    EXPECT_EQ(errors.list().front().pointer, "/relayed/0/at");
}

}  // namespace
}  // namespace gk::front
