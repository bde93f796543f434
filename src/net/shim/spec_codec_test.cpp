#include "net/shim/spec_codec.hpp"

#include <gtest/gtest.h>

namespace gk::net::shim {
namespace {

server::LaunchSpec toy() {
    server::LaunchSpec launch;
    launch.argv = {"/bin/toy", "--world", "/data/world", "--config=/data/c", "/database"};
    launch.env = {{"HOME", "/data"}, {"OTHER", "x/data"}};
    launch.ports = {{.role = "game", .protocol = Protocol::udp, .open = Port{1}, .bound = Port{30000}},
                    {.role = "econ", .protocol = Protocol::tcp, .open = Port{2}, .bound = Port{9000}, .internal = true}};
    launch.ready = {.log_pattern = "listening", .protocol = server::QueryProtocol::minetest};
    return launch;
}

TEST(SpecCodec, PutsTheWorldsFolderInPlaceOfDataWithoutASandbox) {
    const auto spec = to_wire(toy(), Epoch{1}, {.container = {}, .identity = {}, .world = "/w"});

    ASSERT_TRUE(spec.has_value());
    const std::vector<std::string> expected{"/bin/toy", "--world", "/w/world", "--config=/w/c", "/database"};
    EXPECT_EQ(spec->program.argv, expected);
    EXPECT_EQ(spec->program.env.at("HOME"), "/w");
    EXPECT_EQ(spec->program.env.at("OTHER"), "x/data");
    EXPECT_EQ(spec->program.working_directory, "/w");
}

TEST(SpecCodec, LeavesPathsAloneInASandbox) {
    const auto spec = to_wire(toy(), Epoch{1}, {.container = wire::shim::Container{}, .identity = {}, .world = "/w"});

    ASSERT_TRUE(spec.has_value());
    EXPECT_EQ(spec->mode, wire::shim::Mode::runc);
    EXPECT_EQ(spec->program.argv, toy().argv);
}

TEST(SpecCodec, AsksThePortThatTheGameBinds) {
    auto launch = toy();
    launch.bind_address = "192.0.2.1";
    launch.console = {.kind = server::Console::Kind::econ, .role = "econ", .secret = "econ"};

    const auto spec = to_wire(launch, Epoch{1}, {});

    ASSERT_TRUE(spec.has_value());
    EXPECT_EQ(spec->ready.target, (wire::shim::Target{wire::shim::Query::minetest, "192.0.2.1", Port{30000}}));
    EXPECT_EQ(spec->console.target, (wire::shim::Target{wire::shim::Query::none, "127.0.0.1", Port{9000}}));
}

TEST(SpecCodec, LeavesEverythingToThePodThatAGameRunsIn) {
    auto launch = toy();
    launch.argv = {"game", "--world=/data/world"};

    const auto spec = to_wire(launch, Epoch{1}, in_pod());

    ASSERT_TRUE(spec.has_value());
    EXPECT_EQ(spec->mode, wire::shim::Mode::direct);
    EXPECT_EQ(spec->identity, std::nullopt);
    EXPECT_EQ(spec->program.argv[1], "--world=/data/world");
    EXPECT_EQ(spec->program.working_directory, launch.working_directory);
    EXPECT_EQ(spec->program.memory_bytes_max, 0U);
}

TEST(SpecCodec, SeesNothingOfARunWhereAShimIsIdle) {
    EXPECT_EQ(to_domain(wire::shim::Status{.phase = wire::shim::Phase::idle, .names = {}, .exit = {}}), Seen{});
    const wire::shim::Exit lost{.cause = wire::shim::Cause::lost, .signal = {}, .code = {}, .tail = {}};
    const auto seen = to_domain(wire::shim::Status{.phase = wire::shim::Phase::exited, .names = {}, .exit = lost});
    EXPECT_EQ(seen.process, Seen::Process::exited);
    EXPECT_EQ(seen.exit->cause, server::ExitCause::lost);
}

TEST(SpecCodec, RefusesWhatTheShimCouldNotDo) {
    auto no_port = toy();
    no_port.ready.role = "query";
    auto rcon = toy();
    rcon.console.kind = server::Console::Kind::rcon;
    auto huge = toy();
    huge.env["X"] = std::string(300'000, 'x');

    for (const auto& launch : {no_port, rcon, huge}) {
        const auto spec = to_wire(launch, Epoch{1}, {});
        ASSERT_FALSE(spec.has_value());
        EXPECT_EQ(spec.error().kind, RuntimeError::Kind::invalid);
    }
}

}  // namespace
}  // namespace gk::net::shim
