#include "adapters/restic/vault.hpp"

#include <algorithm>
#include <iterator>
#include <type_traits>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "adapters/restic/output.hpp"
#include "base/log.hpp"
#include "base/value.hpp"
#include "net/json/json.hpp"

namespace gk::restic {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view record_file = "record.json";
// Lies within the repository, where restic passes over it, so that it moves and goes with it.
constexpr std::string_view journal_name = "gamekeeper.journal";

template <class F>
Task<std::invoke_result_t<F&>> as_task(F work) {
    co_return work();
}

// Runs `work` on the disk thread and comes back to the loop with its result.
template <class F>
Task<std::invoke_result_t<F&>> off_loop(boost::asio::thread_pool& pool, F work) {
    auto task = as_task(std::move(work));
    co_return co_await boost::asio::co_spawn(pool, std::move(task), boost::asio::use_awaitable);
}

std::unexpected<VaultError> error(VaultError::Kind kind, std::string detail) { return std::unexpected(VaultError{kind, std::move(detail)}); }

VaultError from(const RuntimeError& failed, bool reads_world) {
    const bool no_world = reads_world && failed.kind == RuntimeError::Kind::not_found;
    return {no_world ? VaultError::Kind::unreadable : VaultError::Kind::unavailable, failed.detail};
}

// restic matches a pattern against the whole path of a file, of which we know only what is below "data". Anchored there, no pattern can match
// a folder above the world and so leave all of it out.
std::string anchored(std::string_view pattern) {
    if (pattern.starts_with('/')) return fmt::format("data{}", pattern);
    if (pattern.find('/') != std::string_view::npos) return fmt::format("data/{}", pattern);
    return fmt::format("data/**/{}", pattern);
}

Names difference(const Names& all, const Names& without) {
    Names left;
    std::ranges::set_difference(all, without, std::inserter(left, left.end()));
    return left;
}

std::vector<std::string> backup_arguments(const SnapshotOrder& order) {
    std::vector<std::string> arguments{"backup", "--json", "--quiet", "--host", "gamekeeper"};
    for (const auto& tag : tags_of(order)) arguments.insert(arguments.end(), {"--tag", tag});
    for (const auto& pattern : order.excludes) arguments.insert(arguments.end(), {"--exclude", anchored(pattern)});
    arguments.insert(arguments.end(), {"data", "record"});
    return arguments;
}

Result<Success, VaultError> find_snapshot(const fs::path& repository, const std::string& engine_id) {
    if (names_in(repository, "snapshots").contains(engine_id)) return Success{};
    return error(VaultError::Kind::not_found, fmt::format("there is no snapshot {} in {}", engine_id, repository.string()));
}

// Moves the files whose content does not match their names; returns their names.
Result<Names, VaultError> move_damaged(const fs::path& repository, const fs::path& aside) {
    Names moved;
    for (const auto* kind : {"data", "index", "keys", "snapshots"}) {
        for (const auto& name : names_in(repository, kind)) {
            if (check_file(repository, kind, name)) continue;
            TRY_OK(make_folder(aside));
            TRY_OK(rename_folder(path_of(repository, kind, name), aside / name));
            moved.insert(name);
        }
    }
    return moved;
}

// What one finished `restic backup` has made.
Result<TakenSnapshot, VaultError> taken_from(const Host::Ended& ended, const fs::path& repository, std::size_t record_size) {
    if (ended.code == 3) return error(VaultError::Kind::unreadable, fmt::format("some files of the world could not be read: {}", ended.errors));
    if (ended.code != 0) return std::unexpected(failure_of(ended));
    if (ended.errors.find("does not exist, skipping") != std::string::npos)
        return error(VaultError::Kind::unreadable, "the world's folder is not there: " + ended.errors);
    const auto summary = parse_summary(ended.output);
    if (!summary) return error(VaultError::Kind::unavailable, "restic did not say which snapshot it made: " + ended.output);
    const auto names = names_in(repository, "snapshots");
    const auto name = names.lower_bound(summary->short_id);
    if (name == names.end() || !name->starts_with(summary->short_id)) {
        return error(VaultError::Kind::corrupt,
                     fmt::format("the snapshot {} that restic has made is not in {}", summary->short_id, repository.string()));
    }
    return TakenSnapshot{.engine_id = *name, .bytes = summary->bytes - static_cast<std::int64_t>(record_size), .files = summary->files - 1};
}

}  // namespace

