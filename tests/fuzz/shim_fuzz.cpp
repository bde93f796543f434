// What a shim and its clients accept is written back as the same bytes; what games answer is read without a fault.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.hpp"
#include "wire/probe/econ.hpp"
#include "wire/probe/minetest.hpp"
#include "wire/probe/teeworlds.hpp"
#include "wire/shim/game_files.hpp"
#include "wire/shim/program.hpp"
#include "wire/shim/protocol.hpp"
#include "wire/shim/spec.hpp"

namespace wire = gk::wire;

namespace {

void check_same(gk::ByteSpan read, const std::vector<std::byte>& written) {
    ASSERT(std::ranges::equal(read, written), "one meaning has one encoding");
}

void check_answers(gk::ByteSpan bytes) {
    (void)wire::probe::minetest::parse_peer_id(bytes);
    (void)wire::probe::teeworlds::parse_token(bytes, {});
    (void)wire::probe::teeworlds::parse_info(bytes, {});
    wire::probe::econ::Lines lines;
    lines.feed(gk::as_text(bytes));
    while (const auto line = lines.next()) ASSERT(line->size() <= wire::probe::econ::line_size_max, "lines are bounded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    if (const auto exit = wire::shim::decode_exit(bytes)) check_same(bytes, wire::shim::encode(*exit));
    if (const auto read = wire::shim::read_request(bytes); read && read->message)
        check_same(bytes.first(read->size), wire::shim::encode(*read->message));
    if (const auto read = wire::shim::read_program_order(bytes); read && read->message)
        check_same(bytes.first(read->size), wire::shim::encode(*read->message));
    if (const auto read = wire::shim::read_game_files_part(bytes); read && read->message)
        check_same(bytes.first(read->size), wire::shim::encode(*read->message));
    (void)wire::shim::read_from_program(bytes);
    (void)wire::shim::read_game_files_reply(bytes);
    if (const auto spec = wire::shim::decode_spec(bytes)) check_same(bytes, wire::shim::encode(*spec));
    (void)wire::shim::read_from_shim(bytes);
    check_answers(bytes);
    return 0;
}
