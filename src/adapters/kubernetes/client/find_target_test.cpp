#include "adapters/kubernetes/client/find_target.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <span>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"
#include "tls/digest.hpp"

namespace gk::kubernetes {
namespace {

std::string config(const std::string& name) {
    return "current-context: " + name + "\nclusters:\n- name: c\n  cluster: {server: 'https://" + name +
           ".test'}\nusers:\n- name: u\n  user: {token: t}\n" + "contexts:\n- name: " + name + "\n  context: {cluster: c, user: u}\n";
}

class FindTargetTest : public testing::Test {
protected:
    FindTargetTest() { variables["HOME"] = folder; }

    std::string file(const std::string& name) {
        const auto path = folder + "/" + name;
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << config(std::filesystem::path(name).filename().string());
        return path;
    }
    // Whom it finds, or what it says.
    std::string found(const TargetOptions& options = {}) {
        const auto target = find_target(options, [this](const std::string& name) {
            const auto at = variables.find(name);
            return at == variables.end() ? std::nullopt : std::optional(at->second);
        });
        return target ? target->cluster.server : target.error();
    }

    test::TemporaryDirectory directory;
    const std::string folder = directory.path();
    std::map<std::string, std::string> variables;
};

TEST_F(FindTargetTest, TakesTheFirstThatIsThere) {
    file(".kube/config");
    EXPECT_EQ(found(), "https://config.test");
    variables["KUBECONFIG"] = folder + "/nowhere:" + file("one") + ":" + file("two");
    EXPECT_EQ(found(), "https://one.test");
    const auto content = config("content");
    variables["KUBECONFIG_CONTENT"] = tls::base64(std::as_bytes(std::span(content)));
    EXPECT_EQ(found(), "https://content.test");
    EXPECT_EQ(found({.kubeconfig = file("given"), .context = {}}), "https://given.test");
}

TEST_F(FindTargetTest, SaysWhatIsMissing) {
    EXPECT_NE(found().find("no cluster is configured"), std::string::npos) << found();
    variables["KUBECONFIG"] = folder + "/nowhere";
    EXPECT_NE(found().find("where no file is"), std::string::npos) << found();
    variables["KUBECONFIG_CONTENT"] = "not base64!";
    EXPECT_NE(found().find("base64 -w0"), std::string::npos) << found();
    EXPECT_NE(found({.kubeconfig = folder + "/gone", .context = {}}).find("cannot read"), std::string::npos);
    EXPECT_NE(found({.kubeconfig = file("given"), .context = "other"}).find("there is no context 'other'"), std::string::npos);
}

}  // namespace
}  // namespace gk::kubernetes
