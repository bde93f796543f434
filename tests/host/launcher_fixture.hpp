#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/host/rig.hpp"

namespace gk::host_test {

// Tests of what only the launcher can promise. Needs root.
class Launcher : public testing::Test {
protected:
    void SetUp() override {
        if (!is_root()) GTEST_SKIP() << "needs root";
        rig = std::make_unique<LauncherRig>();
    }
    Host& host() { return rig->host(); }
    Workbench& workbench() { return rig->workbench(); }
    DiskSpec disk(std::uint32_t slot, std::int64_t size = 32) const { return {.size = {size}, .slot = slot}; }
    // Runs a script as a game, to its end; what it wrote to /data/said.
    std::string said_by(ServerUid uid, std::uint32_t slot, const std::string& script) {
        EXPECT_OK(host().create_disk(uid, Host::Disk::live, disk(slot)));
        auto game = rig->game(uid);
        game.argv = {"/bin/sh", "-c", "exec > /data/said 2>&1; " + script};
        EXPECT_OK(host().launch(game, Epoch{1}));
        rig->wait_for_exit(uid);
        return read_text(rig->world(uid) + "/said");
    }
    Result<Workbench::Ended, RuntimeError> confined(const std::string& script, bool writes = false) {
        Workbench::Job run;
        run.server = one;
        run.disk = writes ? Host::Disk::staged : Host::Disk::live;
        run.may_write_world = writes;
        run.argv = {"sh", "-c", script};
        return rig->run(workbench().run(std::move(run)));
    }
    RuntimeError refused(server::LaunchSpec game) {
        const auto result = rig->run(host().launch(std::move(game), Epoch{1}));
        EXPECT_FALSE(result);
        return result ? RuntimeError{} : result.error();
    }

    std::unique_ptr<LauncherRig> rig;
    ServerUid one = server(1);
    ServerUid two = server(2);
};

}  // namespace gk::host_test
