#include "wire/kubernetes/kubeconfig.hpp"

#include <fmt/format.h>

#include "base/decode.hpp"
#include "base/text.hpp"
#include "wire/kubernetes/base64.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::wire::kubernetes {

// Found by argument-dependent lookup, so not in the unnamed namespace.
static bool decode(const Value& value, const std::string& pointer, Errors& errors, Context& out) {
    ObjectReader in(value, pointer, errors);
    in.required("cluster", out.cluster);
    in.required("user", out.user);
    in.optional("namespace", out.space);
    return in.finish_lenient();
}

namespace {

// A place in a file, relative to the kubeconfig's folder.
std::string beside(const std::string& origin, const std::string& file) {
    const auto slash = origin.rfind('/');
    if (file.empty() || file.front() == '/' || slash == std::string::npos) return file;
    return origin.substr(0, slash + 1) + file;
}

// "certificate-authority" and "certificate-authority-data".
PemSource read_pem(ObjectReader& in, const std::string& name, const std::string& origin) {
    PemSource out;
    in.optional(name, out.file);
    out.file = beside(origin, out.file);
    std::string data;
    in.optional(name + "-data", data);
    if (data.empty()) return out;
    auto text = decode_base64(data);
    if (text) out.text = Secret(std::move(*text));
    else in.fail(name + "-data", "bad_format", "this is no base64; write the PEM text through base64, or name a file in '" + name + "'");
    return out;
}

void refuse(ObjectReader& in, std::string_view key, std::string_view why) {
    if (const auto* member = in.find(key); member != nullptr && !member->is_null()) in.fail(key, "not_allowed", std::string(why));
}

Cluster read_cluster(const Value& value, const std::string& pointer, const std::string& origin, Errors& errors) {
    Cluster out;
    ObjectReader in(value, pointer, errors);
    in.required("server", out.server);
    in.optional("insecure-skip-tls-verify", out.trusts_anybody);
    in.optional("tls-server-name", out.tls_server_name);
    out.authorities = read_pem(in, "certificate-authority", origin);
    refuse(in, "proxy-url", "a proxy is not spoken to yet; reach the cluster directly or by a tunnel");
    return out;
}

void read_env(const Value& list, const std::string& pointer, Errors& errors, ExecPlugin& out) {
    const auto* items = list.as_array();
    if (items == nullptr) return;
    for (std::size_t i = 0; i < items->size(); ++i) {
        ObjectReader in((*items)[i], pointer_to(pointer, i), errors);
        auto& [name, value] = out.env.emplace_back();
        in.required("name", name);
        in.optional("value", value);
    }
}

ExecPlugin read_exec(const Value& value, const std::string& pointer, const std::string& origin, Errors& errors) {
    ExecPlugin out;
    ObjectReader in(value, pointer, errors);
    in.required("apiVersion", out.api_version);
    in.required("command", out.command);
    in.optional("args", out.args);
    in.optional("installHint", out.install_hint);
    in.optional("provideClusterInfo", out.wants_cluster_info);
    if (const auto* env = in.find("env")) read_env(*env, in.pointer("env"), errors, out);
    if (out.command.contains('/')) out.command = beside(origin, out.command);
    if (!out.api_version.empty() && out.api_version != "client.authentication.k8s.io/v1" &&
        out.api_version != "client.authentication.k8s.io/v1beta1") {
        in.fail("apiVersion", "not_allowed", fmt::format("'{}' is not spoken; use client.authentication.k8s.io/v1 or v1beta1", out.api_version));
    }
    return out;
}

User read_user(const Value& value, const std::string& pointer, const std::string& origin, Errors& errors) {
    User out;
    ObjectReader in(value, pointer, errors);
    out.certificate = read_pem(in, "client-certificate", origin);
    out.key = read_pem(in, "client-key", origin);
    std::string token;
    in.optional("token", token);
    out.token = Secret(std::move(token));
    in.optional("tokenFile", out.token_file);
    out.token_file = beside(origin, out.token_file);
    if (const auto* exec = in.find("exec"); exec != nullptr && !exec->is_null()) out.exec = read_exec(*exec, in.pointer("exec"), origin, errors);
    refuse(in, "as", "acting as somebody else is not supported; give this user the rights it needs");
    refuse(in, "auth-provider", "this was removed from Kubernetes; use the exec plug-in of the provider");
    if (out.certificate.empty() != out.key.empty())
        in.fail(out.key.empty() ? "client-key" : "client-certificate", "required", "a client certificate needs its key, and the key its certificate");
    return out;
}

// A list of {name, <kind>: {...}}; of a name that stands twice the first one counts.
template <class T, class Read>
std::map<std::string, T> read_named(ObjectReader& in, const char* list, const char* kind, Errors& errors, Read read) {
    std::map<std::string, T> out;
    const auto* found = in.find(list);
    const auto* items = found != nullptr ? found->as_array() : nullptr;
    if (items == nullptr) return out;
    for (std::size_t i = 0; i < items->size(); ++i) {
        ObjectReader item((*items)[i], pointer_to(in.pointer(list), i), errors);
        std::string name;
        item.required("name", name);
        if (const auto* content = item.find(kind)) out.try_emplace(name, read(*content, item.pointer(kind)));
        else item.fail(kind, "required", fmt::format("'{}' has no '{}'", name, kind));
    }
    return out;
}

template <class T>
std::string names_in(const std::map<std::string, T>& map) {
    std::vector<std::string> names;
    for (const auto& [name, content] : map) names.push_back("'" + name + "'");
    return names.empty() ? "there is none" : "there are " + joined(names);
}

}  // namespace

