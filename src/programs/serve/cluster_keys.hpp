#pragma once

#include <functional>
#include <string>

#include "adapters/kubernetes/client/client.hpp"
#include "ports/random.hpp"
#include "programs/serve/installation.hpp"
#include "programs/serve/secrets.hpp"

namespace gk::programs {

// The secrets of an installation in a cluster: the Secret `gamekeeper-keys` in the control plane's namespace, made by whoever comes first. It is read
// and made by name; nothing of ours ever changes or removes it, because no backup can be read without it. The error is a sentence for people.
Task<Result<Keys, std::string>> keep_cluster_keys(kubernetes::Client client, Random& random, std::string space);

// The text of the first admin key: the Secret `gamekeeper-admin` there, made by whoever comes first. When its owner has made keys for people, they
// may remove it and revoke that key.
Task<Result<FirstKey, std::string>> keep_first_key(kubernetes::Client client, std::function<Secret()> make, std::string space);

}  // namespace gk::programs
