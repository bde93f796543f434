#pragma once

#include <map>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/runc/launcher_link.hpp"
#include "adapters/runc/use.hpp"
#include "ports/clock.hpp"
#include "ports/host.hpp"

namespace gk::runc {

// What the launcher was told too (launcher/options.hpp).
struct MachineOptions {
    std::string state;  // Servers are folders below <state>/servers.
    std::string shim;
    std::string runc;
    std::map<std::string, std::string> confined_programs;
    std::string cgroup_root;
    std::string cgroup_parent;
};

// Games in runc's containers on disk images, made by the launcher (src/launcher), which is root. What needs no root is done here.
class LauncherHost final : public Host, public Workbench {
public:
    template <class T>
    using Answer = Host::Answer<T>;

    // Takes the descriptor of the connected socket. The launcher should outlive the host; when it does not, every call that needs it is
    // `unavailable`.
    LauncherHost(boost::asio::any_io_executor executor, Clock& clock, int socket, MachineOptions options);

    Answer<Disks> disks(ServerUid uid) override;
    Answer<Success> create_disk(ServerUid uid, Disk which, DiskSpec spec) override;
    Answer<Success> remove_disk(ServerUid uid, Disk which) override;
    Answer<Success> switch_disk(ServerUid uid) override;
    Answer<Success> launch(server::LaunchSpec spec, Epoch epoch) override;
    Answer<Success> kill(ServerUid uid) override;
    Answer<Success> clean(ServerUid uid) override;
    Answer<Success> forget(ServerUid uid) override;
    Answer<std::vector<ServerUid>> list() override;
    Answer<server::Usage> usage(ServerUid uid) override;
    Answer<int> open_files(ServerUid uid) override;
    Answer<std::vector<std::string>> shortcomings() override;

    // An edge that may speak to games from players' addresses, on so many loops (0: one for each processor). It relays when this returns.
    Answer<Success> start_edge(unsigned loops);

    Answer<Ended> run(Job job) override;
    Answer<Success> own_world(ServerUid uid, Disk which, std::uint32_t slot) override;

private:
    struct Measurement {
        Time at{};
        MebiBytes size{};
    };
    std::string folder(ServerUid uid) const;
    // Of a world without an image; every file is looked at, so not more often than once a minute.
    Answer<MebiBytes> measured(ServerUid uid);

    Clock& clock_;
    MachineOptions options_;
    LauncherLink link_;
    GroupReader groups_;
    std::map<ServerUid, Measurement> measurements_;
};

}  // namespace gk::runc