ResticVault::ResticVault(Host& host, ResticOptions options) : host_(host), options_(std::move(options)), runs_(options_.runs_max) {}

ResticVault::~ResticVault() = default;

// --- Running restic

ResticVault::Answer<Host::Ended> ResticVault::run_with(Call call, Secret password) {
    Host::ConfinedRun run;
    run.server = call.server;
    run.needs_world = call.world.has_value();
    run.disk = call.world.value_or(Host::Disk::live);
    run.may_write_world = call.world == Host::Disk::staged;
    run.folder = call.repository.string();
    run.may_write_folder = call.access == Access::write;
    // A cache would save nothing: the repository is as local as the cache.
    run.argv = {"restic", "--no-cache", "--repo", run.folder};
    // Readers need no lock: only we change a repository, and we work on it one at a time. So a dead lock never stands between a user and a restore.
    if (call.access == Access::read) run.argv.emplace_back("--no-lock");
    run.argv.insert(run.argv.end(), call.arguments.begin(), call.arguments.end());
    run.env = {{"TZ", "UTC"}, {"LC_ALL", "C.UTF-8"}};
    if (const auto key = journal_of(call.server).key(); !key.empty()) run.env["RESTIC_KEY_HINT"] = key;
    run.password = std::move(password);
    run.extra_files = std::move(call.extra_files);

    const bool needs_world = run.needs_world;
    const auto pass = co_await runs_.enter();
    auto ended = co_await host_.run_confined(std::move(run));
    if (!ended) co_return std::unexpected(from(ended.error(), needs_world));
    co_return std::move(*ended);
}

ResticVault::Answer<Host::Ended> ResticVault::run(Call call) {
    CO_TRY(first, co_await run_with(call, options_.password));
    if (is_wrong_password(first) && !options_.recovery_key.empty()) {
        CO_TRY_OK(co_await add_key(call.server, call.repository, options_.recovery_key, options_.password));
        log::info("vault", "repository was opened by the recovery key and got this installation's key", {{"server", call.server}});
        co_return co_await run_with(std::move(call), options_.password);
    }
    if (!is_locked(first)) co_return std::move(first);
    // Only locks of dead processes go; a restic that a person runs meanwhile keeps its own.
    Call unlock{.server = call.server,
                .repository = call.repository,
                .access = Access::write,
                .arguments = {"unlock", "--quiet"},
                .world = {},
                .extra_files = {}};
    CO_TRY_OK(co_await run_with(std::move(unlock), options_.password));
    co_return co_await run_with(std::move(call), options_.password);
}

ResticVault::Answer<Host::Ended> ResticVault::run_well(Call call) {
    CO_TRY(ended, co_await run(std::move(call)));
    if (ended.code != 0) co_return std::unexpected(failure_of(ended));
    co_return std::move(ended);
}

ResticVault::Answer<Success> ResticVault::add_key(ServerUid server, fs::path repository, Secret opens, Secret added) {
    Call call{.server = server, .repository = std::move(repository), .access = Access::write, .arguments = {}, .world = {}, .extra_files = {}};
    call.arguments = {"key", "add", "--host", "gamekeeper", "--user", "gamekeeper", "--new-password-file", "record/password"};
    call.extra_files["password"] = added.reveal();
    CO_TRY(ended, co_await run_with(std::move(call), std::move(opens)));
    if (ended.code != 0) co_return std::unexpected(failure_of(ended));
    co_return Success{};
}

// --- Repositories

