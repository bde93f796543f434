#include "domain/match/rules/words.hpp"

namespace gk::match {

Word Words::hold(std::string_view text) {
    if (const auto found = by_text_.find(text); found != by_text_.end()) {
        ++entries_[static_cast<std::size_t>(found->second)].holders;
        return found->second;
    }
    auto word = static_cast<Word>(entries_.size());
    if (free_.empty()) {
        entries_.emplace_back();
    } else {
        word = free_.back();
        free_.pop_back();
    }
    auto& entry = entries_[static_cast<std::size_t>(word)];
    entry.text = text;
    entry.holders = 1;
    by_text_.emplace(entry.text, word);
    return word;
}

void Words::let_go(Word word) {
    auto& entry = entries_[static_cast<std::size_t>(word)];
    if (--entry.holders > 0) return;
    by_text_.erase(entry.text);
    free_.push_back(word);
}

}  // namespace gk::match
