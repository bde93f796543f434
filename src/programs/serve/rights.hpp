#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "launcher/options.hpp"
#include "programs/config/config.hpp"
#include "programs/serve/vault_place.hpp"
#include "tls/context.hpp"

namespace gk::programs {

// What this process may do from now on.
struct Rights {
    std::optional<int> launcher;        // Socket to the part that stayed root; absent: plain processes. Owned by the caller.
    pid_t launcher_process = 0;         // That part; our child.
    launcher::Options machine;          // What it was told.
    uid_t owner = 0;                    // Who started us: the API's Unix socket trusts this uid besides root.
    std::optional<tls::Context> tls;    // Of api.listen; its key may be a file that only root can read.
    std::optional<StoreAccess> store;   // Of the vault; its key may be a file that only root can read.
    Secret mail_password;               // Of mail.user.
    Secret webhook_secret;
    std::vector<std::string> warnings;  // What people should know, each a sentence with the cure.
};

// Whom the control plane will run as when we are root and may give that up; nothing when this process stays who it is.
struct User {
    uid_t uid = 0;
    gid_t gid = 0;
};
std::optional<User> control_plane_user(const Config& config);

// Called first of all in main, with one thread. As root it makes the state folder, forks the launcher, which stays root, and gives up root
// for good: from then on this process is machine.user. Otherwise it only makes the state folder. The error is a sentence for people.
Result<Rights, std::string> settle_rights(const Config& config);

// After the socket has been closed: returns when the launcher has put away what nobody uses. Whoever waits for us then finds the machine as
// it stays.
void wait_for_launcher(const Rights& rights);

// Beside the running program: "gk-shim".
std::string sibling_program(const std::string& name);
std::string this_program();

}  // namespace gk::programs
