#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/process/child.hpp"
#include "ports/host.hpp"

namespace gk::process {

struct PlainOptions {
    std::filesystem::path state;  // Servers are folders below <state>/servers.
    std::filesystem::path shim;   // The program gk-shim.
    std::filesystem::path files_server;  // Run as `PROGRAM files-server --fd 3 --root WORLD`; the gamekeeper binary.
    std::map<std::string, std::filesystem::path> confined_programs = {{"restic", "/usr/bin/restic"}};
};

// A host without root: every game is a process of our own user. Worlds are folders, limits are rlimits, and a game can read what we can:
// for trying out and for development. shortcomings() says so.
class PlainHost final : public Host, public Workbench {
public:
    template <class T>
    using Answer = Host::Answer<T>;

    PlainHost(boost::asio::any_io_executor executor, Clock& clock, PlainOptions options);

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

    Answer<Ended> run(Job job) override;
    Answer<Success> own_world(ServerUid uid, Disk which, std::uint32_t slot) override;

private:
    struct Sample {
        Time at{};
        Milliseconds cpu{};
    };
    struct Measurement {
        Time at{};
        MebiBytes size{};
    };
    std::filesystem::path folder(ServerUid uid) const { return options_.state / "servers" / uid.text(); }
    std::filesystem::path disk(ServerUid uid, Disk which) const { return folder(uid) / (which == Disk::live ? "live" : "staged"); }
    std::filesystem::path world(ServerUid uid, Disk which) const { return disk(uid, which) / "data"; }
    std::filesystem::path run_folder(ServerUid uid) const;
    bool shim_lives(ServerUid uid) const;
    bool has_exited(ServerUid uid) const;
    Result<Success, RuntimeError> prepare_run(const server::LaunchSpec& spec, Epoch epoch) const;
    Result<Success, RuntimeError> finish_switch(ServerUid uid) const;
    Answer<Success> start_shim(ServerUid uid);
    // Returns when everything in the world is on the machine's disk.
    Answer<Success> sync_world(std::filesystem::path world);
    // Of the world's files; every one is looked at, so not more often than once a minute.
    Task<MebiBytes> measured(ServerUid uid);

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    PlainOptions options_;
    Reaper reaper_;
    std::map<ServerUid, Sample> last_usage_;
    std::map<ServerUid, Measurement> measurements_;
    std::uint64_t runs_ = 0;  // Names working folders.
};

}  // namespace gk::process
