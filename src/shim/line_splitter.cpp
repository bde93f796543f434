#include "shim/line_splitter.hpp"

#include <algorithm>
#include <cstdint>

#include "base/text.hpp"

namespace gk::shim {

namespace {
constexpr char escape = 0x1b;
constexpr char bell = 0x07;
constexpr std::string_view replacement = "\xef\xbf\xbd";

std::size_t sequence_length(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead < 0xc2) return 0;
    if (lead < 0xe0) return 2;
    if (lead < 0xf0) return 3;
    return lead < 0xf5 ? 4 : 0;
}

bool is_control(std::string_view character) {
    if (character.size() == 1) return character != "\t" && (static_cast<unsigned char>(character[0]) < 0x20 || character[0] == 0x7f);
    return character.size() == 2 && character[0] == '\xc2' && static_cast<unsigned char>(character[1]) < 0xa0;
}
}  // namespace

void LineSplitter::feed(std::string_view bytes) {
    for (const char c : bytes) take(c);
}

void LineSplitter::finish() {
    state_ = State::text;
    if (!line_.empty()) end_line();
}

void LineSplitter::take(char c) {
    switch (state_) {
    case State::text: return take_text(c);
    case State::escape: return take_escape(c);
    case State::sequence:  // ESC [ parameters, then one letter or sign from '@' on.
        if (c >= '@' && c <= '~') state_ = State::text;
        if (c == '\n') end_line();
        return;
    case State::string:  // ESC ] and the like: up to BEL or ESC \. An end of line ends it too, lest a lone one swallow the log.
        if (c == bell || c == '\n') state_ = State::text;
        if (c == escape) state_ = State::string_escape;
        if (c == '\n') end_line();
        return;
    case State::string_escape: state_ = State::text; return;
    }
}

void LineSplitter::take_text(char c) {
    const bool after_return = after_return_;
    after_return_ = false;
    if (c == '\n') {
        if (!after_return) end_line();
    } else if (c == '\r') {
        end_line();
        after_return_ = true;
    } else if (c == escape) {
        state_ = State::escape;
    } else if (c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f)) {
        line_.push_back(c);
        if (line_.size() == line_bytes_max) end_line();
    }
}

void LineSplitter::take_escape(char c) {
    if (c == '[') {
        state_ = State::sequence;
    } else if (c == ']' || c == 'P' || c == '^' || c == '_') {
        state_ = State::string;
    } else if (static_cast<unsigned char>(c) >= 0x20 && c < '0') {
        state_ = State::escape;  // An intermediate character, as in ESC ( B.
    } else {
        state_ = State::text;
        if (c == '\n') end_line();
    }
}

void LineSplitter::end_line() {
    state_ = State::text;
    if (is_utf8(line_) && line_.find('\xc2') == std::string::npos) {
        sink_(line_);
    } else {
        sink_(plain_text(line_));
    }
    line_.clear();
}

std::string plain_text(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto length = sequence_length(static_cast<unsigned char>(text.front()));
        const auto character = text.substr(0, std::max<std::size_t>(length, 1));
        if (length == 0 || character.size() < length || !is_utf8(character)) {
            out += replacement;
            text.remove_prefix(1);
            continue;
        }
        if (!is_control(character)) out += character;
        text.remove_prefix(length);
    }
    return out;
}

}  // namespace gk::shim
