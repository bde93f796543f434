#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gk::match {

// A string that stands in a table once, so that the search compares numbers. Equal strings are equal words, as long as somebody holds them.
enum class Word : std::uint32_t {};

// The strings of all who wait. Held by count: what players bring along does not stay when they have gone.
class Words {
public:
    Word hold(std::string_view text);
    void let_go(Word word);
    std::string_view text(Word word) const { return entries_[static_cast<std::size_t>(word)].text; }
    std::size_t size() const { return by_text_.size(); }

private:
    struct Entry {
        std::string text;
        std::uint32_t holders = 0;
    };
    std::deque<Entry> entries_;  // Never moved: the keys below look into them.
    std::vector<Word> free_;
    std::unordered_map<std::string_view, Word> by_text_;
};

}  // namespace gk::match
