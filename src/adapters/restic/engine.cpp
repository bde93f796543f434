#include "adapters/restic/engine.hpp"

#include "adapters/restic/journal.hpp"
#include "adapters/restic/output.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"
#include "tls/digest.hpp"

namespace gk::restic {

std::string lock_name(const Secret& password) {
    constexpr std::size_t letters = 12;  // Of sixteen each: 48 bits, too few to tell anything of the password.
    std::string name = "gamekeeper-vault-";
    const auto digest = tls::sha256(as_byte_span("name of the machine in locks:" + password.reveal()));
    for (std::size_t i = 0; i < letters; ++i) name += static_cast<char>('a' + (std::to_integer<int>(digest[i]) & 15));
    return name;
}

VaultError vault_error(const RuntimeError& failed, bool needs_world) {
    if (failed.kind == RuntimeError::Kind::refused) return {VaultError::Kind::fenced, failed.detail};
    const bool no_world = needs_world && failed.kind == RuntimeError::Kind::not_found;
    return {no_world ? VaultError::Kind::unreadable : VaultError::Kind::unavailable, failed.detail};
}

Engine::Engine(Workbench& bench, Place& place, Secret password, Secret recovery_key, std::size_t runs_max)
    : bench_(bench),
      place_(place),
      password_(std::move(password)),
      recovery_key_(std::move(recovery_key)),
      lock_name_(lock_name(password_)),
      runs_(runs_max) {}

Engine::Answer<Workbench::Ended> Engine::run_with(Call call, Secret password) {
    CO_TRY(way, co_await place_.way_to(call.repository));
    CO_TRY(journal, co_await place_.journal(call.repository));
    Workbench::Job job;
    job.server = call.server;
    job.epoch = call.epoch;
    job.needs_world = call.world.has_value();
    job.disk = call.world.value_or(WorldDisk::live);
    job.may_write_world = call.world == WorldDisk::staged;
    job.folder = std::move(way.folder);
    job.may_write_folder = call.access == Call::Access::write;
    job.needs_network = way.needs_network;
    job.host_name = lock_name_;
    job.argv = {"restic", "--repo", std::move(way.repository)};
    job.argv.insert(job.argv.end(), way.options.begin(), way.options.end());
    // Readers need no lock: only we change a repository, and we work on it one at a time. So a dead lock never stands between a user and
    // a restore.
    if (call.access == Call::Access::read) job.argv.emplace_back("--no-lock");
    job.argv.insert(job.argv.end(), call.arguments.begin(), call.arguments.end());
    job.env = std::move(way.env);
    job.env.insert({{"TZ", "UTC"}, {"LC_ALL", "C.UTF-8"}});
    // Without it restic tries the keys in the order of their names, half a second of CPU each.
    if (const auto key = Journal::parse(journal).key(); !key.empty()) job.env["RESTIC_KEY_HINT"] = key;
    job.secrets = std::move(way.secrets);
    job.secrets["RESTIC_PASSWORD"] = std::move(password);
    job.extra_files = std::move(call.extra_files);
    job.extra_files.merge(way.extra_files);

    const bool needs_world = job.needs_world;
    const auto pass = co_await runs_.enter();
    auto ended = co_await bench_.run(std::move(job));
    if (!ended) co_return std::unexpected(vault_error(ended.error(), needs_world));
    co_return std::move(*ended);
}

Engine::Answer<Workbench::Ended> Engine::run(Call call) {
    CO_TRY(first, co_await run_with(call, password_));
    if (is_wrong_password(first) && has_recovery_key()) {
        Call adding{.server = call.server, .epoch = call.epoch, .repository = call.repository, .arguments = {}};
        CO_TRY_OK(co_await add_key(std::move(adding), recovery_key_, password_));
        log::info("vault", "repository was opened by the recovery key and got this installation's key", {{"server", call.server}});
        co_return co_await run_with(std::move(call), password_);
    }
    if (!is_locked(first)) co_return std::move(first);
    CO_TRY_OK(co_await check_epoch(call));
    CO_TRY_OK(co_await remove_own_locks(call));
    // Somebody else's: restic removes the locks of processes that it does not see any more. In a PID namespace it sees nobody, or takes itself
    // for the owner: then the age of a lock tells whether its owner lives.
    CO_TRY_OK(co_await unlock(call, false));
    CO_TRY(second, co_await run_with(call, password_));
    CO_TRY(dead, co_await place_.locks_are_dead(call.repository));
    if (!is_locked(second) || !dead) co_return std::move(second);
    CO_TRY_OK(co_await unlock(call, true));
    co_return co_await run_with(std::move(call), password_);
}

// A keeper that has been replaced may meet the lock of the newer one's program.
Engine::Answer<Success> Engine::check_epoch(const Call& call) {
    CO_TRY(journal, co_await place_.journal(call.repository));
    if (Journal::parse(journal).epoch() <= call.epoch) co_return Success{};
    co_return std::unexpected(VaultError{VaultError::Kind::fenced, "a newer keeper works on this repository"});
}

// What a confined program of ours has left when it was killed with everything else: restic cannot see in a PID namespace that its owner is dead,
// but the workbench lets one program at a time work in a folder, so whoever comes after it knows. A person's restic, and that of
// another installation, bears another name and keeps its lock.
Engine::Answer<Success> Engine::remove_own_locks(const Call& blocked) {
    Call list{.server = blocked.server, .repository = blocked.repository, .arguments = {"list", "locks", "--quiet"}};
    CO_TRY(listed, co_await run_with(std::move(list), password_));
    for (const auto& id : parse_lock_ids(listed.output)) {
        Call show{.server = blocked.server, .repository = blocked.repository, .arguments = {"cat", "lock", "--quiet", id}};
        CO_TRY(shown, co_await run_with(std::move(show), password_));
        if (lock_holder(shown.output) != lock_name_) continue;
        CO_TRY_OK(co_await place_.remove_lock(blocked.repository, id));
        log::info("vault", "removed the lock of a backup that was interrupted", {{"server", blocked.server}});
    }
    co_return Success{};
}

Engine::Answer<Workbench::Ended> Engine::unlock(const Call& blocked, bool all) {
    Call call{.server = blocked.server,
              .epoch = blocked.epoch,
              .repository = blocked.repository,
              .access = Call::Access::write,
              .arguments = {"unlock", "--quiet"}};
    if (all) call.arguments.emplace_back("--remove-all");
    return run_with(std::move(call), password_);
}

Engine::Answer<Workbench::Ended> Engine::run_well(Call call) {
    CO_TRY(ended, co_await run(std::move(call)));
    if (ended.code != 0) co_return std::unexpected(failure_of(ended));
    co_return std::move(ended);
}

Engine::Answer<Success> Engine::add_recovery_key(ServerUid server, std::string repository, Epoch epoch) {
    return add_key({.server = server, .epoch = epoch, .repository = std::move(repository), .arguments = {}}, password_, recovery_key_);
}

// The new password goes as a file: restic takes it neither from the environment nor, for good reasons, from its arguments.
Engine::Answer<Success> Engine::add_key(Call call, Secret opens, Secret added) {
    call.access = Call::Access::write;
    call.arguments = {"key", "add", "--host", "gamekeeper", "--user", "gamekeeper", "--new-password-file", "record/password"};
    call.extra_files["password"] = added.reveal();
    CO_TRY(ended, co_await run_with(std::move(call), std::move(opens)));
    if (ended.code != 0) co_return std::unexpected(failure_of(ended));
    co_return Success{};
}

}  // namespace gk::restic
