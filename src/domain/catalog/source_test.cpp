#include "domain/catalog/source.hpp"

#include <gtest/gtest.h>

namespace gk::catalog {
namespace {

const std::string hash(64, 'a');

Source fetched(const std::string& version) {
    return {.from = FetchSource{.url = "https://example.org/" + version + "/server.jar", .sha256 = hash, .file = "server.jar"},
            .version = version,
            .needs = {}};
}

TEST(Source, TheVersionChoosesAndTheOrderStays) {
    const std::vector<Source> sources = {fetched("1.21"), fetched(""), fetched("1.20"), fetched("1.21")};

    EXPECT_EQ(sources_of(sources, "1.21"), (std::vector<const Source*>{&sources[0], &sources[1], &sources[3]}));
    EXPECT_EQ(sources_of(sources, "1.20"), (std::vector<const Source*>{&sources[1], &sources[2]}));
    EXPECT_EQ(sources_of(sources, ""), std::vector<const Source*>{&sources[1]});
}

TEST(Source, WhatIsFetchedIsKnownByItsHash) {
    const auto download = download_of(fetched("1.21"));

    ASSERT_TRUE(download);
    EXPECT_EQ(download->url, "https://example.org/1.21/server.jar");
    EXPECT_EQ(download->algorithm, Download::Algorithm::sha256);
    EXPECT_EQ(download->digest, hash);
    EXPECT_EQ(download->file, "server.jar");
    EXPECT_FALSE(download_of({.from = DirectorySource{.path = "/srv/castle"}, .version = {}, .needs = {}}));
}

TEST(Source, OnlyWhatIsFetchedRunsInAnotherImage) {
    const auto image = Value::object({{"name", "java-17"}});
    const auto fetch = Value::object({{"url", "https://example.org/server.jar"}, {"sha256", hash}});
    Source out;
    Errors errors;
    EXPECT_TRUE(decode(Value::object({{"fetch", fetch}, {"runs_in", image}}), "/sources/0", errors, out));
    ASSERT_NE(image_of(out), nullptr);
    EXPECT_EQ(image_of(out)->name, "java-17");

    Source other;
    EXPECT_FALSE(decode(Value::object({{"directory", Value::object({{"path", "/srv/castle"}})}, {"runs_in", image}}), "/sources/1", errors, other));
    EXPECT_EQ(errors.list().front().pointer, "/sources/1/runs_in");
}

TEST(Source, AnNpmPackageIsTheRegistrysArchive) {
    const NpmSource npm{.name = "@team/server", .version = "1.2.3", .integrity = "sha512-x=="};

    const auto download = download_of({.from = npm, .version = {}, .needs = {}});

    ASSERT_TRUE(download);
    EXPECT_EQ(download->url, "https://registry.npmjs.org/@team/server/-/server-1.2.3.tgz");
    EXPECT_EQ(download->algorithm, Download::Algorithm::sha512);
    EXPECT_EQ(download->digest, "sha512-x==");
    EXPECT_EQ(download->unpack, Unpack::tar);
    EXPECT_EQ(download->unpack_below, 1);
}

}  // namespace
}  // namespace gk::catalog
