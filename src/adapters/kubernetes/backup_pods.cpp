#include "adapters/kubernetes/backup_pods.hpp"

#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/world_pods.hpp"
#include "base/log.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::uid_of;

constexpr Milliseconds look{300};
constexpr Epoch only_epoch{1};  // The pod serves one program of one control plane; whoever comes after it has another pod.
constexpr std::size_t output_max = std::size_t{16} << 20;
constexpr std::chrono::minutes life_margin{10};
constexpr int by_signal = 128;

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

Files::Answer<net::shim::RemoteFiles::Place> answered(net::shim::RemoteFiles::Place place) { co_return place; }

std::unexpected<RuntimeError> failed(const FilesError& error) {
    const bool is_full = error.kind == FilesError::Kind::no_space || error.kind == FilesError::Kind::too_large;
    return fail(is_full ? RuntimeError::Kind::exhausted : RuntimeError::Kind::unavailable, "the files of the backup's pod: " + error.detail);
}

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = as_byte_span(text);
    return {bytes.begin(), bytes.end()};
}

Workbench::Answer<Success> give(Files& files, ServerUid uid, std::string path, std::string_view content) {
    auto bytes = bytes_of(content);
    const auto written = co_await files.write(uid, std::move(path), std::move(bytes));
    if (!written) co_return failed(written.error());
    co_return Success{};
}

Workbench::Answer<std::string> take(Files& files, ServerUid uid, std::string_view path, std::size_t size_max) {
    const auto read = co_await files.read(uid, std::string(path), size_max);
    if (!read) co_return failed(read.error());
    co_return std::string(as_text(*read));
}

Workbench::Answer<Success> give_all(Files& files, const Workbench::Job& job) {
    CO_TRY_OK(co_await give(files, job.server, fmt::format("{}/.keep", record_folder), ""));
    for (const auto& [name, content] : job.extra_files)
        CO_TRY_OK(co_await give(files, job.server, fmt::format("{}/{}", record_folder, name), content));
    co_return co_await give(files, job.server, std::string(input_file), job.input);
}

}  // namespace

Workbench::Answer<Success> BackupPods::own_world(ServerUid, WorldDisk, std::uint32_t) { co_return Success{}; }

Workbench::Answer<BackupPod> BackupPods::wanted(const Job& job) const {
    const auto server = knowledge_.place(job.server);
    if (!server) co_return fail(RuntimeError::Kind::not_found, "there is no such server in the cluster");
    const auto claims = view_.claims(job.server, *server);
    const auto claim = job.disk == WorldDisk::live ? live_claim(claims) : staged_claim(claims);
    if (!claim) co_return fail(RuntimeError::Kind::not_found, "the world's disk is absent");
    BackupPod pod{.uid = job.server, .server = *server, .claim = claim->name, .host_name = job.host_name};
    pod.may_write = job.may_write_world && job.disk == WorldDisk::staged;
    // The staged claim is nobody else's.
    const auto game = job.disk == WorldDisk::live ? view_.pod(job.server, *server) : std::nullopt;
    if (game && !game->is_over) pod.node = game->node;
    pod.life = std::chrono::ceil<std::chrono::seconds>(options_.start + job.time_limit + life_margin);
    co_return pod;
}

Workbench::Answer<Workbench::Ended> BackupPods::run(Job job) {
    if (!job.needs_world) co_return co_await here_.run(std::move(job));
    CO_TRY(pod, co_await wanted(job));
    CO_TRY(key, co_await knowledge_.key(pod.server));
    const ObjectKey name{pod.server.space, backup_pod_name(pod.server.name)};
    CO_TRY_OK(co_await remove_left(name));
    const auto start_by = client_.clock().now() + options_.start;
    auto document = backup_pod(pod, options_.backups, options_.games);
    const auto created = co_await client_.create(resources::pods, std::move(document));
    if (!created) co_return std::unexpected(error_of(created.error()));
    auto shim = co_await started(name, key, start_by);
    auto ended = shim ? co_await run_in(std::move(*shim), std::move(job), start_by) : Result<Ended, RuntimeError>(std::unexpected(shim.error()));
    const auto removed = co_await remove(name, std::string(uid_of(*created)));
    if (!removed) log::warning("kubernetes", "a backup's pod is still there", {{"pod", name.name}, {"why", removed.error().detail}});
    co_return ended;
}

