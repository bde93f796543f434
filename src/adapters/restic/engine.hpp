#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/restic/place.hpp"
#include "adapters/restic/turnstile.hpp"
#include "base/secret.hpp"
#include "ports/vault.hpp"
#include "ports/workbench.hpp"

namespace gk::restic {

// One call of restic for one repository.
struct Call {
    enum class Access : std::uint8_t { read, write };
    ServerUid server;  // Nil for a repository that is nobody's yet.
    Epoch epoch{};     // Of the keeper, when something is changed.
    std::string repository;  // Its name in the place.
    Access access = Access::read;
    std::vector<std::string> arguments;
    std::optional<WorldDisk> world = {};  // Whose files it sees; only a staged one may be written.
    std::map<std::string, std::string> extra_files = {};
};

// Runs restic on the workbench, a bounded number at a time, with the right key.
class Engine {
public:
    template <class T>
    using Answer = Task<Result<T, VaultError>>;

    Engine(Workbench& bench, Place& place, Secret password, Secret recovery_key, std::size_t runs_max);

    // The exit code is not judged; an error means that restic did not run to its end. A repository that knows only the recovery key is given
    // ours first; a lock whose owner is dead is removed.
    Answer<Workbench::Ended> run(Call call);
    // A bad end is an error.
    Answer<Workbench::Ended> run_well(Call call);
    Answer<Success> add_recovery_key(ServerUid server, std::string repository, Epoch epoch);
    bool has_recovery_key() const { return !recovery_key_.empty(); }

private:
    Answer<Workbench::Ended> run_with(Call call, Secret password);
    Answer<Workbench::Ended> unlock(const Call& blocked, bool all);
    Answer<Success> remove_own_locks(const Call& blocked);
    Answer<Success> add_key(Call call, Secret opens, Secret added);
    Answer<Success> check_epoch(const Call& call);

    Workbench& bench_;
    Place& place_;
    Secret password_;
    Secret recovery_key_;
    std::string lock_name_;
    Turnstile runs_;
};

// The machine's name that confined programs see, and that stands in their locks: that of the installation whose password this is, and nobody else's.
// Another machine that works on the same store, an older one that is believed to be dead, has another key and so another name.
std::string lock_name(const Secret& password);

// What a failure of the workbench means for the vault.
VaultError vault_error(const RuntimeError& failed, bool needs_world);

}  // namespace gk::restic
