#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/restic/turnstile.hpp"
#include "base/secret.hpp"
#include "ports/host.hpp"
#include "ports/vault.hpp"

namespace gk::restic {

// One call of restic for one repository.
struct Call {
    enum class Access : std::uint8_t { read, write };
    ServerUid server;  // Nil for a repository that is nobody's yet.
    std::filesystem::path repository;
    Access access = Access::read;
    std::vector<std::string> arguments;
    std::optional<Host::Disk> world = {};  // Whose files it sees; only a staged one may be written.
    std::map<std::string, std::string> extra_files = {};
};

// Runs restic through the Host, a bounded number at a time, with the right key.
class Engine {
public:
    template <class T>
    using Answer = Task<Result<T, VaultError>>;

    Engine(Host& host, Secret password, Secret recovery_key, std::size_t runs_max);

    // The exit code is not judged; an error means that restic did not run to its end. A repository that knows only the recovery key is given
    // ours first; a lock whose owner is dead is removed.
    Answer<Host::Ended> run(Call call);
    // A bad end is an error.
    Answer<Host::Ended> run_well(Call call);
    Answer<Success> add_recovery_key(ServerUid server, std::filesystem::path repository);
    bool has_recovery_key() const { return !recovery_key_.empty(); }

private:
    Answer<Host::Ended> run_with(Call call, Secret password);
    Answer<Host::Ended> unlock(const Call& blocked, bool all);
    Answer<Success> remove_own_locks(const Call& blocked);
    Answer<Success> add_key(ServerUid server, std::filesystem::path repository, Secret opens, Secret added);

    Host& host_;
    Secret password_;
    Secret recovery_key_;
    Turnstile runs_;
};

// What a failure of the Host means for the vault.
VaultError vault_error(const RuntimeError& failed, bool needs_world);

}  // namespace gk::restic
