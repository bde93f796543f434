#include "adapters/runc/launcher_host.hpp"

#include <limits>
#include <unistd.h>

#include <fmt/format.h>

#include "net/shim/spec_codec.hpp"

namespace gk::runc {
namespace {

namespace wire = gk::wire::launcher;
constexpr Milliseconds measured_for{60'000};

wire::Disk disk_of(Host::Disk which) { return which == Host::Disk::live ? wire::Disk::live : wire::Disk::staged; }

std::uint32_t bounded(std::int64_t value) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, std::numeric_limits<std::uint32_t>::max()));
}

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

bool runs(const std::string& program) { return ::access(program.c_str(), X_OK) == 0; }

}  // namespace

LauncherHost::LauncherHost(boost::asio::any_io_executor executor, Clock& clock, int socket, MachineOptions options)
    : clock_(clock),
      options_(std::move(options)),
      link_(std::move(executor), socket),
      groups_(clock, options_.cgroup_root, options_.cgroup_parent) {}

std::string LauncherHost::folder(ServerUid uid) const { return fmt::format("{}/servers/{}", options_.state, uid.text()); }

Host::Answer<Host::Disks> LauncherHost::disks(ServerUid uid) {
    if (const auto seen = disks_in(folder(uid))) co_return *seen;
    const wire::SeeDisks order{uid};
    CO_TRY(seen, co_await ask<wire::DisksSeen>(link_, order));
    co_return Disks{.live = seen.live, .staged = seen.staged};
}

Host::Answer<Success> LauncherHost::create_disk(ServerUid uid, Disk which, DiskSpec spec) {
    const wire::CreateDisk order{uid, disk_of(which), spec.slot, bounded(spec.size.count), spec.in_memory};
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

Host::Answer<Success> LauncherHost::own_world(ServerUid uid, Disk which, std::uint32_t slot) {
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

Host::Answer<Success> LauncherHost::start_edge(unsigned loops) {
    const wire::StartEdge order{loops};
    co_return co_await tell(link_, order);
}

Host::Answer<Success> LauncherHost::kill(ServerUid uid) {
    const wire::Kill order{uid};
    co_return co_await tell(link_, order);
}

Host::Answer<Success> LauncherHost::clean(ServerUid uid) {
    const wire::Clean order{uid};
    co_return co_await tell(link_, order);
}

Host::Answer<Success> LauncherHost::forget(ServerUid uid) {
    groups_.forget(uid);
    measurements_.erase(uid);
    const wire::Forget order{uid};
    co_return co_await tell(link_, order);
}

Host::Answer<std::vector<ServerUid>> LauncherHost::list() {
    const wire::ListServers order;
    CO_TRY(servers, co_await ask<wire::Servers>(link_, order));
    co_return std::move(servers.uids);
}

Host::Answer<server::Usage> LauncherHost::usage(ServerUid uid) {
    const auto use = groups_.read(uid);
    server::Usage usage{.cpu = use.cpu, .memory = use.memory};
    auto disk = disk_use(folder(uid) + "/live");
    if (!disk) {
        CO_TRY(seen, co_await disks(uid));  // Mounts what is not mounted yet.
        if (!seen.live) co_return usage;
        disk = disk_use(folder(uid) + "/live");
    }
    if (disk) {
        usage.disk = disk->used;
        usage.disk_size = disk->size;
        co_return usage;
    }
    CO_TRY(size, co_await measured(uid));
    usage.disk = size;
    co_return usage;
}

Host::Answer<MebiBytes> LauncherHost::measured(ServerUid uid) {
    const auto now = clock_.now();
    if (const auto known = measurements_.find(uid); known != measurements_.end() && now - known->second.at < measured_for) {
        co_return known->second.size;
    }
    const wire::MeasureWorld order{uid};
    CO_TRY(world, co_await ask<wire::Measured>(link_, order));
    const auto size = mebibytes(world.bytes);
    measurements_[uid] = {.at = now, .size = size};
    co_return size;
}

Workbench::Answer<Workbench::Ended> LauncherHost::run(Job job) {
    wire::RunConfined confined;
    confined.server = job.server;
    confined.disk = disk_of(job.disk);
    confined.needs_world = job.needs_world;
    confined.may_write_world = job.may_write_world;
    confined.folder = std::move(job.folder);
    confined.may_write_folder = job.may_write_folder;
    confined.needs_network = job.needs_network;
    confined.host_name = std::move(job.host_name);
    confined.argv = std::move(job.argv);
    confined.env = std::move(job.env);
    for (const auto& [name, secret] : job.secrets) confined.env[name] = secret.reveal();
    confined.input = std::move(job.input);
    confined.extra_files = std::move(job.extra_files);
    confined.time_limit = job.time_limit;
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
    auto out = std::move(found.texts);
    if (!groups_.can_read()) {
        out.push_back(fmt::format("no control groups are mounted at {}, so that no limit holds: mount them", options_.cgroup_root));
    }
    if (!runs("/usr/sbin/iptables-restore") || !runs("/usr/sbin/ip6tables-restore")) {
        out.emplace_back("iptables is missing, so that games can reach each other's admin ports and the metadata service: install iptables");
    }
    if (!runs(options_.runc)) out.push_back(fmt::format("{} is missing, so that no game can start: install runc", options_.runc));
    if (!runs(options_.shim)) out.push_back(fmt::format("{} is missing, so that no game can start: install Gamekeeper whole", options_.shim));
    for (const auto& [name, path] : options_.confined_programs) {
        if (!runs(path)) out.push_back(fmt::format("{} is missing, so that no backup can be made: install {}", path, name));
    }
    co_return out;
}

}  // namespace gk::runc
