#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"

// How to reach a cluster, as kubectl keeps it: kubeconfig v1 (the format's reference is `kubectl config` and client-go's clientcmd).
namespace gk::wire::kubernetes {

// PEM text that stands in the kubeconfig, or in a file beside it. A text wins over a file.
struct PemSource {
    Secret text;
    std::string file;  // Absolute, or relative to the working directory when the kubeconfig was no file.
    bool empty() const { return text.empty() && file.empty(); }
};

struct Cluster {
    std::string server;  // "https://192.0.2.1:6443"
    PemSource authorities;
    bool trusts_anybody = false;
    std::string tls_server_name;  // What the certificate must say; empty: the host in `server`.
};

// A program that prints credentials (client.authentication.k8s.io). Run with this argv and the environment plus `env`, never by a shell.
struct ExecPlugin {
    std::string api_version;  // "client.authentication.k8s.io/v1" or v1beta1.
    std::string command;
    std::vector<std::string> args;
    std::vector<std::pair<std::string, std::string>> env;
    std::string install_hint;
    bool wants_cluster_info = false;
};

struct User {
    PemSource certificate;
    PemSource key;
    Secret token;
    std::string token_file;
    std::optional<ExecPlugin> exec;
};

struct Context {
    std::string cluster;
    std::string user;
    std::string space;  // Its namespace; empty: "default".
};

struct KubeConfig {
    std::string current_context;
    std::map<std::string, Cluster> clusters;
    std::map<std::string, User> users;
    std::map<std::string, Context> contexts;
};

// Reads YAML or JSON. `origin` is a path for messages; relative files count from its folder. Fields that are not known here are passed over, as
// kubectl does; what would make us connect less safely than asked is an error (proxy-url, as-user). The error is a sentence with place and cure.
Result<KubeConfig, std::string> parse_kubeconfig(std::string_view text, const std::string& origin);

// Several files as one: of each name the first one counts, as in a KUBECONFIG with several paths.
KubeConfig merged(std::vector<KubeConfig> configs);

// What one context says, complete.
struct Target {
    std::string context;
    Cluster cluster;
    User user;
    std::string space;
};
// The context of that name, or the current one when `context` is empty. The error names what is missing and which names there are.
Result<Target, std::string> target_of(const KubeConfig& config, const std::string& context = {});

}  // namespace gk::wire::kubernetes
