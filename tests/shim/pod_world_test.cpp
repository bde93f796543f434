#include <gtest/gtest.h>

#include "tests/shim/pod_run.hpp"

namespace gk::pod_test {
namespace {

std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = as_byte_span(text);
    return {bytes.begin(), bytes.end()};
}

TEST(PodWorld, IsReadAndWrittenWhetherAGameRunsOrNot) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    const auto files = plane.link().files();
    const std::string large(5'000'000, 'x');

    ASSERT_TRUE(plane.wait(files->write(ServerUid{}, "a/small.txt", bytes_of("hello"))));
    ASSERT_TRUE(plane.run(pod.toy()));
    plane.until(Phase::ready);
    ASSERT_TRUE(plane.wait(files->write(ServerUid{}, "a/large.bin", bytes_of(large))));

    EXPECT_EQ(content(pod.volume / "data" / "a" / "small.txt"), "hello");
    EXPECT_EQ(as_text(plane.wait(files->read(ServerUid{}, "a/large.bin", 10'000'000)).value()), large);
    const auto listed = plane.wait(files->list(ServerUid{}, "a"));
    ASSERT_EQ(listed->size(), 2U);
    EXPECT_EQ(listed->front().name, "large.bin");
    EXPECT_EQ(listed->front().size, 5'000'000);
    EXPECT_TRUE(plane.wait(files->remove(ServerUid{}, "a", true)));
    EXPECT_FALSE(fs::exists(pod.volume / "data" / "a"));
}

TEST(PodWorld, IsAllThatFilesReach) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    const auto files = plane.link().files();
    fs::create_symlink(pod.key_file, pod.volume / "data" / "link");

    for (const auto* path : {"../log/x", "/etc/passwd", "link"}) {
        EXPECT_EQ(plane.wait(files->read(ServerUid{}, path, 100)).error().kind, FilesError::Kind::escapes) << path;
    }
}

// As one that does not command, who has heard of the shim's epoch just before it rose.
TEST(PodWorld, IsServedToWhoeverLearnsMeanwhileWhichEpochHolds) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod, Epoch{2});
    plane.link();

    const auto late = plane.files({Epoch{0}, Epoch{1}, Epoch{2}});
    const auto written = plane.wait(late->write(ServerUid{}, "late.txt", bytes_of("hello")));
    ASSERT_TRUE(written) << written.error().detail;
    EXPECT_EQ(content(pod.volume / "data" / "late.txt"), "hello");

    const auto replaced = plane.files({Epoch{1}});
    EXPECT_NE(plane.wait(replaced->write(ServerUid{}, "late.txt", bytes_of("gone"))).error().detail.find("epoch 1 has been replaced by 2"),
              std::string::npos);
    EXPECT_EQ(content(pod.volume / "data" / "late.txt"), "hello");
}

TEST(PodWorld, IsServedOnWhenTheGameEnds) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    ASSERT_TRUE(plane.link().run(pod.toy()));
    plane.until(Phase::ready);
    SealedPeer peer(pod.port, pod.key);
    peer.send(wire::shim::encode(wire::shim::Request{.id = 1, .epoch = Epoch{1}, .op = Op::files, .text = {}}));
    ASSERT_FALSE(peer.receive(1).empty());

    ASSERT_TRUE(plane.ask(Op::kill));
    plane.until(Phase::exited);
    peer.send(wire::files::to_frame(wire::files::Request{.operation = wire::files::Operation::list, .path = {}, .content = {}}));

    EXPECT_FALSE(peer.receive(1).empty());
}

// Free just now; should another program take it first, the game's log says so.
Port free_port() {
    const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    ::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return Port{ntohs(address.sin_port)};
}

