#include "adapters/restic/vault.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "adapters/restic/output.hpp"
#include "async/off_loop.hpp"
#include "base/log.hpp"
#include "base/value.hpp"
#include "net/json/json.hpp"

namespace gk::restic {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view record_file = "record.json";

std::unexpected<VaultError> error(VaultError::Kind kind, std::string detail) { return std::unexpected(VaultError{kind, std::move(detail)}); }

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
    TRY(names, list_names(repository, "snapshots"));
    if (names.contains(engine_id)) return Success{};
    return error(VaultError::Kind::not_found, fmt::format("there is no snapshot {} in {}", engine_id, repository.string()));
}

// Moves the files whose content does not match their names; returns their names.
Result<Names, VaultError> move_damaged(const fs::path& repository, const fs::path& aside) {
    Names moved;
    for (const auto* kind : {"data", "index", "keys", "snapshots"}) {
        TRY(names, list_names(repository, kind));
        for (const auto& name : names) {
            const auto good = check_file(repository, kind, name);
            if (good || good.error().kind != VaultError::Kind::corrupt) continue;
            TRY_OK(make_folder(aside));
            TRY_OK(rename_folder(path_of(repository, kind, name), aside / name));
            moved.insert(name);
        }
    }
    return moved;
}

// What one finished `restic backup` has made.
Result<TakenSnapshot, VaultError> taken_from(const Workbench::Ended& ended, const fs::path& repository, std::size_t record_size) {
    if (ended.code == 3) return error(VaultError::Kind::unreadable, fmt::format("some files of the world could not be read: {}", ended.errors));
    if (ended.code != 0) return std::unexpected(failure_of(ended));
    if (ended.errors.find("does not exist, skipping") != std::string::npos)
        return error(VaultError::Kind::unreadable, "the world's folder is not there: " + ended.errors);
    const auto summary = parse_summary(ended.output);
    if (!summary) return error(VaultError::Kind::unavailable, "restic did not say which snapshot it made: " + ended.output);
    TRY(names, list_names(repository, "snapshots"));
    const auto name = names.lower_bound(summary->short_id);
    if (name == names.end() || !name->starts_with(summary->short_id)) {
        return error(VaultError::Kind::corrupt,
                     fmt::format("the snapshot {} that restic has made is not in {}", summary->short_id, repository.string()));
    }
    return TakenSnapshot{.engine_id = *name, .bytes = summary->bytes - static_cast<std::int64_t>(record_size), .files = summary->files - 1};
}

}  // namespace

ResticVault::ResticVault(Workbench& bench, ResticOptions options)
    : bench_(bench),
      options_(std::move(options)),
      engine_(bench, options_.password, options_.recovery_key, options_.runs_max) {}

ResticVault::~ResticVault() = default;

// --- Repositories

ResticVault::Answer<Success> ResticVault::make_spare() {
    const auto building = options_.folder / ".spare.new";
    CO_TRY_OK(remove_folder(building));
    CO_TRY_OK(make_folder(building));
    Call init{.server = {}, .repository = building, .access = Call::Access::write, .arguments = {"init", "--quiet"}};
    CO_TRY_OK(co_await engine_.run_well(std::move(init)));
    CO_TRY(keys, list_names(building, "keys"));
    Journal journal;
    if (!keys.empty()) journal.set_key(*keys.begin());
    const ServerUid nobody;
    if (engine_.has_recovery_key()) CO_TRY_OK(co_await engine_.add_recovery_key(nobody, building));
    CO_TRY_OK(co_await keep_journal(building, std::move(journal)));
    co_return rename_folder(building, options_.folder / ".spare");
}

ResticVault::Answer<Success> ResticVault::prepare_spare() {
    const auto pass = co_await spare_.enter();
    CO_TRY_OK(make_folder(options_.folder));
    CO_TRY(there, is_there(options_.folder / ".spare" / "config"));
    if (there) co_return Success{};
    co_return co_await make_spare();
}

