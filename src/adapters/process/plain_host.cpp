#include "adapters/process/plain_host.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "adapters/process/folders.hpp"
#include "adapters/process/process_table.hpp"
#include "base/text.hpp"
#include "net/shim/spec_codec.hpp"
#include "wire/shim/layout.hpp"

namespace gk::process {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace layout = wire::shim::layout;
using Stream = asio::posix::stream_descriptor;

constexpr Milliseconds measured_for{60'000};

// Every process of a server carries this in its environment: by it they are found again, whoever their parent is by then.
std::pair<std::string, std::string> mark_of(ServerUid uid) { return {"GAMEKEEPER_SERVER", uid.text()}; }
std::vector<pid_t> processes_of(ServerUid uid) {
    const auto [name, value] = mark_of(uid);
    return processes_with(name + "=" + value);
}

MebiBytes mebibytes(std::uint64_t bytes) { return {static_cast<std::int64_t>((bytes + (1 << 20) - 1) >> 20)}; }

// Nothing is mounted here: what a sandbox would show is named where it lies.
void name_mounts_here(server::LaunchSpec& spec) {
    for (auto& word : spec.argv) {
        for (const auto& mount : spec.mounts) {
            if (word != mount.target && !word.starts_with(mount.target + "/")) continue;
            word = mount.source + word.substr(mount.target.size());
            break;
        }
    }
}

}  // namespace

PlainHost::PlainHost(asio::any_io_executor executor, Clock& clock, PlainOptions options)
    : executor_(executor),
      clock_(clock),
      options_(std::move(options)),
      reaper_(std::move(executor)) {}

fs::path PlainHost::run_folder(ServerUid uid) const { return folder(uid) / layout::run_folder; }

// A shim holds the lock on its run folder as long as it lives.
bool PlainHost::shim_lives(ServerUid uid) const {
    const int fd = ::open(run_folder(uid).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool held = fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0) ::close(fd);
    return held;
}

bool PlainHost::has_exited(ServerUid uid) const {
    std::error_code error;
    return fs::exists(run_folder(uid) / layout::exit_file, error);
}

// A switch is live -> old, staged -> live, old removed; begun, it is brought to its end.
Result<Success, RuntimeError> PlainHost::finish_switch(ServerUid uid) const {
    const auto old = folder(uid) / "old";
    std::error_code error;
    if (!fs::exists(old, error)) return Success{};
    if (!fs::exists(disk(uid, Disk::live), error) && fs::exists(disk(uid, Disk::staged), error)) {
        TRY_OK(move_folder(disk(uid, Disk::staged), disk(uid, Disk::live)));
    }
    return remove_tree(old);
}

Host::Answer<Host::Disks> PlainHost::disks(ServerUid uid) {
    CO_TRY_OK(finish_switch(uid));
    std::error_code error;
    co_return Disks{.live = fs::exists(world(uid, Disk::live), error), .staged = fs::exists(world(uid, Disk::staged), error)};
}

Host::Answer<Success> PlainHost::create_disk(ServerUid uid, Disk which, DiskSpec) {
    CO_TRY_OK(finish_switch(uid));
    CO_TRY_OK(make_folder(folder(uid), fs::perms::owner_all));
    co_return make_folder(world(uid, which), fs::perms::owner_all);
}

Host::Answer<Success> PlainHost::remove_disk(ServerUid uid, Disk which) {
    CO_TRY_OK(finish_switch(uid));
    co_return remove_tree(disk(uid, which));
}

Host::Answer<Success> PlainHost::switch_disk(ServerUid uid) {
    CO_TRY(seen, co_await disks(uid));
    if (!seen.staged && seen.live) co_return Success{};
    if (!seen.staged) co_return fail(RuntimeError::Kind::not_found, "there is no staged disk to switch to");
    CO_TRY_OK(co_await sync_world(disk(uid, Disk::staged)));
    if (seen.live) CO_TRY_OK(move_folder(disk(uid, Disk::live), folder(uid) / "old"));
    CO_TRY_OK(move_folder(disk(uid, Disk::staged), disk(uid, Disk::live)));
    co_return finish_switch(uid);
}

Host::Answer<Success> PlainHost::own_world(ServerUid uid, Disk which, std::uint32_t) {
    std::error_code error;  // Everything is ours already: there is one user.
    if (!fs::exists(world(uid, which), error)) co_return fail(RuntimeError::Kind::not_found, "there is no such disk");
    co_return Success{};
}

Result<Success, RuntimeError> PlainHost::prepare_run(const server::LaunchSpec& spec, Epoch epoch) const {
    net::shim::Hosting hosting;
    hosting.world = world(spec.uid, Disk::live).string();
    TRY(document, net::shim::to_wire(spec, epoch, hosting));
    document.program.env.insert(mark_of(spec.uid));
    document.program.memory_bytes_max = static_cast<std::uint64_t>(spec.resources.memory.bytes());
    TRY_OK(remove_tree(run_folder(spec.uid)));
    TRY_OK(make_folder(run_folder(spec.uid), fs::perms::owner_all));
    TRY_OK(make_folder(folder(spec.uid) / layout::log_folder, fs::perms::owner_all));
    return write_private(run_folder(spec.uid) / layout::spec_file, as_text(wire::shim::encode(document)));
}

Host::Answer<Success> PlainHost::launch(server::LaunchSpec spec, Epoch epoch) {
    if (shim_lives(spec.uid) || has_exited(spec.uid)) co_return Success{};
    CO_TRY(seen, co_await disks(spec.uid));
    if (!seen.live) co_return fail(RuntimeError::Kind::not_found, "the server has no disk");
    CO_TRY_OK(co_await kill(spec.uid));  // Of a run whose shim was lost.
    name_mounts_here(spec);
    CO_TRY_OK(prepare_run(spec, epoch));
    const auto started = co_await start_shim(spec.uid);
    if (!started) {
        CO_TRY_OK(co_await kill(spec.uid));
        CO_TRY_OK(remove_tree(run_folder(spec.uid)));
    }
    co_return started;
}

Host::Answer<Success> PlainHost::start_shim(ServerUid uid) {
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0) co_return fail_errno("a pipe could not be made");
    Stream reading(executor_, report[0]);
    Start how;
    how.program = options_.shim.string();
    how.argv = {"gk-shim", "--dir", run_folder(uid).string()};
    how.env = {{"PATH", "/usr/local/bin:/usr/bin:/bin:/usr/games"}, mark_of(uid)};
    how.third = report[1];
    how.own_session = true;  // So that Ctrl-C, and our end, are none of its business.
    const auto shim = start(how);
    ::close(report[1]);
    if (!shim) co_return std::unexpected(shim.error());
    reaper_.take(*shim);
    std::string said;
    std::array<char, 4096> chunk{};
    boost::system::error_code error;
    while (!error) {
        const auto room = asio::buffer(chunk);
        said.append(chunk.data(), co_await reading.async_read_some(room, asio::redirect_error(asio::use_awaitable, error)));
    }
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    const auto line = trimmed(said);
    if (line == layout::report_executed || line == layout::report_running) co_return Success{};
    if (!line.starts_with(layout::report_error)) co_return fail(RuntimeError::Kind::unavailable, "the shim ended without a word");
    co_return fail(RuntimeError::Kind::invalid, std::string(line.substr(layout::report_error.size())));
}