Result<KubeConfig, std::string> parse_kubeconfig(std::string_view text, const std::string& origin) {
    const auto document = parse_yaml(text);
    if (!document) {
        return std::unexpected(fmt::format("{}:{}:{}: {}", origin, document.error().line, document.error().column, document.error().message));
    }
    Errors errors;
    KubeConfig out;
    ObjectReader in(*document, "", errors);
    in.optional("current-context", out.current_context);
    out.clusters = read_named<Cluster>(in, "clusters", "cluster", errors,
                                       [&](const Value& value, const std::string& pointer) { return read_cluster(value, pointer, origin, errors); });
    out.users = read_named<User>(in, "users", "user", errors,
                                 [&](const Value& value, const std::string& pointer) { return read_user(value, pointer, origin, errors); });
    out.contexts = read_named<Context>(in, "contexts", "context", errors, [&](const Value& value, const std::string& pointer) {
        Context context;
        decode(value, pointer, errors, context);
        return context;
    });
    if (errors.empty()) return out;
    const auto& first = errors.list().front();
    return std::unexpected(fmt::format("{}:{}: {}: {}", origin, first.mark.line, first.pointer, first.detail));
}

KubeConfig merged(std::vector<KubeConfig> configs) {
    KubeConfig out;
    for (auto& config : configs) {
        if (out.current_context.empty()) out.current_context = std::move(config.current_context);
        out.clusters.merge(config.clusters);
        out.users.merge(config.users);
        out.contexts.merge(config.contexts);
    }
    return out;
}

Result<Target, std::string> target_of(const KubeConfig& config, const std::string& context) {
    const auto& name = context.empty() ? config.current_context : context;
    if (name.empty()) return std::unexpected("no context is chosen: kubectl config use-context NAME; " + names_in(config.contexts));
    const auto found = config.contexts.find(name);
    if (found == config.contexts.end()) return std::unexpected(fmt::format("there is no context '{}'; {}", name, names_in(config.contexts)));
    const auto& chosen = found->second;
    const auto cluster = config.clusters.find(chosen.cluster);
    if (cluster == config.clusters.end())
        return std::unexpected(fmt::format("context '{}' names the cluster '{}'; {}", name, chosen.cluster, names_in(config.clusters)));
    const auto user = config.users.find(chosen.user);
    if (user == config.users.end())
        return std::unexpected(fmt::format("context '{}' names the user '{}'; {}", name, chosen.user, names_in(config.users)));
    return Target{
        .context = name, .cluster = cluster->second, .user = user->second, .space = chosen.space.empty() ? std::string("default") : chosen.space};
}

}  // namespace gk::wire::kubernetes