// Returns when no pod of that name is there: what ran in it has ended.
Workbench::Answer<Success> BackupPods::remove_left(ObjectKey pod) {
    const auto deadline = client_.clock().now() + options_.start;
    for (bool asked = false;; co_await client_.clock().sleep(look)) {
        const auto there = co_await client_.get(resources::pods, pod);
        if (!there && there.error().kind == Failure::Kind::not_found) co_return Success{};
        if (!there) co_return std::unexpected(error_of(there.error()));
        if (!asked) CO_TRY_OK(co_await remove(pod, std::string(uid_of(*there))));
        asked = true;
        if (client_.clock().now() >= deadline) co_return fail(RuntimeError::Kind::unavailable, "the pod of an earlier backup does not end");
    }
}

Workbench::Answer<Success> BackupPods::remove(ObjectKey pod, std::string object_uid) {
    Preconditions only{.uid = std::move(object_uid), .version = {}};
    const auto removed = co_await client_.remove(resources::pods, std::move(pod), std::move(only), std::chrono::seconds(1));
    if (removed || removed.error().kind == Failure::Kind::not_found || removed.error().kind == Failure::Kind::conflict) co_return Success{};
    co_return std::unexpected(error_of(removed.error()));
}

Workbench::Answer<net::shim::RemoteShim> BackupPods::started(ObjectKey pod, noise::Key key, Time deadline) {
    for (;; co_await client_.clock().sleep(look)) {
        const auto there = co_await client_.get(resources::pods, pod);
        if (!there) co_return std::unexpected(error_of(there.error()));
        const auto up = Value::object();  // Of its node nothing is known here.
        const auto view = pod_view(*there, &up);
        if (view.is_running) co_return net::shim::RemoteShim{.address = view.address, .port = Port{shim_port}, .key = key};
        if (view.is_over || view.is_leaving) co_return fail(RuntimeError::Kind::unavailable, "the backup's pod ended before it could be used");
        if (client_.clock().now() < deadline) continue;
        co_return view.problem ? std::unexpected(error_of(*view.problem)) : fail(RuntimeError::Kind::unavailable, "the backup's pod does not start");
    }
}

Workbench::Answer<net::shim::LinkPtr> BackupPods::connected(net::shim::RemoteShim shim, Time deadline) {
    for (;; co_await client_.clock().sleep(look)) {
        auto link = co_await net::shim::Link::connect(client_.clock(), shim, only_epoch, [] {});
        if (link || client_.clock().now() >= deadline) co_return link;
    }
}

Workbench::Answer<wire::shim::Exit> BackupPods::ended(net::shim::LinkPtr link, Time deadline) {
    for (;; co_await client_.clock().sleep(look)) {
        if (link->status().phase == wire::shim::Phase::exited && link->status().exit) co_return *link->status().exit;
        if (!link->is_open()) co_return fail(RuntimeError::Kind::unavailable, "the connection to the backup's pod was lost");
        if (client_.clock().now() >= deadline) co_return fail(RuntimeError::Kind::unavailable, "the program in the backup's pod did not end in time");
    }
}

Workbench::Answer<Workbench::Ended> BackupPods::run_in(net::shim::RemoteShim shim, Job job, Time start_by) {
    CO_TRY(link, co_await connected(shim, start_by));
    const net::shim::RemoteFiles::Place place{.shim = shim, .epoch = only_epoch};
    net::shim::RemoteFiles files([place](ServerUid) { return answered(place); }, client_.clock());
    CO_TRY_OK(co_await give_all(files, job));
    auto spec = backup_spec(job, only_epoch);
    CO_TRY_OK(co_await net::shim::run(link, std::move(spec)));
    const auto exit = co_await ended(link, client_.clock().now() + job.time_limit);
    link->close();
    if (!exit) co_return std::unexpected(exit.error());
    if (exit->cause == wire::shim::Cause::out_of_memory) co_return fail(RuntimeError::Kind::exhausted, "the backup's pod ran out of memory");
    Ended out{.code = exit->signal ? by_signal + *exit->signal : exit->code.value_or(by_signal)};
    CO_TRY(output, co_await take(files, job.server, output_file, output_max));
    CO_TRY(errors, co_await take(files, job.server, errors_file, output_max));
    out.output = std::move(output);
    out.errors = std::move(errors);
    co_return out;
}

}  // namespace gk::kubernetes
