// Lines of a match: however the bytes are cut, the same lines come out, none longer than allowed, and every length stays within its bounds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "wire/match/line_reader.hpp"
#include "wire/match/protocol.hpp"

namespace {

using namespace gk::wire::match;

std::vector<std::string> lines_of(std::string_view bytes, std::size_t piece) {
    LineReader reader(line_bytes_max);
    std::vector<std::string> out;
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
        auto rest = bytes.substr(0, piece);
        while (const auto line = reader.next(rest)) out.emplace_back(*line);
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto lines = lines_of(bytes, std::max<std::size_t>(size, 1));
    ASSERT(lines == lines_of(bytes, 1) && lines == lines_of(bytes, 7), "pieces make no difference");
    for (const auto& line : lines) {
        ASSERT(line.size() <= line_bytes_max && line.find('\n') == std::string::npos, "a line is one line");
        const auto request = parse_request(line);
        ASSERT((request.verb == Verb::request_match) == (request.length.count() > 0), "only a match has a length");
        ASSERT(request.length <= length_most, "and a bounded one");
        const auto reply = parse_reply(line);
        ASSERT(reply.length.count() >= 0 && reply.length <= length_most, "also for clients");
    }
    return 0;
}