// Renamed into its place when both keys are in, so that there is never a repository without the recovery key.
ResticVault::Answer<Success> ResticVault::open(ServerUid server) {
    const auto repository = repository_of(server);
    CO_TRY(has_config, is_there(repository / "config"));
    if (has_config) co_return Success{};
    CO_TRY(has_folder, is_there(repository));
    if (has_folder) {
        co_return error(VaultError::Kind::corrupt,
                        fmt::format("{} has lost its file `config`; put it back, or move the folder away so that a new repository is begun",
                                    repository.string()));
    }
    CO_TRY_OK(co_await prepare_spare());
    const auto pass = co_await spare_.enter();
    CO_TRY(there, is_there(options_.folder / ".spare"));
    if (!there) CO_TRY_OK(co_await make_spare());  // Another server has just taken the one we prepared.
    co_return rename_folder(options_.folder / ".spare", repository);
}

ResticVault::Answer<Success> ResticVault::mend(ServerUid server) {
    const auto repository = repository_of(server);
    const auto aside = options_.folder / (server.text() + ".damaged");
    auto sort_out = [repository, aside] { return move_damaged(repository, aside); };
    CO_TRY(moved, co_await async::off_loop(disk_, std::move(sort_out)));
    // Our own key comes back by the recovery key, as on a new installation; the recovery key by ours.
    CO_TRY(keys, list_names(repository, "keys"));
    const bool lost_recovery = keys.size() < 2 && !moved.contains(Journal::of(repository).key());
    if (lost_recovery && engine_.has_recovery_key()) CO_TRY_OK(co_await engine_.add_recovery_key(server, repository));
    Call count{.server = server, .repository = repository, .access = Call::Access::write, .arguments = {"rebuild-index", "--quiet"}};
    CO_TRY_OK(co_await engine_.run_well(std::move(count)));
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
        if (!uid) continue;
        CO_TRY(is_repository, is_there(at->path() / "config"));
        if (is_repository) found.push_back(*uid);
    }
    if (failed && failed != std::errc::no_such_file_or_directory) {
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
        TRY(there, is_there(repository));
        if (there) TRY_OK(rename_folder(repository, doomed));
        TRY_OK(remove_folder(doomed));
        return remove_folder(damaged);
    };
    co_return co_await async::off_loop(disk_, std::move(remove));
}

ResticVault::Answer<Success> ResticVault::probe() {
    CO_TRY_OK(make_folder(options_.folder));
    auto look = [folder = options_.folder, free_min = options_.free_min_bytes] { return probe_folder(folder, free_min); };
    co_return co_await async::off_loop(disk_, std::move(look));
}

// --- Snapshots

ResticVault::Answer<TakenSnapshot> ResticVault::take(SnapshotOrder order) {
    const auto pass = co_await turnstile_of(order.server).enter();
    CO_TRY_OK(co_await open(order.server));
    const auto repository = repository_of(order.server);
    auto journal = Journal::of(repository);
    if (const auto taken = journal.taken(order.id); taken && find_snapshot(repository, taken->engine_id)) co_return *taken;
    // Begun and not known to be finished: there may be a snapshot, but nobody knows whether restic could read every file. It is made again,
    // which is cheap: what is stored already is not stored twice.
    if (journal.known(order.id) == Journal::Known::begun) CO_TRY_OK(co_await drop_unfinished(order.server, order.id));
    if (damaged_.contains(order.server)) CO_TRY_OK(co_await mend(order.server));

    const auto id = order.id;
    journal.begin(id);
    CO_TRY_OK(co_await keep_journal(repository, journal));
    CO_TRY(taken, co_await back_up(std::move(order)));
    journal.finish(id, taken);
    CO_TRY_OK(co_await keep_journal(repository, journal));
    co_return taken;
}

