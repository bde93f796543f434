#include "adapters/runc/launcher_host.hpp"

#include <limits>

#include "net/shim/spec_codec.hpp"

namespace gk::runc {
namespace {

namespace wire = gk::wire::launcher;
constexpr std::uint64_t mebibyte = 1 << 20;

wire::Disk disk_of(Host::Disk which) { return which == Host::Disk::live ? wire::Disk::live : wire::Disk::staged; }

std::uint32_t bounded(std::int64_t value) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, std::numeric_limits<std::uint32_t>::max()));
}

MebiBytes mebibytes(std::uint64_t bytes) { return {static_cast<std::int64_t>((bytes + mebibyte - 1) / mebibyte)}; }

// Sends the order and hands on what the reply is expected to hold.
template <class T>
Task<Result<T, RuntimeError>> ask(LauncherLink& link, wire::Order order) {
    CO_TRY(answer, co_await link.call(std::move(order)));
    if (auto* wanted = std::get_if<T>(&answer.outcome)) co_return std::move(*wanted);
    co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "the launcher answered something else: it is of another version"});
}

Task<Result<Success, RuntimeError>> tell(LauncherLink& link, wire::Order order) {
    CO_TRY_OK(co_await ask<wire::Done>(link, std::move(order)));
    co_return Success{};
}

server::Usage usage_between(const wire::UsageSeen& before, const wire::UsageSeen& now) {
    const bool comparable = before.at_ns != 0 && now.at_ns > before.at_ns && now.cpu_ns >= before.cpu_ns;
    const auto millis = comparable ? (now.cpu_ns - before.cpu_ns) * 1000 / (now.at_ns - before.at_ns) : 0;
    return {.cpu = {static_cast<std::int64_t>(millis)}, .memory = mebibytes(now.memory_bytes), .disk = mebibytes(now.disk_bytes)};
}

wire::Launch launch_of(const server::LaunchSpec& spec, gk::wire::shim::Spec document) {
    wire::Launch order;
    order.server = spec.uid;
    order.slot = spec.slot;
    order.spec = std::move(document);
    for (const auto& mount : spec.mounts) order.mounts.push_back({mount.source, mount.target});
    order.cpu_millis = bounded(spec.resources.cpu.count);
    order.memory_mebibytes = bounded(spec.resources.memory.count);
    for (const auto& port : spec.ports) {
        if (port.internal) order.internal_ports.push_back(port.bound);
    }
    return order;
}

}  // namespace

Host::Answer<Host::Disks> LauncherHost::disks(ServerUid uid) {
    const wire::SeeDisks order{uid};
    CO_TRY(seen, co_await ask<wire::DisksSeen>(link_, order));
    co_return Disks{.live = seen.live, .staged = seen.staged};
}

Host::Answer<Success> LauncherHost::create_disk(ServerUid uid, Disk which, DiskSpec spec) {
    const wire::CreateDisk order{uid, disk_of(which), spec.slot, bounded(spec.size.count)};
    co_return co_await tell(link_, order);
}

Host::Answer<Success> LauncherHost::remove_disk(ServerUid uid, Disk which) {
    const wire::RemoveDisk order{uid, disk_of(which)};
    co_return co_await tell(link_, order);
}

Host::Answer<Success> LauncherHost::switch_disk(ServerUid uid) {
    const wire::SwitchDisk order{uid};
    co_return co_await tell(link_, order);
}

Host::Answer<Success> LauncherHost::own_disk(ServerUid uid, Disk which, std::uint32_t slot) {
    const wire::OwnDisk order{uid, disk_of(which), slot};
    co_return co_await tell(link_, order);
}

Host::Answer<Success> LauncherHost::launch(server::LaunchSpec spec, Epoch epoch) {
    net::shim::Hosting hosting;
    hosting.container.emplace();  // The launcher fills it.
    CO_TRY(document, net::shim::to_wire(spec, epoch, hosting));
    wire::Order order = launch_of(spec, std::move(document));
    co_return co_await tell(link_, std::move(order));
}

Host::Answer<Success> LauncherHost::kill(ServerUid uid) {
    const wire::Kill order{uid};
    co_return co_await tell(link_, order);
}

Host::Answer<Success> LauncherHost::clean(ServerUid uid) {
    last_usage_.erase(uid);
    const wire::Clean order{uid};
    co_return co_await tell(link_, order);
}

Host::Answer<Success> LauncherHost::forget(ServerUid uid) {
    last_usage_.erase(uid);
    const wire::Forget order{uid};
    co_return co_await tell(link_, order);
}

Host::Answer<std::vector<ServerUid>> LauncherHost::list() {
    const wire::ListServers order;
    CO_TRY(servers, co_await ask<wire::Servers>(link_, order));
    co_return std::move(servers.uids);
}

Host::Answer<server::Usage> LauncherHost::usage(ServerUid uid) {
    const wire::SeeUsage order{uid};
    CO_TRY(seen, co_await ask<wire::UsageSeen>(link_, order));
    const auto before = std::exchange(last_usage_[uid], seen);
    co_return usage_between(before, seen);
}

Host::Answer<Host::Ended> LauncherHost::run_confined(ConfinedRun run) {
    wire::RunConfined confined;
    confined.server = run.server;
    confined.disk = disk_of(run.disk);
    confined.needs_world = run.needs_world;
    confined.may_write_world = run.may_write_world;
    confined.folder = std::move(run.folder);
    confined.may_write_folder = run.may_write_folder;
    confined.argv = std::move(run.argv);
    confined.env = std::move(run.env);
    confined.password = run.password.reveal();
    confined.input = std::move(run.input);
    confined.extra_files = std::move(run.extra_files);
    confined.time_limit = run.time_limit;
    wire::Order order = std::move(confined);
    CO_TRY(ended, co_await ask<wire::ProgramEnded>(link_, std::move(order)));
    co_return Ended{.code = ended.code, .output = std::move(ended.output), .errors = std::move(ended.errors)};
}

Host::Answer<int> LauncherHost::open_files(ServerUid uid) {
    const wire::OpenFiles order{uid};
    CO_TRY(answer, co_await link_.call(order));
    if (answer.descriptor < 0) co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "the launcher sent no descriptor"});
    co_return answer.descriptor;
}

Host::Answer<std::vector<std::string>> LauncherHost::shortcomings() {
    const wire::FindShortcomings order;
    CO_TRY(found, co_await ask<wire::Texts>(link_, order));
    co_return std::move(found.texts);
}

}  // namespace gk::runc