Host::Answer<Success> PlainHost::kill(ServerUid uid) {
    // Until nobody is left: what was started while we looked is found in the next round.
    for (auto processes = processes_of(uid); !processes.empty(); processes = processes_of(uid)) {
        std::vector<Stream> ends;
        for (const pid_t process : processes) {
            const int fd = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
            if (fd < 0) continue;
            ends.emplace_back(executor_, fd);
            ::syscall(SYS_pidfd_send_signal, fd, SIGKILL, nullptr, 0);
        }
        for (auto& end : ends) co_await end.async_wait(Stream::wait_read, asio::use_awaitable);
    }
    co_return Success{};
}

Host::Answer<Success> PlainHost::clean(ServerUid uid) {
    if (shim_lives(uid) && !has_exited(uid)) co_return fail(RuntimeError::Kind::invalid, "the game still runs: stop or kill it first");
    CO_TRY_OK(co_await kill(uid));
    last_usage_.erase(uid);
    co_return remove_tree(run_folder(uid));
}

Host::Answer<Success> PlainHost::forget(ServerUid uid) {
    CO_TRY_OK(co_await kill(uid));
    last_usage_.erase(uid);
    measurements_.erase(uid);
    co_return remove_tree(folder(uid));
}

Host::Answer<std::vector<ServerUid>> PlainHost::list() {
    std::vector<ServerUid> out;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(options_.state / "servers", error)) {
        if (const auto uid = ServerUid::parse(entry.path().filename().string())) out.push_back(*uid);
    }
    std::ranges::sort(out);
    co_return out;
}

