#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/shim/log_files.hpp"
#include "adapters/shim/log_watch.hpp"
#include "async/watchers.hpp"
#include "net/shim/link.hpp"
#include "ports/clock.hpp"
#include "ports/host.hpp"
#include "ports/runtime.hpp"

namespace gk::shim {

// Runs games on this machine: the host starts shims and holds the disks, every shim looks after one game, and this keeps a link to each. It
// has no truth of its own: what it knows can be had again from run folders and shims, so that a new one takes over where an old one was.
class ShimRuntime final : public Runtime {
public:
    // Servers are folders below <state>/servers (wire/shim/layout.hpp). The host and the clock outlive it.
    ShimRuntime(boost::asio::any_io_executor loop, Clock& clock, Host& host, std::filesystem::path state);
    ~ShimRuntime() override;
    ShimRuntime(const ShimRuntime&) = delete;
    ShimRuntime& operator=(const ShimRuntime&) = delete;

    // Finds every world's shim of this machine and tells it the epoch.
    Answer<Success> fence(Epoch epoch) override;
    Answer<Seen> observe(ServerUid uid) override;
    Answer<std::vector<ServerUid>> list() override;
    std::shared_ptr<void> watch(Changed changed) override;

    Answer<Success> create_disk(ServerUid uid, DiskSpec spec, Epoch epoch) override;
    Answer<Success> free_disk(ServerUid uid, Epoch epoch) override;
    Answer<Success> stage_disk(ServerUid uid, DiskSpec spec, Epoch epoch) override;
    Answer<Success> commit_staged(ServerUid uid, Epoch epoch) override;
    Answer<Success> discard_staged(ServerUid uid, Epoch epoch) override;

    Answer<Success> launch(server::LaunchSpec spec, Epoch epoch) override;
    Answer<Success> stop(ServerUid uid, Epoch epoch) override;
    Answer<Success> kill(ServerUid uid, Epoch epoch) override;
    Answer<Success> clean(ServerUid uid, Epoch epoch) override;
    Answer<Success> forget(ServerUid uid, Epoch epoch) override;

    Answer<Success> quiesce(ServerUid uid, Epoch epoch) override;
    Answer<Success> resume(ServerUid uid, Epoch epoch) override;
    Answer<std::string> command(ServerUid uid, std::string line, Epoch epoch) override;
    Answer<Success> tell(ServerUid uid, std::string line, Epoch epoch) override;

    Answer<std::vector<LogLine>> logs(ServerUid uid, std::uint64_t cursor, std::size_t lines_max) override;
    Answer<std::uint64_t> log_cursor_from_end(ServerUid uid, std::size_t lines) override;
    Result<std::shared_ptr<void>, RuntimeError> watch_log(ServerUid uid, std::function<void()> grown) override;
    Answer<server::Usage> usage(ServerUid uid) override;
    Answer<std::string> health() override;

private:
    using LinkPtr = std::shared_ptr<net::shim::Link>;
    // What the run folder says when no shim is there to be asked.
    enum class Left : std::uint8_t { nothing, unclear, exit, lost };

    std::filesystem::path folder(ServerUid uid) const;
    std::string run_folder(ServerUid uid) const;
    std::filesystem::path log_folder(ServerUid uid) const;
    LogFiles log_files(ServerUid uid) const;

    Epoch& epoch_of(ServerUid uid);
    Result<Success, RuntimeError> admit(ServerUid uid, Epoch epoch);
    Left left_behind(ServerUid uid) const;
    Answer<LinkPtr> reach(ServerUid uid);
    Task<void> adopt(ServerUid uid);
    void drop(ServerUid uid);
    // nullopt: nothing of a run is there.
    Answer<Seen> observe_run(ServerUid uid);
    Result<server::Exit, RuntimeError> recorded_exit(ServerUid uid) const;
    server::Exit lost_exit(ServerUid uid) const;
    Answer<std::string> ask(ServerUid uid, wire::shim::Op op, std::string text, Epoch epoch, Milliseconds patience);
    Answer<Success> must_not_run(ServerUid uid);

    boost::asio::any_io_executor loop_;
    Clock& clock_;
    Host& host_;
    std::filesystem::path state_;
    // The highest that have commanded: keepers of worlds and matchmakers count each their own.
    Epoch epoch_{};
    Epoch match_epoch_{};
    std::map<ServerUid, LinkPtr> links_;
    std::set<ServerUid> launching_;
    async::Watchers<ServerUid> watchers_;
    std::shared_ptr<LogWatch> log_watch_;
};

}  // namespace gk::shim