ResticVault::Answer<TakenSnapshot> ResticVault::back_up(SnapshotOrder order) {
    const auto repository = repository_of(order.server);
    const auto record = to_json(order.record);
    CO_TRY(packs_before, list_names(repository, "data"));
    CO_TRY(snapshots_before, list_names(repository, "snapshots"));
    CO_TRY(ended, co_await run_backup(order, record));

    auto taken = taken_from(ended, repository, record.size());
    // restic keeps what it could read as a snapshot; one that lacks files must not be found by anybody later.
    CO_TRY(snapshots, list_names(repository, "snapshots"));
    auto incomplete = difference(snapshots, snapshots_before);
    if (taken) incomplete.erase(taken->engine_id);
    if (!incomplete.empty()) {
        std::vector<std::string> doomed(incomplete.begin(), incomplete.end());
        CO_TRY_OK(co_await drop(order.server, std::move(doomed)));
    }
    if (!taken) co_return std::unexpected(std::move(taken).error());
    CO_TRY(packs, list_names(repository, "data"));
    added_[taken->engine_id] = difference(packs, packs_before);
    co_return std::move(*taken);
}

ResticVault::Answer<Workbench::Ended> ResticVault::run_backup(const SnapshotOrder& order, std::string record) {
    Call call{.server = order.server, .repository = repository_of(order.server), .access = Call::Access::write, .arguments = backup_arguments(order)};
    call.world = WorldDisk::live;
    call.extra_files[std::string(record_file)] = std::move(record);
    CO_TRY(ended, co_await engine_.run(call));
    if (ended.code != 3) co_return std::move(ended);
    // Files that cannot be read, or an older snapshot, to which restic compares, that has lost its own: without it the answer is certain.
    call.arguments.emplace_back("--force");
    co_return co_await engine_.run(std::move(call));
}

ResticVault::Answer<std::vector<VaultEntry>> ResticVault::list_now(ServerUid server) {
    Call call{.server = server, .repository = repository_of(server), .arguments = {"snapshots", "--json"}};
    CO_TRY(ended, co_await engine_.run_well(std::move(call)));
    auto entries = parse_snapshots(ended.output);
    if (!entries) co_return error(VaultError::Kind::unavailable, "restic's list of snapshots is not understood: " + ended.output.substr(0, 200));
    co_return std::move(*entries);
}

ResticVault::Answer<std::vector<VaultEntry>> ResticVault::list(ServerUid server) {
    const auto repository = repository_of(server);
    CO_TRY(there, is_there(repository));
    if (!there) co_return std::vector<VaultEntry>{};
    const auto pass = co_await turnstile_of(server).enter();
    CO_TRY(entries, co_await list_now(server));
    // One that was begun and never finished may lack files that could not be read; nobody may take it for a backup.
    const auto journal = Journal::of(repository);
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
    Call call{.server = server, .repository = repository_of(server), .access = Call::Access::write, .arguments = {"forget", "--quiet"}};
    call.arguments.insert(call.arguments.end(), engine_ids.begin(), engine_ids.end());
    CO_TRY_OK(co_await engine_.run_well(std::move(call)));
    co_return Success{};
}

ResticVault::Answer<Success> ResticVault::forget(ServerUid server, std::vector<std::string> engine_ids) {
    const auto pass = co_await turnstile_of(server).enter();
    const auto repository = repository_of(server);
    CO_TRY(there, list_names(repository, "snapshots"));
    std::erase_if(engine_ids, [&](const std::string& id) { return !there.contains(id); });
    if (engine_ids.empty()) co_return Success{};
    // Pruning may write packs anew: what a snapshot added is no longer known, and verify() reads all of them.
    added_.clear();
    Call call{.server = server, .repository = repository, .access = Call::Access::write, .arguments = {"forget", "--quiet", "--prune"}};
    call.arguments.insert(call.arguments.end(), engine_ids.begin(), engine_ids.end());
    CO_TRY_OK(co_await engine_.run_well(std::move(call)));
    co_return Success{};
}

ResticVault::Answer<Value> ResticVault::record_of(ServerUid server, std::string engine_id) {
    CO_TRY_OK(find_snapshot(repository_of(server), engine_id));
    const auto pass = co_await turnstile_of(server).enter();
    Call call{.server = server, .repository = repository_of(server), .arguments = {"dump", engine_id, fmt::format("/record/{}", record_file)}};
    CO_TRY(ended, co_await engine_.run_well(std::move(call)));
    auto record = net::parse_json(ended.output);
    if (!record)
        co_return error(VaultError::Kind::corrupt, fmt::format("the record in snapshot {} is not JSON: {}", engine_id, record.error().message));
    co_return std::move(*record);
}