Host::Answer<server::Usage> PlainHost::usage(ServerUid uid) {
    ProcessUse sum;
    for (const pid_t process : processes_of(uid)) {
        const auto use = use_of(process);
        sum.cpu += use.cpu;
        sum.memory_bytes += use.memory_bytes;
    }
    const Sample now{.at = clock_.now(), .cpu = sum.cpu};
    const Sample before = std::exchange(last_usage_[uid], now);
    const bool comparable = before.at != Time{} && now.at > before.at && now.cpu >= before.cpu;
    server::Usage usage;
    if (comparable) usage.cpu.count = (now.cpu - before.cpu).count() * 1000 / (now.at - before.at).count();
    usage.memory = mebibytes(sum.memory_bytes);
    usage.disk = co_await measured(uid);
    co_return usage;
}

Task<MebiBytes> PlainHost::measured(ServerUid uid) {
    const auto now = clock_.now();
    if (const auto known = measurements_.find(uid); known != measurements_.end() && now - known->second.at < measured_for) {
        co_return known->second.size;
    }
    const auto size = mebibytes(co_await tree_bytes(world(uid, Disk::live)));
    measurements_[uid] = {.at = now, .size = size};
    co_return size;
}

// By a program, because it may take its time and must not hold up the loop.
Host::Answer<Success> PlainHost::sync_world(fs::path world) {
    Start how;
    how.program = "/bin/sync";
    how.argv = {"sync", "-f", world.string()};
    how.directory = "/";
    CO_TRY(ended, co_await run_to_end(clock_, std::move(how), std::string(), std::chrono::minutes(10)));
    if (ended.code == 0) co_return Success{};
    co_return fail(RuntimeError::Kind::unavailable, fmt::format("{} could not be written to the disk: {}", world.string(), ended.errors));
}

Workbench::Answer<Workbench::Ended> PlainHost::run(Job job) {
    const auto program = job.argv.empty() ? options_.confined_programs.end() : options_.confined_programs.find(job.argv.front());
    if (program == options_.confined_programs.end()) co_return fail(RuntimeError::Kind::invalid, "only programs of the fixed list run confined");
    if (job.needs_world) {
        CO_TRY(seen, co_await disks(job.server));
        if (!(job.disk == Disk::live ? seen.live : seen.staged)) co_return fail(RuntimeError::Kind::not_found, "the world's disk is absent");
        // What is saved must not be newer than what a loss of power leaves.
        if (!job.may_write_world) CO_TRY_OK(co_await sync_world(disk(job.server, job.disk)));
    }
    const auto nowhere = options_.state / "servers" / ".work" / fmt::format("{}-{}", job.server.text(), ++runs_);
    const auto place = job.needs_world ? disk(job.server, job.disk) : nowhere;
    CO_TRY_OK(make_folder(place, fs::perms::owner_all));
    std::error_code ignored;
    Result<Ended, RuntimeError> ended;
    {
        const Workplace workplace(place);
        CO_TRY_OK(workplace.furnish(job.extra_files));
        Start how;
        how.program = program->second.string();
        how.argv = job.argv;
        how.env = job.env;
        how.env["PATH"] = "/usr/bin:/bin";
        how.env["HOME"] = how.env["TMPDIR"] = workplace.temporary().string();
        for (const auto& [name, secret] : job.secrets) how.env[name] = secret.reveal();
        how.directory = place.string();
        ended = co_await run_to_end(clock_, std::move(how), std::move(job.input), job.time_limit);
    }
    if (!job.needs_world) fs::remove_all(nowhere, ignored);
    co_return ended;
}

Host::Answer<int> PlainHost::open_files(ServerUid uid) {
    CO_TRY(seen, co_await disks(uid));
    if (!seen.live) co_return fail(RuntimeError::Kind::not_found, "the server has no disk");
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) co_return fail_errno("a socket pair could not be made");
    Start how;
    how.program = options_.files_server.string();
    how.argv = {"gamekeeper", "files-server", "--fd", "3", "--root", world(uid, Disk::live).string()};
    how.third = ends[1];
    const auto child = start(how);
    ::close(ends[1]);
    if (!child) {
        ::close(ends[0]);
        co_return std::unexpected(child.error());
    }
    reaper_.take(*child);
    co_return ends[0];
}

Host::Answer<std::vector<std::string>> PlainHost::shortcomings() {
    std::vector<std::string> out = {
        "games run as plain processes of this user, with rlimits only: they can read its files, reach each other and use any amount of "
        "processor time and disk. Start gamekeeper as root to have each in a sandbox of its own"};
    if (::access(options_.shim.c_str(), X_OK) != 0) {
        out.push_back(fmt::format("{} is missing, so that no game can start: install Gamekeeper whole", options_.shim.string()));
    }
    for (const auto& [name, path] : options_.confined_programs) {
        if (::access(path.c_str(), X_OK) != 0)
            out.push_back(fmt::format("{} is missing, so that no backup can be made: install {}", path.string(), name));
    }
    co_return out;
}

}  // namespace gk::process
