#pragma once

#include <map>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/runc/launcher_link.hpp"
#include "ports/host.hpp"

namespace gk::runc {

// Games in runc's containers on disk images, made by the launcher (src/launcher), which is root.
class LauncherHost final : public Host {
public:
    // Takes the descriptor of the connected socket. The launcher should outlive the host; when it does not, every call is `unavailable`.
    LauncherHost(boost::asio::any_io_executor executor, int socket) : link_(std::move(executor), socket) {}

    Answer<Disks> disks(ServerUid uid) override;
    Answer<Success> create_disk(ServerUid uid, Disk which, DiskSpec spec) override;
    Answer<Success> remove_disk(ServerUid uid, Disk which) override;
    Answer<Success> switch_disk(ServerUid uid) override;
    Answer<Success> own_disk(ServerUid uid, Disk which, std::uint32_t slot) override;
    Answer<Success> launch(server::LaunchSpec spec, Epoch epoch) override;
    Answer<Success> kill(ServerUid uid) override;
    Answer<Success> clean(ServerUid uid) override;
    Answer<Success> forget(ServerUid uid) override;
    Answer<std::vector<ServerUid>> list() override;
    // Processor time is the mean since the last call for this server.
    Answer<server::Usage> usage(ServerUid uid) override;
    Answer<Ended> run_confined(ConfinedRun run) override;
    Answer<int> open_files(ServerUid uid) override;
    Answer<std::vector<std::string>> shortcomings() override;

private:
    LauncherLink link_;
    std::map<ServerUid, wire::launcher::UsageSeen> last_usage_;
};

}  // namespace gk::runc