ResticVault::Answer<Success> ResticVault::restore_to_stage(ServerUid server, std::string engine_id, std::uint32_t slot) {
    CO_TRY_OK(find_snapshot(repository_of(server), engine_id));
    const auto pass = co_await turnstile_of(server).enter();
    Call call{.server = server, .repository = repository_of(server), .arguments = {}, .world = WorldDisk::staged};
    call.arguments = {"restore", engine_id, "--quiet", "--verify", "--target", ".", "--include", "/data"};
    CO_TRY_OK(co_await engine_.run_well(std::move(call)));
    const auto owned = co_await bench_.own_world(server, WorldDisk::staged, slot);
    if (!owned) co_return std::unexpected(vault_error(owned.error(), false));
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
    auto added = known != added_.end() ? std::optional(known->second) : std::nullopt;
    auto check = [repository, engine_id, added = std::move(added)]() -> Result<Success, VaultError> {
        TRY_OK(check_file(repository, "snapshots", engine_id));
        TRY_OK(check_all_files(repository, "keys"));
        TRY_OK(check_all_files(repository, "index"));
        return added ? check_files(repository, "data", *added) : check_all_files(repository, "data");
    };
    co_return co_await async::off_loop(disk_, std::move(check));
}

// `check` proves more than is asked: every tree of every snapshot, every blob in the index, every pack there with its size. When older
// snapshots have lost files (a repository that was mended), it fails for their sake; then the packs must all be there, and `stats` walks
// this snapshot alone and looks up each of its blobs.
ResticVault::Answer<Success> ResticVault::check_structure(ServerUid server, std::string engine_id) {
    Call check{.server = server,
               .repository = repository_of(server),
               .access = Call::Access::read,
               .arguments = {"check", "--quiet"},
               .world = {},
               .extra_files = {}};
    CO_TRY(checked, co_await engine_.run(std::move(check)));
    if (checked.code == 0) co_return Success{};
    auto failure = failure_of(checked);
    if (failure.kind != VaultError::Kind::corrupt || misses_packs(checked)) co_return std::unexpected(std::move(failure));
    Call walk{.server = server, .repository = repository_of(server), .arguments = {"stats", "--quiet", "--json", "--mode", "raw-data", engine_id}};
    CO_TRY_OK(co_await engine_.run_well(std::move(walk)));
    log::warning("vault", "snapshot is whole, but others in its repository are not", {{"server", server}, {"detail", failure.detail}});
    co_return Success{};
}

ResticVault::Answer<Success> ResticVault::sample(ServerUid server, int percent, std::uint64_t turn) {
    const auto pass = co_await turnstile_of(server).enter();
    const auto repository = repository_of(server);
    auto read = [repository, percent, turn]() -> Result<Success, VaultError> {
        TRY_OK(check_all_files(repository, "index"));
        TRY_OK(check_all_files(repository, "snapshots"));
        TRY(packs, list_names(repository, "data"));
        return check_files(repository, "data", share_of(packs, percent, turn));
    };
    auto good = co_await async::off_loop(disk_, std::move(read));
    if (!good && good.error().kind == VaultError::Kind::corrupt) damaged_.insert(server);
    co_return good;
}

// --- What we remember

Turnstile& ResticVault::turnstile_of(ServerUid server) {
    auto& turnstile = servers_[server];
    if (turnstile == nullptr) turnstile = std::make_unique<Turnstile>(1);
    return *turnstile;
}

ResticVault::Answer<Success> ResticVault::keep_journal(fs::path repository, Journal journal) {
    auto write = [file = Journal::file_in(repository), text = journal.text()] { return write_file(file, text); };
    co_return co_await async::off_loop(disk_, std::move(write));
}

}  // namespace gk::restic
