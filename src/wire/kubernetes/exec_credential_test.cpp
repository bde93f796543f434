#include "wire/kubernetes/exec_credential.hpp"

#include <gtest/gtest.h>

namespace gk::wire::kubernetes {
namespace {
using namespace std::chrono_literals;

constexpr const char* v1 = "client.authentication.k8s.io/v1";

Value printed(Value status, const char* version = v1) {
    return Value::object({{"apiVersion", version}, {"kind", "ExecCredential"}, {"status", std::move(status)}});
}

TEST(ExecCredential, TakesATokenOrAPairOrBoth) {
    const auto token = exec_credential_of(printed(Value::object({{"token", "t"}, {"expirationTimestamp", "2026-11-21T03:04:05Z"}})), v1);
    const auto pair = exec_credential_of(printed(Value::object({{"clientCertificateData", "c"}, {"clientKeyData", "k"}})), v1);

    ASSERT_TRUE(token);
    EXPECT_EQ(token->token, Secret("t"));
    EXPECT_EQ(token->expires, parse_rfc3339("2026-11-21T03:04:05Z"));
    ASSERT_TRUE(pair);
    EXPECT_EQ(pair->certificate, "c");
    EXPECT_EQ(pair->key, Secret("k"));
    EXPECT_EQ(pair->expires, std::nullopt);
}

TEST(ExecCredential, TakesNothingHalf) {
    const std::vector<std::pair<Value, const char*>> rows{
        {printed(Value::object({{"clientCertificateData", "c"}})), "without its key"},
        {printed(Value::object({{"clientKeyData", "k"}, {"token", "t"}})), "without its certificate"},
        {printed(Value::object()), "neither"},
        {printed(Value::object({{"token", "t"}, {"expirationTimestamp", "tomorrow"}})), "tomorrow"},
        {printed(Value::object({{"token", "t"}}), "client.authentication.k8s.io/v1beta1"), "make them the same"},
        {Value::object({{"token", "t"}}), "no ExecCredential"},
        {Value("text"), "no ExecCredential"},
    };
    for (const auto& [document, why] : rows) {
        const auto got = exec_credential_of(document, v1);
        ASSERT_FALSE(got) << to_json(document);
        EXPECT_NE(got.error().find(why), std::string::npos) << got.error();
    }
}

TEST(ExecCredential, TellsAboutTheClusterOnlyWhenAsked) {
    ExecPlugin plugin{.api_version = v1};
    const Cluster cluster{.server = "https://192.0.2.1:6443", .authorities = {}, .trusts_anybody = false, .tls_server_name = "api"};

    EXPECT_EQ(exec_info(plugin, cluster, "Q0E="),
              R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}})");
    plugin.wants_cluster_info = true;
    EXPECT_EQ(exec_info(plugin, cluster, "Q0E="),
              R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false,)"
              R"("cluster":{"server":"https://192.0.2.1:6443","tls-server-name":"api","certificate-authority-data":"Q0E="}}})");
}

}  // namespace
}  // namespace gk::wire::kubernetes
