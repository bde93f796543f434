#include "wire/kubernetes/exec_credential.hpp"

#include <fmt/format.h>

#include "wire/kubernetes/object.hpp"

namespace gk::wire::kubernetes {

std::string exec_info(const ExecPlugin& plugin, const Cluster& cluster, const std::string& authorities) {
    auto spec = Value::object({{"interactive", false}});
    if (plugin.wants_cluster_info) {
        auto told = Value::object({{"server", cluster.server}});
        if (!cluster.tls_server_name.empty()) told.set("tls-server-name", cluster.tls_server_name);
        if (cluster.trusts_anybody) told.set("insecure-skip-tls-verify", true);
        if (!authorities.empty()) told.set("certificate-authority-data", authorities);
        spec.set("cluster", std::move(told));
    }
    return to_json(Value::object({{"apiVersion", plugin.api_version}, {"kind", "ExecCredential"}, {"spec", std::move(spec)}}));
}

Result<ExecCredential, std::string> exec_credential_of(const Value& printed, const std::string& api_version) {
    if (text_at(printed, {"kind"}) != "ExecCredential") return std::unexpected("it printed no ExecCredential");
    const auto version = text_at(printed, {"apiVersion"});
    if (version != api_version) {
        return std::unexpected(
            fmt::format("it printed an ExecCredential of '{}' where the kubeconfig says '{}'; make them the same", version, api_version));
    }
    ExecCredential out{.token = Secret(std::string(text_at(printed, {"status", "token"}))),
                       .certificate = std::string(text_at(printed, {"status", "clientCertificateData"})),
                       .key = Secret(std::string(text_at(printed, {"status", "clientKeyData"}))),
                       .expires = {}};
    if (out.certificate.empty() != out.key.empty())
        return std::unexpected("it printed a certificate without its key, or a key without its certificate");
    if (out.token.empty() && out.certificate.empty()) return std::unexpected("it printed neither a token nor a certificate");
    const auto expires = text_at(printed, {"status", "expirationTimestamp"});
    if (expires.empty()) return out;
    out.expires = parse_rfc3339(expires);
    if (!out.expires) return std::unexpected(fmt::format("it printed the expiration '{}', which is no time in UTC", expires));
    return out;
}

}  // namespace gk::wire::kubernetes