ResticVault::Answer<Success> ResticVault::make_spare() {
    const auto building = options_.folder / ".spare.new";
    CO_TRY_OK(remove_folder(building));
    CO_TRY_OK(make_folder(building));
    Call init{.server = {}, .repository = building, .access = Access::write, .arguments = {"init", "--quiet"}, .world = {}, .extra_files = {}};
    CO_TRY(made, co_await run_with(std::move(init), options_.password));
    if (made.code != 0) co_return std::unexpected(failure_of(made));
    Journal journal;
    if (const auto keys = names_in(building, "keys"); !keys.empty()) journal.set_key(*keys.begin());
    const ServerUid nobody;
    if (!options_.recovery_key.empty()) CO_TRY_OK(co_await add_key(nobody, building, options_.password, options_.recovery_key));
    CO_TRY_OK(co_await keep(building / journal_name, journal.text()));
    co_return rename_folder(building, options_.folder / ".spare");
}

ResticVault::Answer<Success> ResticVault::prepare_spare() {
    const auto pass = co_await spare_.enter();
    CO_TRY_OK(make_folder(options_.folder));
    if (fs::exists(options_.folder / ".spare" / "config")) co_return Success{};
    co_return co_await make_spare();
}

// Renamed into its place when both keys are in, so that there is never a repository without the recovery key.
ResticVault::Answer<Success> ResticVault::open(ServerUid server) {
    const auto repository = repository_of(server);
    if (fs::exists(repository / "config")) co_return Success{};
    if (fs::exists(repository)) {
        co_return error(VaultError::Kind::corrupt,
                        fmt::format("{} has lost its file `config`; put it back, or move the folder away so that a new repository is begun",
                                    repository.string()));
    }
    CO_TRY_OK(co_await prepare_spare());
    const auto pass = co_await spare_.enter();
    if (!fs::exists(options_.folder / ".spare")) CO_TRY_OK(co_await make_spare());
    co_return rename_folder(options_.folder / ".spare", repository);
}

ResticVault::Answer<Success> ResticVault::mend(ServerUid server) {
    const auto repository = repository_of(server);
    const auto aside = options_.folder / (server.text() + ".damaged");
    auto sort_out = [repository, aside] { return move_damaged(repository, aside); };
    CO_TRY(moved, co_await off_loop(disk_, std::move(sort_out)));
    // Our own key comes back by the recovery key, as on a new installation; the recovery key by ours.
    const bool lost_recovery = names_in(repository, "keys").size() < 2 && !moved.contains(journal_of(server).key());
    if (lost_recovery && !options_.recovery_key.empty()) CO_TRY_OK(co_await add_key(server, repository, options_.password, options_.recovery_key));
    Call count{.server = server,
               .repository = repository,
               .access = Access::write,
               .arguments = {"rebuild-index", "--quiet"},
               .world = {},
               .extra_files = {}};
    CO_TRY_OK(co_await run_well(std::move(count)));
    log::error("vault", "damaged repository was mended; older snapshots may have lost files",
               {{"server", server}, {"moved", moved.size()}, {"to", aside.string()}});
    damaged_.erase(server);
    co_return Success{};
}

ResticVault::Answer<std::vector<ServerUid>> ResticVault::repositories() {
    std::vector<ServerUid> found;
    std::error_code failed;
    for (fs::directory_iterator at(options_.folder, failed), end; !failed && at != end; at.increment(failed)) {
        const auto uid = ServerUid::parse(at->path().filename().string());
        if (uid && fs::exists(at->path() / "config")) found.push_back(*uid);
    }
    if (failed && fs::exists(options_.folder)) {
        co_return error(VaultError::Kind::unavailable, fmt::format("the vault {} cannot be read: {}", options_.folder.string(), failed.message()));
    }
    std::ranges::sort(found);
    co_return found;
}

