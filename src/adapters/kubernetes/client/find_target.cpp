#include "adapters/kubernetes/client/find_target.hpp"

#include <filesystem>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "adapters/kubernetes/client/text_file.hpp"
#include "base/text.hpp"
#include "wire/kubernetes/base64.hpp"

namespace gk::kubernetes {
namespace {

namespace wire = gk::wire::kubernetes;
using Found = Result<wire::Target, std::string>;

constexpr auto account = "/var/run/secrets/kubernetes.io/serviceaccount";

Result<wire::KubeConfig, std::string> read_config(const std::string& path) {
    TRY(text, read_text_file(path));
    return wire::parse_kubeconfig(text, path);
}

Found from_path(const std::string& path, const std::string& context) {
    TRY(config, read_config(path));
    return wire::target_of(config, context);
}

Found from_content(const std::string& content, const std::string& context) {
    const auto text = wire::decode_base64(content);
    if (!text) return std::unexpected("KUBECONFIG_CONTENT is no base64; make it by: base64 -w0 ~/.kube/config");
    TRY(config, wire::parse_kubeconfig(*text, "KUBECONFIG_CONTENT"));
    return wire::target_of(config, context);
}

Found from_paths(const std::string& paths, const std::string& context) {
    std::vector<wire::KubeConfig> configs;
    for (const auto path : split(paths, ':')) {
        const std::string name(path);
        if (name.empty() || !std::filesystem::exists(name)) continue;
        TRY(config, read_config(name));
        configs.push_back(std::move(config));
    }
    if (configs.empty()) return std::unexpected(fmt::format("KUBECONFIG names '{}', where no file is", paths));
    return wire::target_of(wire::merged(std::move(configs)), context);
}

Found from_pod(const std::string& host, const std::string& port) {
    const std::string folder = account;
    wire::Target out;
    out.context = "in-cluster";
    out.cluster.server = host.contains(':') ? fmt::format("https://[{}]:{}", host, port) : fmt::format("https://{}:{}", host, port);
    out.cluster.authorities.file = folder + "/ca.crt";
    out.user.token_file = folder + "/token";
    TRY(space, read_text_file(folder + "/namespace"));
    out.space = trimmed(space);
    return out;
}

}  // namespace

Found find_target(const TargetOptions& options, const Environment& environment) {
    if (!options.kubeconfig.empty()) return from_path(options.kubeconfig, options.context);
    if (const auto content = environment("KUBECONFIG_CONTENT")) return from_content(*content, options.context);
    if (const auto paths = environment("KUBECONFIG"); paths && !paths->empty()) return from_paths(*paths, options.context);
    const auto host = environment("KUBERNETES_SERVICE_HOST");
    const auto port = environment("KUBERNETES_SERVICE_PORT");
    if (host && port) return from_pod(*host, *port);
    const auto usual = environment("HOME").value_or("") + "/.kube/config";
    if (std::filesystem::exists(usual)) return from_path(usual, options.context);
    return std::unexpected(
        fmt::format("no cluster is configured: there is no {}, KUBECONFIG is not set, and this is no pod; give a kubeconfig", usual));
}

}  // namespace gk::kubernetes
