#include "adapters/shim/shim_runtime.hpp"

#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "async/task_group.hpp"
#include "base/scope_entry.hpp"
#include "base/text.hpp"
#include "domain/fleet/server_uid.hpp"
#include "net/shim/spec_codec.hpp"
#include "wire/shim/layout.hpp"

namespace gk::shim {

namespace fs = std::filesystem;
namespace layout = wire::shim::layout;
using wire::shim::Op;

namespace {

constexpr Milliseconds patience{10'000};
// The shim itself answers within the definition's own time-out, whatever it is.
constexpr Milliseconds quiesce_patience{600'000};
constexpr std::size_t tail_lines = wire::shim::tail_lines_max;

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

bool is_missing(const RuntimeError& error) { return error.kind == RuntimeError::Kind::not_found; }

// A shim holds the lock on its run folder for as long as it lives. Shared, so that two who look do not see each other.
bool shim_lives(const std::string& run_folder) {
    const int fd = ::open(run_folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool lives = fd >= 0 && ::flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (fd >= 0) ::close(fd);
    return lives;
}

}  // namespace

ShimRuntime::ShimRuntime(boost::asio::any_io_executor loop, Clock& clock, Host& host, fs::path state)
    : loop_(loop),
      clock_(clock),
      host_(host),
      state_(std::move(state)),
      watchers_(loop),
      log_watch_(std::make_shared<LogWatch>(std::move(loop))) {}

ShimRuntime::~ShimRuntime() {
    for (const auto& [uid, link] : links_) link->close();
}

fs::path ShimRuntime::folder(ServerUid uid) const { return state_ / "servers" / uid.text(); }
std::string ShimRuntime::run_folder(ServerUid uid) const { return (folder(uid) / layout::run_folder).string(); }
fs::path ShimRuntime::log_folder(ServerUid uid) const { return folder(uid) / layout::log_folder; }
LogFiles ShimRuntime::log_files(ServerUid uid) const { return LogFiles(log_folder(uid)); }

Epoch& ShimRuntime::epoch_of(ServerUid uid) { return fleet::is_match_server(uid) ? match_epoch_ : epoch_; }

Result<Success, RuntimeError> ShimRuntime::admit(ServerUid uid, Epoch epoch) {
    auto& highest = epoch_of(uid);
    if (epoch < highest) {
        return fail(RuntimeError::Kind::refused,
                    fmt::format("epoch {} has been replaced by {}", std::to_underlying(epoch), std::to_underlying(highest)));
    }
    highest = epoch;
    return Success{};
}

// A shim that cannot be reached is no danger: nobody else reaches it either. observe() says what has become of it.
Runtime::Answer<Success> ShimRuntime::fence(Epoch epoch) {
    CO_TRY_OK(admit(ServerUid(), epoch));
    CO_TRY(servers, co_await host_.list());
    async::TaskGroup adopting(co_await boost::asio::this_coro::executor);
    for (const auto uid : servers) {
        if (!fleet::is_match_server(uid)) adopting.spawn("adopt " + uid.text(), adopt(uid));
    }
    auto all = adopting.done();
    co_await async::run_with(adopting, std::move(all));
    co_return Success{};
}

Task<void> ShimRuntime::adopt(ServerUid uid) {
    const auto link = co_await reach(uid);
    if (!link) co_return;
    // One that was linked before has not heard of the epoch yet.
    (void)co_await (*link)->ask(Op::hello, std::string(), epoch_of(uid), patience);
}

Runtime::Answer<ShimRuntime::LinkPtr> ShimRuntime::reach(ServerUid uid) {
    if (const auto known = links_.find(uid); known != links_.end() && known->second->is_open()) co_return known->second;
    const auto changed = [this, uid] { watchers_.notify(uid); };
    auto connected = co_await net::shim::Link::connect(clock_, run_folder(uid), epoch_of(uid), changed);
    if (!connected) co_return std::unexpected(std::move(connected).error());
    auto& kept = links_[uid];
    if (kept && kept->is_open()) {
        (*connected)->close();  // Somebody was faster; commands that hold something hold it by that link.
    } else {
        kept = std::move(*connected);
    }
    co_return kept;
}

void ShimRuntime::drop(ServerUid uid) {
    const auto known = links_.find(uid);
    if (known == links_.end()) return;
    known->second->close();
    links_.erase(known);
}

Runtime::Answer<Seen> ShimRuntime::observe(ServerUid uid) {
    const auto disks = co_await host_.disks(uid);
    if (!disks) co_return std::unexpected(disks.error());
    auto seen = co_await observe_run(uid);
    if (!seen) co_return seen;
    seen->disk = disks->live ? Seen::Disk::present : Seen::Disk::absent;
    seen->staged = disks->staged;
    co_return seen;
}

Runtime::Answer<Seen> ShimRuntime::observe_run(ServerUid uid) {
    Seen seen;
    if (launching_.contains(uid)) {
        seen.process = Seen::Process::starting;
        co_return seen;
    }
    // Ending folders are looked at before the shim is asked: one that has been cleaned has no shim, and need not be waited for.
    if (left_behind(uid) == Left::nothing) co_return seen;
    const auto link = co_await reach(uid);
    if (link) co_return net::shim::to_domain((*link)->status());
    if (!is_missing(link.error())) co_return std::unexpected(link.error());
    const auto left = left_behind(uid);  // Again: it may have ended while we knocked.
    if (left == Left::nothing) co_return seen;
    if (left == Left::unclear)
        co_return fail(RuntimeError::Kind::unavailable, "the shim is starting or ending: it holds its folder and does not listen");
    seen.process = Seen::Process::exited;
    if (left == Left::lost) {
        seen.exit = lost_exit(uid);
        co_return seen;
    }
    CO_TRY(exit, recorded_exit(uid));
    seen.exit = std::move(exit);
    co_return seen;
}

ShimRuntime::Left ShimRuntime::left_behind(ServerUid uid) const {
    const auto run = run_folder(uid);
    std::error_code error;
    const bool ended = fs::exists(fs::path(run) / layout::exit_file, error);
    if (error) return Left::unclear;
    if (ended) return Left::exit;
    const bool begun = fs::exists(fs::path(run) / layout::spec_file, error);
    if (error) return Left::unclear;
    if (!begun) return Left::nothing;
    return shim_lives(run) ? Left::unclear : Left::lost;
}

Result<server::Exit, RuntimeError> ShimRuntime::recorded_exit(ServerUid uid) const {
    const auto path = fs::path(run_folder(uid)) / layout::exit_file;
    std::ifstream in(path, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    const auto exit = wire::shim::decode_exit(as_byte_span(bytes));
    if (exit) return net::shim::to_domain(*exit);
    return fail(RuntimeError::Kind::unavailable, fmt::format("{} cannot be read: {}", path.string(), name_of(exit.error())));
}

// The shim ended without a word: it was killed, or the machine went down. The last sign of life is what the log has.
server::Exit ShimRuntime::lost_exit(ServerUid uid) const {
    server::Exit exit;
    const auto log = log_files(uid);
    exit.cause = server::ExitCause::lost;
    exit.at = log.last_written();
    const auto cursor = log.cursor_from_end(tail_lines);
    const auto lines = cursor ? log.read(*cursor, tail_lines).value_or(std::vector<LogLine>{}) : std::vector<LogLine>{};
    for (const auto& line : lines) exit.log_tail += (exit.log_tail.empty() ? "" : "\n") + line.line;
    return exit;
}

Runtime::Answer<std::vector<ServerUid>> ShimRuntime::list() { return host_.list(); }

std::shared_ptr<void> ShimRuntime::watch(Changed changed) { return watchers_.add(std::move(changed)); }

Runtime::Answer<Success> ShimRuntime::must_not_run(ServerUid uid) {
    CO_TRY(seen, co_await observe_run(uid));
    if (seen.process == Seen::Process::gone || seen.process == Seen::Process::exited) co_return Success{};
    co_return fail(RuntimeError::Kind::invalid, "the game still runs: stop it first");
}

Runtime::Answer<Success> ShimRuntime::create_disk(ServerUid uid, DiskSpec spec, Epoch epoch) {
    CO_TRY_OK(admit(uid, epoch));
    co_return co_await host_.create_disk(uid, Host::Disk::live, spec);
}

Runtime::Answer<Success> ShimRuntime::free_disk(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(admit(uid, epoch));
    CO_TRY_OK(co_await must_not_run(uid));
    co_return co_await host_.remove_disk(uid, Host::Disk::live);
}

Runtime::Answer<Success> ShimRuntime::stage_disk(ServerUid uid, DiskSpec spec, Epoch epoch) {
    CO_TRY_OK(admit(uid, epoch));
    CO_TRY_OK(co_await host_.remove_disk(uid, Host::Disk::staged));
    co_return co_await host_.create_disk(uid, Host::Disk::staged, spec);
}

Runtime::Answer<Success> ShimRuntime::commit_staged(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(admit(uid, epoch));
    CO_TRY_OK(co_await must_not_run(uid));
    co_return co_await host_.switch_disk(uid);
}

Runtime::Answer<Success> ShimRuntime::discard_staged(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(admit(uid, epoch));
    co_return co_await host_.remove_disk(uid, Host::Disk::staged);
}

Runtime::Answer<Success> ShimRuntime::launch(server::LaunchSpec spec, Epoch epoch) {
    CO_TRY_OK(admit(spec.uid, epoch));
    const auto uid = spec.uid;
    {
        const ScopeEntry launching(launching_, uid);
        CO_TRY_OK(co_await host_.launch(std::move(spec), epoch));
    }
    log_watch_->appeared(log_folder(uid));
    // So that changes are heard of from the first one on. It may have ended already; observe() tells.
    (void)co_await reach(uid);
    watchers_.notify(uid);
    co_return Success{};
}

Runtime::Answer<std::string> ShimRuntime::ask(ServerUid uid, Op op, std::string text, Epoch epoch, Milliseconds wait) {
    CO_TRY_OK(admit(uid, epoch));
    CO_TRY(link, co_await reach(uid));
    const auto kept = link;
    co_return co_await kept->ask(op, std::move(text), epoch, wait);
}

Runtime::Answer<Success> ShimRuntime::stop(ServerUid uid, Epoch epoch) {
    const auto asked = co_await ask(uid, Op::stop, std::string(), epoch, patience);
    if (asked) co_return Success{};
    if (!is_missing(asked.error())) co_return std::unexpected(asked.error());
    co_return co_await must_not_run(uid);
}

Runtime::Answer<Success> ShimRuntime::kill(ServerUid uid, Epoch epoch) {
    const auto asked = co_await ask(uid, Op::kill, std::string(), epoch, patience);
    if (asked) co_return Success{};
    if (asked.error().kind == RuntimeError::Kind::refused) co_return std::unexpected(asked.error());
    co_return co_await host_.kill(uid);
}

Runtime::Answer<Success> ShimRuntime::clean(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(admit(uid, epoch));
    CO_TRY_OK(co_await must_not_run(uid));
    // The shim may go at once instead of waiting for somebody to take note.
    if (left_behind(uid) == Left::exit) (void)co_await ask(uid, Op::acknowledge, std::string(), epoch, patience);
    if (left_behind(uid) == Left::lost) CO_TRY_OK(co_await host_.kill(uid));
    drop(uid);
    co_return co_await host_.clean(uid);
}

Runtime::Answer<Success> ShimRuntime::forget(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(admit(uid, epoch));
    drop(uid);
    co_return co_await host_.forget(uid);
}

Runtime::Answer<Success> ShimRuntime::quiesce(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(co_await ask(uid, Op::quiesce, std::string(), epoch, quiesce_patience));
    co_return Success{};
}

Runtime::Answer<Success> ShimRuntime::resume(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(co_await ask(uid, Op::resume, std::string(), epoch, patience));
    co_return Success{};
}

Runtime::Answer<std::string> ShimRuntime::command(ServerUid uid, std::string line, Epoch epoch) {
    co_return co_await ask(uid, Op::command, std::move(line), epoch, patience);
}

Runtime::Answer<Success> ShimRuntime::tell(ServerUid uid, std::string line, Epoch epoch) {
    CO_TRY_OK(admit(uid, epoch));
    CO_TRY(link, co_await reach(uid));
    const auto kept = link;
    co_return co_await kept->tell(std::move(line), epoch, patience);
}

Runtime::Answer<std::vector<LogLine>> ShimRuntime::logs(ServerUid uid, std::uint64_t cursor, std::size_t lines_max) {
    co_return log_files(uid).read(cursor, lines_max);
}

Runtime::Answer<std::uint64_t> ShimRuntime::log_cursor_from_end(ServerUid uid, std::size_t lines) { co_return log_files(uid).cursor_from_end(lines); }

Result<std::shared_ptr<void>, RuntimeError> ShimRuntime::watch_log(ServerUid uid, std::function<void()> grown) {
    return log_watch_->follow(log_folder(uid), std::move(grown));
}

Runtime::Answer<server::Usage> ShimRuntime::usage(ServerUid uid) { return host_.usage(uid); }

Runtime::Answer<std::string> ShimRuntime::health() {
    CO_TRY(lacking, co_await host_.shortcomings());
    co_return joined(lacking, "; ");
}

}  // namespace gk::shim