ResticVault::Answer<Success> ResticVault::remove_repository(ServerUid server) {
    const auto pass = co_await turnstile_of(server).enter();
    const auto repository = repository_of(server);
    const auto doomed = options_.folder / (server.text() + ".removed");
    const auto damaged = options_.folder / (server.text() + ".damaged");
    auto remove = [repository, doomed, damaged]() -> Result<Success, VaultError> {
        // In one step, so that half a repository is never taken for a whole one.
        if (fs::exists(repository)) TRY_OK(rename_folder(repository, doomed));
        TRY_OK(remove_folder(doomed));
        return remove_folder(damaged);
    };
    co_return co_await off_loop(disk_, std::move(remove));
}

ResticVault::Answer<Success> ResticVault::probe() {
    CO_TRY_OK(make_folder(options_.folder));
    auto look = [folder = options_.folder, free_min = options_.free_min_bytes] { return probe_folder(folder, free_min); };
    co_return co_await off_loop(disk_, std::move(look));
}

// --- Snapshots

ResticVault::Answer<TakenSnapshot> ResticVault::take(SnapshotOrder order) {
    const auto pass = co_await turnstile_of(order.server).enter();
    CO_TRY_OK(co_await open(order.server));
    const auto repository = repository_of(order.server);
    auto journal = journal_of(order.server);
    if (const auto taken = journal.taken(order.id); taken && names_in(repository, "snapshots").contains(taken->engine_id)) co_return *taken;
    // Begun and not known to be finished: there may be a snapshot, but nobody knows whether restic could read every file. It is made again,
    // which is cheap: what is stored already is not stored twice.
    if (journal.known(order.id) == Journal::Known::begun) CO_TRY_OK(co_await drop_unfinished(order.server, order.id));
    if (damaged_.contains(order.server)) CO_TRY_OK(co_await mend(order.server));

    journal.begin(order.id);
    CO_TRY_OK(co_await keep(journal_file(order.server), journal.text()));
    const auto server = order.server;
    const auto id = order.id;
    CO_TRY(taken, co_await back_up(std::move(order)));
    journal.finish(id, taken);
    CO_TRY_OK(co_await keep(journal_file(server), journal.text()));
    co_return taken;
}

ResticVault::Answer<TakenSnapshot> ResticVault::back_up(SnapshotOrder order) {
    const auto repository = repository_of(order.server);
    const auto record = to_json(order.record);
    Call call{.server = order.server,
              .repository = repository,
              .access = Access::write,
              .arguments = backup_arguments(order),
              .world = Host::Disk::live,
              .extra_files = {}};
    call.extra_files[std::string(record_file)] = record;
    const auto before = names_in(repository, "data");
    const auto snapshots_before = names_in(repository, "snapshots");
    CO_TRY(ended, co_await run(call));
    if (ended.code == 3) {
        // Files that cannot be read, or an older snapshot, to which restic compares, that has lost its own: without it the answer is certain.
        call.arguments.emplace_back("--force");
        CO_TRY(forced, co_await run(std::move(call)));
        ended = std::move(forced);
    }

    auto taken = taken_from(ended, repository, record.size());
    // restic keeps what it could read as a snapshot; one that lacks files must not be found by anybody later.
    auto incomplete = difference(names_in(repository, "snapshots"), snapshots_before);
    if (taken) incomplete.erase(taken->engine_id);
    if (!incomplete.empty()) {
        std::vector<std::string> doomed(incomplete.begin(), incomplete.end());
        CO_TRY_OK(co_await drop(order.server, std::move(doomed)));
    }
    if (!taken) co_return std::unexpected(std::move(taken).error());
    added_[taken->engine_id] = difference(names_in(repository, "data"), before);
    co_return std::move(*taken);
}

ResticVault::Answer<std::vector<VaultEntry>> ResticVault::list_now(ServerUid server) {
    Call call{.server = server,
              .repository = repository_of(server),
              .access = Access::read,
              .arguments = {"snapshots", "--json"},
              .world = {},
              .extra_files = {}};
    CO_TRY(ended, co_await run_well(std::move(call)));
    auto entries = parse_snapshots(ended.output);
    if (!entries) co_return error(VaultError::Kind::unavailable, "restic's list of snapshots is not understood: " + ended.output.substr(0, 200));
    co_return std::move(*entries);
}

