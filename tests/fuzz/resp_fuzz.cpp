// Replies of Redis: whatever comes, the same replies are read however the bytes are cut, and nothing is taken of one that has not come whole.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/redis/resp.hpp"
#include "base/assert.hpp"

namespace {

using namespace gk::redis;

std::string shown(const Reply& reply) {
    auto text = std::to_string(static_cast<int>(reply.kind)) + " " + std::to_string(reply.number) + " " + reply.text + "[";
    for (const auto& item : reply.items) text += shown(item) + ",";
    return text + "]";
}

struct Read {
    std::vector<std::string> replies;
    bool is_wrong = false;
    bool operator==(const Read&) const = default;
};

// The bytes as they come, so many at a time, behind what was left of those before.
Read read_in(std::string_view bytes, std::size_t piece) {
    Read out;
    std::string held;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        held += bytes.substr(at, piece);
        std::string_view rest = held;
        for (;;) {
            const auto before = rest.size();
            const auto taken = take_reply(rest);
            if (!taken) {
                ASSERT(!taken.error().empty(), "an error is a sentence");
                out.is_wrong = true;
                return out;
            }
            if (!*taken) {
                ASSERT(rest.size() == before, "of half a reply nothing is taken");
                break;
            }
            ASSERT(rest.size() < before, "a reply has bytes");
            out.replies.push_back(shown(**taken));
        }
        held.erase(0, held.size() - rest.size());
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = read_in(bytes, size + 1);
    ASSERT(whole == read_in(bytes, 1) && whole == read_in(bytes, 7), "pieces make no difference");
    return 0;
}
