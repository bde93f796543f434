#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "wire/kubernetes/kubeconfig.hpp"

namespace gk::kubernetes {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

struct TargetOptions {
    std::string kubeconfig;  // A path; empty: found.
    std::string context;     // Empty: the current one.
};

// Which cluster to talk to and as whom. The first of these that is there: the given path; KUBECONFIG_CONTENT (a kubeconfig in base64);
// KUBECONFIG (paths with ':' between them, merged; files that are not there are passed over as kubectl does); a pod's service account;
// ~/.kube/config. The error is a sentence with the cure.
Result<wire::kubernetes::Target, std::string> find_target(const TargetOptions& options, const Environment& environment);

}  // namespace gk::kubernetes