ResticVault::Answer<std::vector<VaultEntry>> ResticVault::list(ServerUid server) {
    if (!fs::exists(repository_of(server))) co_return std::vector<VaultEntry>{};
    const auto pass = co_await turnstile_of(server).enter();
    CO_TRY(entries, co_await list_now(server));
    // One that was begun and never finished may lack files that could not be read; nobody may take it for a backup.
    const auto journal = journal_of(server);
    std::erase_if(entries, [&](const VaultEntry& entry) { return journal.known(entry.id) == Journal::Known::begun; });
    co_return std::move(entries);
}

ResticVault::Answer<Success> ResticVault::drop_unfinished(ServerUid server, SnapshotId id) {
    CO_TRY(entries, co_await list_now(server));
    std::vector<std::string> ours;
    for (const auto& entry : entries) {
        if (entry.id == id) ours.push_back(entry.engine_id);
    }
    if (ours.empty()) co_return Success{};
    co_return co_await drop(server, std::move(ours));
}

ResticVault::Answer<Success> ResticVault::drop(ServerUid server, std::vector<std::string> engine_ids) {
    Call call{.server = server,
              .repository = repository_of(server),
              .access = Access::write,
              .arguments = {"forget", "--quiet"},
              .world = {},
              .extra_files = {}};
    call.arguments.insert(call.arguments.end(), engine_ids.begin(), engine_ids.end());
    CO_TRY_OK(co_await run_well(std::move(call)));
    co_return Success{};
}

ResticVault::Answer<Success> ResticVault::forget(ServerUid server, std::vector<std::string> engine_ids) {
    const auto pass = co_await turnstile_of(server).enter();
    const auto there = names_in(repository_of(server), "snapshots");
    std::erase_if(engine_ids, [&](const std::string& id) { return !there.contains(id); });
    if (engine_ids.empty()) co_return Success{};
    for (const auto& id : engine_ids) added_.erase(id);
    Call call{.server = server,
              .repository = repository_of(server),
              .access = Access::write,
              .arguments = {"forget", "--quiet", "--prune"},
              .world = {},
              .extra_files = {}};
    call.arguments.insert(call.arguments.end(), engine_ids.begin(), engine_ids.end());
    CO_TRY_OK(co_await run_well(std::move(call)));
    // Packs may have been written anew: what a snapshot added is no longer known, and verify() reads all of them.
    added_.clear();
    co_return Success{};
}

ResticVault::Answer<Value> ResticVault::record_of(ServerUid server, std::string engine_id) {
    CO_TRY_OK(find_snapshot(repository_of(server), engine_id));
    const auto pass = co_await turnstile_of(server).enter();
    Call call{.server = server, .repository = repository_of(server), .access = Access::read, .arguments = {}, .world = {}, .extra_files = {}};
    call.arguments = {"dump", engine_id, fmt::format("/record/{}", record_file)};
    CO_TRY(ended, co_await run_well(std::move(call)));
    auto record = net::parse_json(ended.output);
    if (!record)
        co_return error(VaultError::Kind::corrupt, fmt::format("the record in snapshot {} is not JSON: {}", engine_id, record.error().message));
    co_return std::move(*record);
}

ResticVault::Answer<Success> ResticVault::restore_to_stage(ServerUid server, std::string engine_id, std::uint32_t slot) {
    CO_TRY_OK(find_snapshot(repository_of(server), engine_id));
    const auto pass = co_await turnstile_of(server).enter();
    Call call{.server = server,
              .repository = repository_of(server),
              .access = Access::read,
              .arguments = {},
              .world = Host::Disk::staged,
              .extra_files = {}};
    call.arguments = {"restore", engine_id, "--quiet", "--verify", "--target", ".", "--include", "/data"};
    CO_TRY_OK(co_await run_well(std::move(call)));
    const auto owned = co_await host_.own_disk(server, Host::Disk::staged, slot);
    if (!owned) co_return std::unexpected(from(owned.error(), false));
    co_return Success{};
}

