#pragma once

#include <string>

#include "programs/cli/commands.hpp"
#include "programs/cli/place.hpp"
#include "programs/config/config.hpp"

// Commands that work on this machine rather than through the API alone.
namespace gk::programs {

Done check_game(const Output& output, const std::string& file);
// Copies a checked definition into the state's games folder.
Done add_game(const Output& output, const std::string& file, const std::string& state);
Done list_packages(ApiClient& api, const Output& output);

// The commands by which a user restores this server's world with plain restic.
Done show_vault(ApiClient& api, const Output& output, const ServerName& name, const std::string& state);
// On an empty state folder: servers from the vault and the recovery key alone.
Done recover_all(const Output& output, const std::string& vault, const std::string& key_file, const std::string& state);

// Checks the machine and the installation; fails when something must be mended.
Done doctor(const Output& output, const PlaceWish& place);
// The same for the way to a Kubernetes cluster and what Gamekeeper needs there.
Done cluster_doctor(const Output& output, const Config::Cluster& config);

}  // namespace gk::programs
