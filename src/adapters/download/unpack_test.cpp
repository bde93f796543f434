#include "adapters/download/unpack.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "adapters/download/test_archive.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::download {
namespace {

namespace fs = std::filesystem;
using Kind = GameFilesError::Kind;
using test::Entry;
using test::write_archive;

class UnpackTest : public testing::Test {
protected:
    void SetUp() override { fs::create_directory(into()); }
    std::string into() const { return directory.path() / "into"; }

    Result<Success, GameFilesError> unpacked(const std::vector<Entry>& entries, catalog::Unpack kind = catalog::Unpack::tar, int below = 0) {
        const auto path = (directory.path() / "archive").string();
        write_archive(path, entries, kind == catalog::Unpack::zip, kind == catalog::Unpack::tar);
        return unpack(path, kind, below, into(), limits);
    }
    std::string content(const std::string& name) {
        std::ifstream file(into() + "/" + name);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }

    gk::test::TemporaryDirectory directory;
    UnpackLimits limits;
};

TEST_F(UnpackTest, FilesFoldersAndInnerLinksComeOutWithPlainRights) {
    for (const auto kind : {catalog::Unpack::tar, catalog::Unpack::zip}) {
        SCOPED_TRACE(name_of(kind));
        fs::remove_all(into());
        fs::create_directory(into());

        const auto done = unpacked({{.name = "./bin/", .type = AE_IFDIR},
                                    {.name = "./bin/server", .content = "run", .mode = 04755},
                                    {.name = "data/deep/map", .content = std::string(300'000, 'm')},
                                    {.name = "bin/lib", .type = AE_IFLNK, .link = "../data/deep"},
                                    {.name = "data/b\xc3\xa4r", .content = "brown"}},
                                   kind);

        ASSERT_TRUE(done) << done.error().detail;
        EXPECT_EQ(content("bin/server"), "run");
        EXPECT_EQ(content("bin/lib/map").size(), 300'000u);
        EXPECT_EQ(content("data/b\xc3\xa4r"), "brown");
        EXPECT_EQ(fs::status(into() + "/bin/server").permissions(), fs::perms(0755)) << "no set-user-id";
        EXPECT_EQ(fs::status(into() + "/data/deep/map").permissions(), fs::perms(0644));
        EXPECT_EQ(fs::status(into() + "/data/deep").permissions(), fs::perms(0755));
    }
}

TEST_F(UnpackTest, LeadingPartsAreLeftOut) {
    ASSERT_TRUE(unpacked({{.name = "package/", .type = AE_IFDIR}, {.name = "package/a/b", .content = "x"}, {.name = "package", .content = ""}},
                         catalog::Unpack::tar, 1));

    EXPECT_EQ(content("a/b"), "x");
}

TEST_F(UnpackTest, WhatLeadsOutOrIsNoPlainFileRefusesTheWhole) {
    const std::pair<std::vector<Entry>, std::string_view> cases[] = {
        {{{.name = "../x", .content = "x"}}, "leads out"},
        {{{.name = "a/../../x", .content = "x"}}, "leads out"},
        {{{.name = "a/..", .type = AE_IFDIR}}, "leads out"},
        {{{.name = "/etc/x", .content = "x"}}, "leads out"},
        {{{.name = "l", .type = AE_IFLNK, .link = "/etc"}}, "the link 'l' leads out of it, to '/etc'"},
        {{{.name = "l", .type = AE_IFLNK, .link = "../x"}}, "leads out"},
        {{{.name = "a/l", .type = AE_IFLNK, .link = "../../x"}}, "leads out"},
        {{{.name = "a/l", .type = AE_IFLNK, .link = "b/../../x"}}, "leads out"},
        {{{.name = "a", .type = AE_IFLNK, .link = "b"}, {.name = "a/x", .content = "x"}}, "no folder"},
        {{{.name = "b", .type = AE_IFDIR}, {.name = "a", .type = AE_IFLNK, .link = "b"}, {.name = "a/x", .content = "x"}}, "no folder"},
        {{{.name = "f", .content = "x"}, {.name = "f/x", .content = "x"}}, "no folder"},
        {{{.name = "f", .content = "x"}, {.name = "f", .content = "y"}}, "twice"},
        {{{.name = "f", .content = "x"}, {.name = "h", .link = "f", .hard = true}}, "hard link"},
        {{{.name = "p", .type = AE_IFIFO}}, "neither a file"},
        {{{.name = "d", .type = AE_IFCHR}}, "neither a file"},
        {{}, "nothing is in it"},
    };
    for (const auto& [entries, says] : cases) {
        SCOPED_TRACE(entries.empty() ? "empty" : entries.back().name + " -> " + entries.back().link);
        fs::remove_all(into());
        fs::create_directory(into());
        const auto done = unpacked(entries);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().kind, Kind::refused);
        EXPECT_TRUE(done.error().detail.contains(says)) << done.error().detail;
        EXPECT_FALSE(fs::exists(directory.path() / "x"));
    }
}

TEST_F(UnpackTest, EntriesDepthAndSizeAreBounded) {
    limits = {.entries_max = 3, .depth_max = 2, .bytes_max = 10'000, .growth_max = 10, .growth_free = 5'000};
    const auto refusal = [&](const std::vector<Entry>& entries) {
        const auto done = unpacked(entries);
        return done ? std::string("taken") : done.error().detail;
    };
    const std::string random = "0q8yfhqp9w8hf";

    EXPECT_TRUE(refusal({{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}}).contains("more than 3 entries"));
    fs::remove_all(into());
    fs::create_directory(into());
    EXPECT_TRUE(refusal({{.name = "a/b/c", .content = random}}).contains("more than 2 folders deep"));
    EXPECT_TRUE(refusal({{.name = "zeros", .content = std::string(9'000, '\0')}}).contains("larger than")) << "it grew more than tenfold";
    EXPECT_EQ(refusal({{.name = "few", .content = std::string(4'000, '\0')}}), "taken");
}

TEST_F(UnpackTest, WhatIsNoArchiveOrEndsTooEarlyIsRefused) {
    const auto path = (directory.path() / "archive").string();
    std::ofstream(path) << "this is no archive at all";
    EXPECT_EQ(unpack(path, catalog::Unpack::tar, 0, into(), limits).error().kind, Kind::refused);
    EXPECT_EQ(unpack(path, catalog::Unpack::zip, 0, into(), limits).error().kind, Kind::refused);

    std::string noise;
    for (unsigned i = 0, x = 1; i < 100'000; ++i) noise += static_cast<char>((x = x * 1103515245 + 12345) >> 16);
    write_archive(path, {{.name = "map", .content = noise}}, false, true);
    fs::resize_file(path, fs::file_size(path) / 2);
    EXPECT_EQ(unpack(path, catalog::Unpack::tar, 0, into(), limits).error().kind, Kind::refused);
}

}  // namespace
}  // namespace gk::download
