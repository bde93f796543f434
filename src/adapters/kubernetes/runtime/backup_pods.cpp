#include "adapters/kubernetes/runtime/backup_pods.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "adapters/kubernetes/runtime/world_pods.hpp"
#include "base/log.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::uid_of;

constexpr std::size_t output_max = std::size_t{16} << 20;
constexpr std::size_t errors_kept = std::size_t{64} << 10;
constexpr std::chrono::minutes life_margin{10};
constexpr std::chrono::seconds ending{10};   // A program that still runs is asked to end, and killed after half of it.
constexpr Milliseconds copy_patience{2'000};  // Until a copy that does not show what the API server says is not waited for.

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

Epoch epoch_of(const Value& pod) {
    const auto text = wire::kubernetes::text_at(pod, {"metadata", "annotations", epoch_annotation});
    std::underlying_type_t<Epoch> number{};
    std::from_chars(text.data(), text.data() + text.size(), number);
    return Epoch{number};
}

}  // namespace

Workbench::Answer<Success> BackupPods::own_world(ServerUid, WorldDisk, std::uint32_t) { co_return Success{}; }

Workbench::Answer<BackupPod> BackupPods::wanted(const Job& job) const {
    const auto server = knowledge_.place(job.server);
    if (!server) co_return fail(RuntimeError::Kind::not_found, "there is no such server in the cluster");
    const auto claims = view_.claims(job.server, *server);
    const auto claim = job.disk == WorldDisk::live ? live_claim(claims) : staged_claim(claims);
    if (!claim) co_return fail(RuntimeError::Kind::not_found, "the world's disk is absent");
    CO_TRY(image, co_await knowledge_.game(job.server));
    BackupPod pod{.uid = job.server,
                  .server = *server,
                  .owner = knowledge_.object(job.server),
                  .epoch = job.epoch,
                  .claim = claim->name,
                  .game = std::move(image),
                  .host_name = job.host_name};
    pod.may_write = job.may_write_world && job.disk == WorldDisk::staged;
    // The staged claim is nobody else's.
    const auto game = job.disk == WorldDisk::live ? view_.pod(job.server, *server) : std::nullopt;
    // A world that leaves its node is saved there, where the scheduler puts nothing any more.
    const auto tied = job.disk == WorldDisk::live ? view_.node_of(claim->volume) : std::string();
    if (game && !game->is_over) pod.node = game->node;
    else if (view_.is_cordoned(tied)) pod.node = tied;
    pod.life = std::chrono::ceil<std::chrono::seconds>(options_.start + job.time_limit + life_margin);
    co_return pod;
}

Workbench::Answer<Workbench::Ended> BackupPods::run(Job job) {
    if (!job.needs_world) co_return co_await here_.run(std::move(job));
    CO_TRY(pod, co_await wanted(job));
    CO_TRY(key, co_await knowledge_.key(pod.server));
    const ObjectKey name{pod.server.space, backup_pod_name(pod.server.name)};
    CO_TRY_OK(co_await remove_left(name, job.epoch));
    const auto start_by = client_.clock().now() + options_.start;
    auto document = backup_pod(pod, options_.backups, options_.games);
    const auto created = co_await client_.create(resources::pods, std::move(document));
    if (!created) co_return std::unexpected(error_of(created.error()));
    std::string object_uid(uid_of(*created));
    auto ended = co_await run_in(name, object_uid, key, std::move(job), start_by);
    const auto removed = co_await remove(name, std::move(object_uid));
    if (!removed) log::warning("kubernetes", "a backup's pod is still there", {{"pod", name.name}, {"why", removed.error().detail}});
    co_return ended;
}

// The API server itself says that nothing is there; the copy says when it is worth asking again.
Workbench::Answer<Success> BackupPods::remove_left(ObjectKey pod, Epoch epoch) {
    const auto deadline = client_.clock().now() + options_.start;
    for (;;) {
        const auto there = co_await client_.get(resources::pods, pod);
        if (!there && there.error().kind == Failure::Kind::not_found) co_return Success{};
        if (!there) co_return std::unexpected(error_of(there.error()));
        if (epoch_of(*there) > epoch) co_return fail(RuntimeError::Kind::refused, "a newer keeper's program works beside this world");
        if (client_.clock().now() >= deadline) co_return fail(RuntimeError::Kind::unavailable, "the pod of an earlier backup does not end");
        CO_TRY_OK(co_await leave(pod, std::string(uid_of(*there)), deadline));
    }
}

bool BackupPods::shows(const ObjectKey& pod, const std::string& object_uid) const {
    const auto there = view_.any_pod(pod);
    return there != nullptr && uid_of(*there) == object_uid;
}

// Returns when it is worth looking whether that pod has gone.
Workbench::Answer<Success> BackupPods::leave(ObjectKey pod, std::string object_uid, Time deadline) {
    CO_TRY_OK(co_await remove(pod, object_uid));
    if (!shows(pod, object_uid)) co_await view_.change_by(std::min(deadline, client_.clock().now() + copy_patience));
    while (shows(pod, object_uid) && client_.clock().now() < deadline) co_await view_.change_by(deadline);
    co_return Success{};
}

Workbench::Answer<Success> BackupPods::remove(ObjectKey pod, std::string object_uid) {
    Preconditions only{.uid = std::move(object_uid), .version = {}};
    const auto removed = co_await client_.remove(resources::pods, std::move(pod), std::move(only), ending);
    if (removed || removed.error().kind == Failure::Kind::not_found || removed.error().kind == Failure::Kind::conflict) co_return Success{};
    co_return std::unexpected(error_of(removed.error()));
}

Workbench::Answer<net::shim::RemoteShim> BackupPods::started(ObjectKey pod, std::string object_uid, noise::Key key, Time deadline) {
    std::optional<Problem> problem;
    for (bool was_there = false;; co_await view_.change_by(deadline)) {
        const bool is_there = shows(pod, object_uid);
        if (was_there && !is_there) break;
        was_there = is_there;
        if (is_there) {
            auto seen = pod_view(*view_.any_pod(pod), NodeState::up);  // Of its node nothing is known here.
            if (seen.is_running) co_return net::shim::RemoteShim{.address = seen.address, .port = Port{shim_port}, .key = key};
            if (seen.is_over && seen.problem) co_return std::unexpected(error_of(*seen.problem));
            if (seen.is_over || seen.is_leaving) break;
            problem = std::move(seen.problem);
        }
        if (client_.clock().now() < deadline) continue;
        co_return problem ? std::unexpected(error_of(*problem)) : fail(RuntimeError::Kind::unavailable, "the backup's pod does not start");
    }
    co_return fail(RuntimeError::Kind::unavailable, "the backup's pod ended before it could be used");
}

Workbench::Answer<Workbench::Ended> BackupPods::run_in(ObjectKey pod, std::string object_uid, noise::Key key, Job job, Time start_by) {
    CO_TRY(shim, co_await started(std::move(pod), std::move(object_uid), key, start_by));
    const net::shim::ProgramLimits limits{.open_by = start_by, .run = job.time_limit, .output_max = output_max, .errors_kept = errors_kept};
    const auto epoch = job.epoch;
    auto order = program_order(std::move(job));
    co_return co_await net::shim::run_program(client_.clock(), std::move(shim), epoch, std::move(order), limits);
}

}  // namespace gk::kubernetes
