#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "ports/random.hpp"

namespace gk::programs {

struct KeptSecret {
    Secret secret;
    bool is_new = false;  // Made just now: the moment to show it.
};

// The secret in that file (mode 0600), made by `make` and synced to disk when the file is not there. The error is a sentence for people.
Result<KeptSecret, std::string> keep_secret(const std::string& path, const std::function<Secret()>& make);
// The secrets of an installation.
struct Keys {
    Secret vault;     // Opens every repository.
    Secret recovery;  // The second way in, for people.
    bool recovery_is_new = false;
};
// New ones, kept nowhere yet.
Keys make_keys(Random& random);
// Those in the state folder; made when there are none.
Result<Keys, std::string> keep_keys(const std::string& state, Random& random);

// As keep_secret(), for several processes that share the folder and may begin at once; made with its folder when there is none.
Result<Secret, std::string> keep_shared_secret(const std::string& folder, const std::string& name, Random& random);

// What stands in a file that people have made; `key` is the configuration key that names it.
Result<Secret, std::string> secret_in(std::string_view key, const std::string& path);
// Writes a secret file as keep_secret() does, whatever is there.
Result<Success, std::string> write_secret(const std::string& path, const Secret& secret);

}  // namespace gk::programs
