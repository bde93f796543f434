#pragma once

#include <string>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include "adapters/process/plain_host.hpp"
#include "adapters/runc/launcher_host.hpp"
#include "adapters/system/clock.hpp"
#include "async/run.hpp"
#include "launcher/options.hpp"
#include "ports/host.hpp"
#include "ports/workbench.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::host_test {

// Apart from an installation on the same machine, and from other runs of these tests.
inline const std::uint32_t uid_base = 710'000 + static_cast<std::uint32_t>(::getpid() % 1000) * 1000;

inline bool is_root() { return ::getuid() == 0; }

// One host on a state folder of its own; at the end nothing of it is left, and a test fails when something is.
class Rig {
public:
    Rig();
    virtual ~Rig();
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    virtual Host& host() = 0;
    virtual Workbench& workbench() = 0;
    // Where this host's games find the program gk-toy-game, and where they see their world.
    virtual std::string toy() const = 0;

    template <class T>
    T run(Task<T> task) {
        return async::run_until_done(io, std::move(task));
    }
    std::string folder(ServerUid uid) const { return state + "/servers/" + uid.text(); }
    std::string world(ServerUid uid, Host::Disk which = Host::Disk::live) const {
        return folder(uid) + (which == Host::Disk::live ? "/live/data" : "/staged/data");
    }
    server::LaunchSpec game(ServerUid uid, std::vector<std::string> arguments = {}) const;
    // Waits until the shim has written how the game ended.
    void wait_for_exit(ServerUid uid) const;
    // Waits until the game has printed it.
    void wait_for_line(ServerUid uid, const std::string& text) const;

    const test::TemporaryDirectory directory;
    const std::string state = directory.path();
    boost::asio::io_context io;
    system::SystemClock clock{io.get_executor()};
};

// A launcher in a process of its own, as root, and the host that talks to it.
class LauncherRig final : public Rig {
public:
    LauncherRig();
    ~LauncherRig() override;
    Host& host() override { return *host_; }
    Workbench& workbench() override { return *host_; }
    std::string toy() const override { return "/games/toy/gk-toy-game"; }

    // Ends the launcher as a crash would, and starts another one.
    void restart_launcher();
    // Ends it as the control plane does, by hanging up; afterwards there is no host until the next one starts.
    void end_launcher();
    void start_launcher();
    bool has_firewall_rules() const;
    // Ends the launcher and starts one that the host does not talk to; the control plane's end of its socket.
    int connect_launcher_anew();
    launcher::Options options;
    std::uint16_t api_port = 0;  // Listened to, and closed to games.

private:
    void stop_launcher(int signal);
    int connect_launcher();
    std::unique_ptr<runc::LauncherHost> host_;
    pid_t launcher_ = -1;
    int api_ = -1;
};

class PlainRig final : public Rig {
public:
    PlainRig();
    ~PlainRig() override;
    Host& host() override { return *host_; }
    Workbench& workbench() override { return *host_; }
    std::string toy() const override;

private:
    std::unique_ptr<process::PlainHost> host_;
};

template <class T>
std::string text_of(const Result<T, RuntimeError>& result) {
    return result ? "ok" : result.error().detail;
}
// Runs a task that must succeed on the fixture's `rig`.
#define EXPECT_OK(expression)                                                         \
    do {                                                                              \
        const auto seen_ = rig->run(expression);                                      \
        EXPECT_TRUE(seen_) << #expression << ": " << ::gk::host_test::text_of(seen_); \
    } while (false)

ServerUid server(std::uint32_t slot);
std::string read_text(const std::string& path);
void write_text(const std::string& path, const std::string& text);
// Processes whose command line contains the text.
std::vector<pid_t> processes_naming(const std::string& text);
std::vector<pid_t> processes_of_user(std::uint32_t uid);
// Returns when the file is there.
void wait_for_file(const std::string& path);

}  // namespace gk::host_test
