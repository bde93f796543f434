#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "base/value.hpp"
#include "wire/kubernetes/kubeconfig.hpp"

// ExecCredential (client.authentication.k8s.io v1 and v1beta1): how an exec plug-in is asked and what it prints.
namespace gk::wire::kubernetes {

struct ExecCredential {
    Secret token;              // Or
    std::string certificate;   // PEM, with its key;
    Secret key;                // or both, but never none.
    std::optional<Time> expires;
};

// What the plug-in finds in KUBERNETES_EXEC_INFO. `authorities` is the PEM text of the cluster's in base64, which is told when
// the kubeconfig wants it.
std::string exec_info(const ExecPlugin& plugin, const Cluster& cluster, const std::string& authorities);

// The error is a sentence that never holds what the plug-in printed.
Result<ExecCredential, std::string> exec_credential_of(const Value& printed, const std::string& api_version);

}  // namespace gk::wire::kubernetes
