#include "wire/kubernetes/kubeconfig.hpp"

#include <gtest/gtest.h>

#include "wire/kubernetes/base64.hpp"

namespace gk::wire::kubernetes {
namespace {

constexpr std::string_view usual = R"(apiVersion: v1
kind: Config
current-context: home
preferences: {}
clusters:
- name: local
  cluster:
    server: https://192.0.2.1:6443
    certificate-authority-data: cGVt
- name: far
  cluster:
    server: https://api.example
    certificate-authority: far.crt
    tls-server-name: kubernetes
contexts:
- name: home
  context: {cluster: local, user: admin}
- name: away
  context: {cluster: far, user: cloud, namespace: games}
users:
- name: admin
  user:
    client-certificate: admin.crt
    client-key-data: a2V5
- name: cloud
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      command: ./login
      args: [get-token, --server-id, "1"]
      env:
      - name: MODE
        value: cli
      interactiveMode: Never
      provideClusterInfo: true
)";

TEST(KubeConfig, SaysHowToReachTheChosenCluster) {
    const auto config = parse_kubeconfig(usual, "/etc/kube/config");
    ASSERT_TRUE(config) << config.error();

    const auto home = target_of(*config);
    const auto away = target_of(*config, "away");

    ASSERT_TRUE(home) << home.error();
    EXPECT_EQ(home->cluster.server, "https://192.0.2.1:6443");
    EXPECT_EQ(home->cluster.authorities.text.reveal(), "pem");
    EXPECT_EQ(home->user.certificate.file, "/etc/kube/admin.crt");
    EXPECT_EQ(home->user.key.text.reveal(), "key");
    EXPECT_EQ(home->space, "default");
    ASSERT_TRUE(away) << away.error();
    EXPECT_EQ(away->cluster.authorities.file, "/etc/kube/far.crt");
    EXPECT_EQ(away->cluster.tls_server_name, "kubernetes");
    EXPECT_EQ(away->space, "games");
    ASSERT_TRUE(away->user.exec);
    EXPECT_EQ(away->user.exec->command, "/etc/kube/./login");
    EXPECT_EQ(away->user.exec->args, (std::vector<std::string>{"get-token", "--server-id", "1"}));
    EXPECT_EQ(away->user.exec->env, (std::vector<std::pair<std::string, std::string>>{{"MODE", "cli"}}));
    EXPECT_TRUE(away->user.exec->wants_cluster_info);
}

TEST(KubeConfig, SeveralFilesAreOneAndTheFirstOfANameCounts) {
    const auto first = parse_kubeconfig("clusters:\n- name: local\n  cluster: {server: https://first}\n", "a");
    const auto second = parse_kubeconfig(usual, "b");

    const auto both = merged({*first, *second});

    EXPECT_EQ(both.clusters.at("local").server, "https://first");
    EXPECT_EQ(both.clusters.size(), 2u);
    EXPECT_EQ(both.current_context, "home");
}

TEST(KubeConfig, SaysWhatIsMissing) {
    const auto config = parse_kubeconfig(usual, "config").value();

    EXPECT_EQ(target_of(config, "hom").error(), "there is no context 'hom'; there are 'away', 'home'");
    EXPECT_EQ(target_of(KubeConfig()).error(), "no context is chosen: kubectl config use-context NAME; there is none");
    auto without_user = config;
    without_user.users.erase("admin");
    EXPECT_EQ(target_of(without_user).error(), "context 'home' names the user 'admin'; there are 'cloud'");
}

TEST(KubeConfig, RefusesWhatItCannotKeepSafe) {
    struct Case {
        std::string_view text;
        std::string_view trouble;
    };
    const Case cases[] = {
        {"clusters:\n- name: a\n  cluster: {server: https://x, proxy-url: http://p}\n", "/clusters/0/cluster/proxy-url"},
        {"clusters:\n- name: a\n  cluster: {server: https://x, certificate-authority-data: '!'}\n", "no base64"},
        {"clusters:\n- name: a\n  cluster: {}\n", "/clusters/0/cluster"},
        {"clusters:\n- name: a\n", "has no 'cluster'"},
        {"users:\n- name: a\n  user: {client-certificate: a.crt}\n", "needs its key"},
        {"users:\n- name: a\n  user: {as: root}\n", "acting as somebody else"},
        {"users:\n- name: a\n  user:\n    exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}\n", "v1 or v1beta1"},
        {"a: [", "config:2:1: "},
    };
    for (const auto& [text, trouble] : cases) {
        const auto config = parse_kubeconfig(text, "config");
        ASSERT_FALSE(config) << text;
        EXPECT_TRUE(config.error().contains(trouble)) << config.error();
    }
}

TEST(Base64, IsReadWithItsPadding) {
    EXPECT_EQ(decode_base64(""), "");
    EXPECT_EQ(decode_base64("Zg=="), "f");
    EXPECT_EQ(decode_base64("Zm8="), "fo");
    EXPECT_EQ(decode_base64("Zm9v\nYmFy"), "foobar");
    EXPECT_EQ(decode_base64("/+8="), "\xff\xef");
    for (const std::string_view text : {"Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Z=g=", "Zm 8=", "Zm8-"}) EXPECT_FALSE(decode_base64(text)) << text;
}

}  // namespace
}  // namespace gk::wire::kubernetes
