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

TEST(Source, AnImageSaysAsWhomAndWhereItRuns) {
    const auto read = [](const Value& image, Errors& errors) {
        Source out;
        decode(Value::object({{"image", image}}), "/sources/0", errors, out);
        return out;
    };
    Errors none;
    const auto plain = read(Value::object({{"name", "castle"}}), none);
    EXPECT_EQ(image_of(plain)->user, std::nullopt);
    EXPECT_FALSE(image_of(plain)->writable_root);

    const auto pool = Value::object({{"games.example.org/pool", "on-demand"}});
    const auto own = read(Value::object({{"name", "castle"}, {"user", 1000}, {"writable_root", true}, {"node_selector", pool}}), none);
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(image_of(own)->user, 1000U);
    EXPECT_TRUE(image_of(own)->writable_root);
    EXPECT_EQ(image_of(own)->node_selector.at("games.example.org/pool"), "on-demand");
    const auto tolerant = read(Value::object({{"name", "castle"}, {"tolerations", Value::array({"games=yes:NoSchedule", "spot"})}}), none);
    ASSERT_EQ(image_of(tolerant)->tolerations.size(), 2u);
    EXPECT_EQ(image_of(tolerant)->tolerations[0], (server::Toleration{"games", "yes", "NoSchedule"}));
    EXPECT_EQ(image_of(tolerant)->tolerations[1].key, "spot");

    Errors errors;
    read(Value::object({{"name", "castle"}, {"user", 3'000'000'000}, {"node_selector", Value::object({{"pool", "on demand"}})}}), errors);
    ASSERT_EQ(errors.list().size(), 2U);
    EXPECT_EQ(errors.list()[0].pointer, "/sources/0/image/user");
    EXPECT_EQ(errors.list()[1].pointer, "/sources/0/image/node_selector");
    EXPECT_EQ(errors.list()[1].detail, "'pool: on demand' is no label of a node; `kubectl get nodes --show-labels` lists them");

    Errors of_taints;
    read(Value::object({{"name", "castle"}, {"tolerations", Value::array({"spot", "games:Never"})}}), of_taints);
    ASSERT_EQ(of_taints.list().size(), 1u);
    EXPECT_EQ(of_taints.list()[0].pointer, "/sources/0/image/tolerations/1");
    EXPECT_NE(of_taints.list()[0].detail.find("'games:Never' is no taint"), std::string::npos);
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
