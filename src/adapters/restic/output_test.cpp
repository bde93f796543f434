#include "adapters/restic/output.hpp"

#include <gtest/gtest.h>

namespace gk::restic {
namespace {

TEST(ResticOutput, TheSummaryIsFoundBehindProgressLines) {
    const auto summary = parse_summary(
        "{\"message_type\":\"status\",\"percent_done\":0}\nnot json\n"
        "{\"message_type\":\"summary\",\"total_files_processed\":3,"
        "\"total_bytes_processed\":5000006,\"snapshot_id\":\"cf3facb0\"}\n");
    ASSERT_TRUE(summary);
    EXPECT_EQ(summary->short_id, "cf3facb0");
    EXPECT_EQ(summary->files, 3);
    EXPECT_EQ(summary->bytes, 5000006);
    EXPECT_FALSE(parse_summary("{\"message_type\":\"status\"}"));
}

TEST(ResticOutput, OnlySnapshotsWithOurTagsAreOurs) {
    const auto entries = parse_snapshots(
        R"([{"time":"2026-11-21T03:31:43.648877815Z","tags":["id=00000000-0000-4000-8000-000000000001","consistency=at_rest",
             "trigger=pause"],"id":"aa"},
            {"time":"2026-11-21T03:31:44Z","tags":["mine"],"id":"bb"},{"time":"2026-11-21T03:31:44Z","tags":null,"id":"cc"}])");
    ASSERT_TRUE(entries);
    ASSERT_EQ(entries->size(), 1u);
    EXPECT_EQ(entries->front().engine_id, "aa");
    EXPECT_EQ(entries->front().consistency, vault::Consistency::at_rest);
    EXPECT_EQ(entries->front().trigger, vault::Trigger::pause);
    EXPECT_EQ(rfc3339(entries->front().created_at), "2026-11-21T03:31:43.648Z");
    EXPECT_TRUE(parse_snapshots("null")->empty());
    EXPECT_FALSE(parse_snapshots("Fatal: no"));
}

TEST(ResticOutput, WhatResticSaysDecidesTheKind) {
    struct Row {
        const char* errors;
        VaultError::Kind kind;
    };
    using enum VaultError::Kind;
    for (const auto& row : {
             Row{"Fatal: wrong password or no key found", corrupt},
             Row{"Fatal: unable to open config file: stat /x/config: no such file or directory\nIs there a repository at the following location?\n/x",
                 not_found},
             Row{"Save(<data/1f>) returned error: write /v/data/1f: no space left on device", unavailable},
             Row{"unable to create lock in backend: repository is already locked exclusively by PID 1 on vm", unavailable},
             Row{"invalid id \"deadbeef\": no matching ID found for prefix \"deadbeef\"", not_found},
             Row{"pack bfe1: does not exist\nFatal: repository contains errors", corrupt},
             Row{"Fatal: all target directories/files do not exist", unreadable},
             Row{"something quite new", unavailable},
         }) {
        const Workbench::Ended ended{.code = 1, .output = "", .errors = row.errors};
        EXPECT_EQ(failure_of(ended).kind, row.kind) << row.errors;
    }
}

TEST(ResticOutput, MissingPacksAreToldFromTreesThatMissThem) {
    EXPECT_TRUE(misses_packs({.code = 1, .output = "", .errors = "pack bfe1: does not exist\nFatal: repository contains errors"}));
    EXPECT_FALSE(
        misses_packs({.code = 1, .output = "", .errors = "error for tree 12:\n  id 34 not found in repository\nFatal: repository contains errors"}));
}

}  // namespace
}  // namespace gk::restic
