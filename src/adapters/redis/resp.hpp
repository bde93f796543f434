#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

// RESP3, the protocol of Redis (https://redis.io/docs/latest/develop/reference/protocol-spec): how commands are written and replies are read.
namespace gk::redis {

// Commands one behind the other, for one round trip.
class Commands {
public:
    void add(std::initializer_list<std::string_view> words);
    // One command of many words: "RPUSH", the key, the values.
    void add(const std::vector<std::string>& words);

    const std::string& text() const { return text_; }
    std::size_t count() const { return count_; }
    bool empty() const { return count_ == 0; }

private:
    void begin(std::size_t words);
    void word(std::string_view text);

    std::string text_;
    std::size_t count_ = 0;
};

struct Reply {
    enum class Kind : std::uint8_t { text, number, error, null, list, push };
    Kind kind = Kind::null;
    std::string text;      // Of an error: its sentence, the first word of which is its name. Of other scalars: as they were written.
    std::int64_t number = 0;
    std::vector<Reply> items;  // Of lists, sets and pushes; of maps, keys and values in turn.
};

// Takes one whole reply from the front of `bytes`; nothing, and takes nothing, while more is needed. The error is a sentence: nothing that follows
// can be read then.
Result<std::optional<Reply>, std::string> take_reply(std::string_view& bytes);

}  // namespace gk::redis
