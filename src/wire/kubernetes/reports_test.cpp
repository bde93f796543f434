#include "wire/kubernetes/reports.hpp"

#include <gtest/gtest.h>

namespace gk::wire::kubernetes {
namespace {

constexpr Time now{Milliseconds(1'800'000'000'000)};

TEST(Report, IsAboutTheObjectThatWasRead) {
    auto metadata = Value::object({{"namespace", "games"}, {"name", "castle"}, {"uid", "u1"}, {"resourceVersion", "7"}});
    const auto about = Value::object({{"apiVersion", "gamekeeper.dev/v1alpha1"}, {"kind", "GameServer"}, {"metadata", std::move(metadata)}});

    const auto event =
        report_document(about, {.reason = "WorldSaved", .note = "in 3 s", .is_warning = false, .action = "Backup"}, now, "keeper-0", "a1");

    EXPECT_EQ(key_of(event), (ObjectKey{"games", "castle.a1"}));
    EXPECT_EQ(text_at(event, {"regarding", "kind"}), "GameServer");
    EXPECT_EQ(text_at(event, {"regarding", "uid"}), "u1");
    EXPECT_EQ(text_at(event, {"type"}), "Normal");
    EXPECT_EQ(text_at(event, {"eventTime"}), "2027-01-15T08:00:00.000000Z");
}

TEST(Report, ANoteIsCutBetweenCharacters) {
    std::string note(1023, 'x');
    note += "\xc3\xa4";

    const auto event = report_document(Value(), {.reason = "R", .note = note, .is_warning = true, .action = "A"}, now, "i", "s");

    EXPECT_EQ(text_at(event, {"note"}).size(), 1023u);
    EXPECT_EQ(text_at(event, {"metadata", "namespace"}), "default");
}

TEST(TokenOwner, IsKnownOnlyWhenTheClusterSaysSo) {
    auto user = Value::object({{"username", "system:serviceaccount:games:bot"}, {"uid", "u1"}, {"groups", Value::array({Value("g1"), Value("g2")})}});
    const auto known = Value::object({{"status", Value::object({{"authenticated", true}, {"user", user}})}});
    const auto unknown = Value::object({{"status", Value::object({{"user", user}, {"error", "expired"}})}});

    EXPECT_EQ(token_owner_of(known).name, "system:serviceaccount:games:bot");
    EXPECT_EQ(token_owner_of(known).groups, (std::vector<std::string>{"g1", "g2"}));
    EXPECT_FALSE(token_owner_of(unknown).is_known);
    EXPECT_EQ(token_owner_of(unknown).name, "");
    EXPECT_EQ(token_owner_of(unknown).why_not, "expired");
    EXPECT_FALSE(token_owner_of(Value()).is_known);
}

}  // namespace
}  // namespace gk::wire::kubernetes