// --- Proof

ResticVault::Answer<Success> ResticVault::verify(ServerUid server, std::string engine_id) {
    const auto pass = co_await turnstile_of(server).enter();
    auto proven = co_await check_hashes(server, engine_id);
    if (proven) proven = co_await check_structure(server, engine_id);
    if (!proven && proven.error().kind == VaultError::Kind::corrupt) damaged_.insert(server);
    co_return proven;
}

ResticVault::Answer<Success> ResticVault::check_hashes(ServerUid server, std::string engine_id) {
    const auto repository = repository_of(server);
    CO_TRY_OK(find_snapshot(repository, engine_id));
    const auto known = added_.find(engine_id);
    auto packs = known != added_.end() ? known->second : names_in(repository, "data");
    auto check = [repository, engine_id, packs = std::move(packs)]() -> Result<Success, VaultError> {
        TRY_OK(check_file(repository, "snapshots", engine_id));
        TRY_OK(check_files(repository, "keys", names_in(repository, "keys")));
        TRY_OK(check_files(repository, "index", names_in(repository, "index")));
        return check_files(repository, "data", packs);
    };
    co_return co_await off_loop(disk_, std::move(check));
}

// `check` proves more than is asked: every tree of every snapshot, every blob in the index, every pack there with its size. When older
// snapshots have lost files (a repository that was mended), it fails for their sake; then the packs must all be there, and `stats` walks
// this snapshot alone and looks up each of its blobs.
ResticVault::Answer<Success> ResticVault::check_structure(ServerUid server, std::string engine_id) {
    Call check{.server = server,
               .repository = repository_of(server),
               .access = Access::read,
               .arguments = {"check", "--quiet"},
               .world = {},
               .extra_files = {}};
    CO_TRY(checked, co_await run(std::move(check)));
    if (checked.code == 0) co_return Success{};
    auto failure = failure_of(checked);
    if (failure.kind != VaultError::Kind::corrupt || misses_packs(checked)) co_return std::unexpected(std::move(failure));
    Call walk{.server = server, .repository = repository_of(server), .access = Access::read, .arguments = {}, .world = {}, .extra_files = {}};
    walk.arguments = {"stats", "--quiet", "--json", "--mode", "raw-data", engine_id};
    CO_TRY_OK(co_await run_well(std::move(walk)));
    log::warning("vault", "snapshot is whole, but others in its repository are not", {{"server", server}, {"detail", failure.detail}});
    co_return Success{};
}

ResticVault::Answer<Success> ResticVault::sample(ServerUid server, int percent, std::uint64_t turn) {
    const auto pass = co_await turnstile_of(server).enter();
    const auto repository = repository_of(server);
    auto read = [repository, percent, turn]() -> Result<Success, VaultError> {
        TRY_OK(check_files(repository, "index", names_in(repository, "index")));
        TRY_OK(check_files(repository, "snapshots", names_in(repository, "snapshots")));
        return check_files(repository, "data", share_of(names_in(repository, "data"), percent, turn));
    };
    auto good = co_await off_loop(disk_, std::move(read));
    if (!good) damaged_.insert(server);
    co_return good;
}

// --- What we remember

Turnstile& ResticVault::turnstile_of(ServerUid server) {
    auto& turnstile = servers_[server];
    if (turnstile == nullptr) turnstile = std::make_unique<Turnstile>(1);
    return *turnstile;
}

fs::path ResticVault::journal_file(ServerUid server) const { return repository_of(server) / journal_name; }

ResticVault::Answer<Success> ResticVault::keep(fs::path file, std::string text) {
    auto write = [file = std::move(file), text = std::move(text)] { return write_file(file, text); };
    co_return co_await off_loop(disk_, std::move(write));
}

Journal ResticVault::journal_of(ServerUid server) const { return Journal::parse(read_file(journal_file(server))); }

}  // namespace gk::restic
