#pragma once

#include <string>

#include "adapters/kubernetes/client/find_target.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

namespace gk::programs {

// The token with which kubectl would speak to that cluster: one that stands in the kubeconfig, in a file that it names, or that its exec plug-in
// prints (which may ask its user to log in, and takes as long as that takes). Blocking. The error is a sentence with the cure: among others when
// kubectl shows a certificate, by which nobody but the cluster itself can know anybody.
Result<Secret, std::string> token_of_cluster(const kubernetes::TargetOptions& options);

}  // namespace gk::programs
