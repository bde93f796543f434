#include "programs/cluster/token.hpp"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_directory.hpp"

namespace gk::programs {
namespace {

class TokenOfCluster : public testing::Test {
protected:
    // The token of a user of whom the kubeconfig says this.
    Result<Secret, std::string> token_of(std::string_view user) {
        const auto path = write("config", fmt::format(R"(
apiVersion: v1
kind: Config
current-context: home
contexts: [{{name: home, context: {{cluster: home, user: jane}}}}]
clusters: [{{name: home, cluster: {{server: "https://192.0.2.1:6443"}}}}]
users: [{{name: jane, user: {}}}]
)",
                                                      user));
        return token_of_cluster({.kubeconfig = path, .context = {}});
    }
    std::string write(const std::string& name, std::string_view text) {
        std::ofstream(folder.path() / name) << text;
        return folder.path() / name;
    }
    std::string program(const std::string& name, std::string_view text) {
        const auto path = write(name, text);
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path;
    }

    test::TemporaryDirectory folder;
};

TEST_F(TokenOfCluster, IsTheOneThatTheKubeconfigHoldsOrNames) {
    EXPECT_EQ(token_of("{token: sesame}")->reveal(), "sesame");
    EXPECT_EQ(token_of(fmt::format("{{tokenFile: {}}}", write("token", "of a file\n")))->reveal(), "of a file");
}

TEST_F(TokenOfCluster, IsPrintedByThePlugIn) {
    const auto plugin = program("login", R"(#!/bin/sh
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "of the cloud"}}'
)");
    const auto user = fmt::format("{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}}}", plugin);
    EXPECT_EQ(token_of(user)->reveal(), "of the cloud");
}

TEST_F(TokenOfCluster, IsNotThereForAUserWhomOnlyTheClusterKnows) {
    const auto token = token_of("{}");
    ASSERT_FALSE(token);
    EXPECT_TRUE(token.error().contains("context 'home'") && token.error().contains("--key")) << token.error();
}

TEST_F(TokenOfCluster, IsNotThereWhenThePlugInFails) {
    const auto plugin = program("login", "#!/bin/sh\necho 'please log in' >&2\nexit 3\n");
    const auto token =
        token_of(fmt::format("{{exec: {{apiVersion: client.authentication.k8s.io/v1, command: {}, interactiveMode: Never}}}}", plugin));
    ASSERT_FALSE(token);
    EXPECT_TRUE(token.error().contains("please log in")) << token.error();
}

}  // namespace
}  // namespace gk::programs
