#include "wire/shim/spec.hpp"

#include <gtest/gtest.h>

namespace gk::wire::shim {
namespace {

Spec full_spec() {
    Spec spec;
    spec.epoch = Epoch{7};
    spec.server = *ServerUid::parse("0190c1b2-0000-4000-8000-0000000000aa");
    spec.name = "default/castle";
    spec.mode = Mode::runc;
    spec.program = {.argv = {"/usr/games/minetestserver", "--port", "30000"}, .env = {{"HOME", "/data"}}, .working_directory = "/data"};
    spec.container = {.runc = "/usr/sbin/runc", .root = "/run/r", .bundle = "/b", .id = "gk-1", .cgroup_root = "/sys/fs/cgroup", .cgroup = "/g/1"};
    spec.identity = Identity{.uid = 600001, .gid = 600001, .client_gid = 990};
    spec.terminal = true;
    spec.ready = {.log_pattern = "listening on", .target = {Query::minetest, "127.0.0.1", Port{30000}}, .timeout = Milliseconds(1)};
    spec.stop = {{.kind = Rung::Kind::command, .command = "/shutdown"}, {.command = {}, .signal = 2}};
    spec.console = {.kind = Console::Kind::econ, .target = {Query::none, "127.0.0.1", Port{9000}}, .password = "secret"};
    spec.quiesce = {.before = {"save-off", "save-all"}, .confirm_pattern = "Saved", .after = {"save-on"}};
    spec.players = {.target = {Query::teeworlds, "::1", Port{8303}}, .join_pattern = "a", .leave_pattern = "b"};
    return spec;
}

TEST(ShimSpec, ReadsBackWhatItWrote) {
    const auto spec = full_spec();

    const auto read = decode_spec(encode(spec));

    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, spec);
}

TEST(ShimSpec, RefusesEveryPrefixAndAnyTrailingByte) {
    auto bytes = encode(full_spec());

    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_spec(ByteSpan(bytes).first(size))) << size;
    bytes.push_back(std::byte{0});
    EXPECT_EQ(decode_spec(bytes).error(), ParseError::bad_length);
}

TEST(ShimSpec, RefusesAnUnknownEnumerator) {
    auto spec = full_spec();
    spec.mode = static_cast<Mode>(9);

    EXPECT_EQ(decode_spec(encode(spec)).error(), ParseError::bad_value);
}

TEST(ShimSpec, RefusesAnotherVersionAndAnotherFile) {
    auto newer = encode(full_spec());
    newer[4] = std::byte{2};
    auto foreign = encode(full_spec());
    foreign[0] = std::byte{'X'};

    EXPECT_EQ(decode_spec(newer).error(), ParseError::bad_version);
    EXPECT_EQ(decode_spec(foreign).error(), ParseError::not_ours);
}

}  // namespace
}  // namespace gk::wire::shim