TEST(PodWorld, OfMinetestIsMadeThroughThePortAndPlayed) {
    ASSERT_EQ(::access("/usr/games/minetestserver", X_OK), 0) << "tools/setup installs it";
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    const auto files = plane.link().files();
    ASSERT_TRUE(plane.wait(files->write(ServerUid{}, "w/world.mt", bytes_of("gameid = devtest\nbackend = sqlite3\n"))));
    ASSERT_TRUE(plane.wait(files->write(ServerUid{}, "c.conf", bytes_of("bind_address = 127.0.0.1\nserver_announce = false\n"))));
    const auto port = free_port();
    auto spec = pod.toy();
    spec.program.argv = {"/usr/games/minetestserver",
                         "--gameid",
                         "devtest",
                         "--world",
                         "w",
                         "--config",
                         "c.conf",
                         "--port",
                         std::to_string(std::to_underlying(port)),
                         "--logfile",
                         ""};
    spec.program.env["HOME"] = spec.program.working_directory;
    spec.console = {};
    spec.ready = {.log_pattern = "listening on", .target = {wire::shim::Query::minetest, "127.0.0.1", port}};

    ASSERT_TRUE(plane.run(spec));
    const auto ready = plane.until([](const auto& status) { return status.phase != Phase::starting; });
    EXPECT_EQ(ready.phase, Phase::ready);
    ASSERT_TRUE(plane.ask(Op::stop));

    EXPECT_EQ(plane.until(Phase::exited).exit->code, 0);
    const auto written = plane.wait(files->list(ServerUid{}, "w")).value();
    EXPECT_GT(written.size(), 1U) << "the game writes where it was told to";
}

std::string texts(const std::vector<LogLine>& lines) {
    std::string out;
    for (const auto& line : lines) out += line.line + "|";
    return out;
}

TEST(PodLog, IsReadByCursorAndFollowed) {
    PodRun pod;
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    ASSERT_TRUE(plane.link().run(pod.toy()));
    plane.until(Phase::ready);
    ASSERT_TRUE(plane.wait(net::shim::follow_log(*plane)));
    const auto before = (*plane)->status().log_end;
    const auto read = plane.wait(net::shim::logs(*plane, 0, 100)).value();
    ASSERT_FALSE(read.empty());
    EXPECT_NE(texts(read).find("ready|"), std::string::npos);

    ASSERT_TRUE(plane.ask(Op::command, "say one"));
    plane.until([before](const auto& status) { return status.log_end > before; });

    EXPECT_EQ(texts(plane.wait(net::shim::logs(*plane, read.back().cursor, 100)).value()), "one|");
    const auto last = plane.wait(net::shim::log_cursor_from_end(*plane, 1)).value();
    EXPECT_EQ(texts(plane.wait(net::shim::logs(*plane, last, 100)).value()), "one|");
    EXPECT_EQ(plane.wait(net::shim::logs(*plane, 0, 1)).value().size(), 1U);
}

TEST(PodLog, IsReadInPartsWhenItIsLong) {
    PodRun pod;
    fs::create_directory(pod.volume / "log");
    std::string log;
    for (int i = 0; i < 5000; ++i) log += fmt::format("2026-11-21T03:04:05.678Z line {}\n", i);
    put(pod.volume / "log" / layout::log_file_name(0), log);
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    plane.link();

    std::size_t lines = 0;
    for (std::uint64_t cursor = 0;;) {
        const auto part = plane.wait(net::shim::logs(*plane, cursor, 100'000)).value();
        if (part.empty()) break;
        lines += part.size();
        cursor = part.back().cursor;
    }

    EXPECT_EQ(lines, 5000U);
}

TEST(PodUse, IsThatOfItsOwnControlGroupAndVolume) {
    PodRun pod;
    put(pod.cgroup / "cpu.stat", "usage_usec 1234\n");
    put(pod.cgroup / "memory.current", "5000\n");
    put(pod.cgroup / "memory.stat", "inactive_file 1000\n");
    ASSERT_TRUE(pod.start());
    Plane plane(pod);
    plane.link();

    const auto use = plane.wait(net::shim::usage(*plane)).value();

    EXPECT_EQ(use.cpu_ns, 1'234'000U);
    EXPECT_EQ(use.memory_bytes, 4000U);
    EXPECT_GT(use.disk_bytes_max, use.disk_bytes);
}

}  // namespace
}  // namespace gk::pod_test
