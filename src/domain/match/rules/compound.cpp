#include "domain/match/rules/compound.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::match {
namespace {

constexpr int depth_max = 16;

class StatementReader {
public:
    StatementReader(std::string_view source, const std::vector<std::string>& names) : rest_(trimmed(source)), names_(names) {}

    Result<Compound, std::string> read() {
        TRY_OK(node(0));
        if (!rest_.empty()) return std::unexpected(fmt::format("'{}' stands behind the end of the statement", rest_));
        if (compound_.nodes.back().word == Compound::Word::rule)
            return std::unexpected(std::string("a statement joins rules by and(), or(), not() or xor()"));
        return std::move(compound_);
    }

private:
    static constexpr auto words = std::to_array<std::pair<std::string_view, Compound::Word>>(
        {{"and", Compound::Word::all}, {"or", Compound::Word::any}, {"not", Compound::Word::none}, {"xor", Compound::Word::exactly_one}});

    bool take(char mark) {
        if (!rest_.starts_with(mark)) return false;
        rest_ = trimmed(rest_.substr(1));
        return true;
    }

    // Its place in the list of nodes.
    Result<std::size_t, std::string> node(int depth) {
        if (depth > depth_max) return std::unexpected(fmt::format("the statement nests more than {} words: cut it into several rules", depth_max));
        const auto end = std::min(rest_.find_first_of("(),"), rest_.size());
        const auto word = trimmed(rest_.substr(0, end));
        rest_ = trimmed(rest_.substr(end));
        if (!rest_.starts_with('(')) return leaf(word);
        const auto known = std::ranges::find(words, word, &std::pair<std::string_view, Compound::Word>::first);
        if (known == words.end()) return std::unexpected(fmt::format("'{}' is none of and, or, not, xor", word));
        return join(known->second, word, depth);
    }

    Result<std::size_t, std::string> leaf(std::string_view name) {
        const auto found = std::ranges::find(names_, name);
        if (name.empty()) return std::unexpected(std::string("the name of a rule is missing in the statement"));
        if (found == names_.end()) {
            const std::vector<std::string_view> known(names_.begin(), names_.end());
            const auto near = nearest(name, known);
            return std::unexpected(fmt::format("there is no rule '{}'{}", name, near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
        }
        compound_.nodes.push_back({.word = Compound::Word::rule, .rule = static_cast<std::size_t>(found - names_.begin()), .parts = {}});
        return compound_.nodes.size() - 1;
    }

    Result<std::size_t, std::string> join(Compound::Word word, std::string_view name, int depth) {
        Compound::Node joined{.word = word, .rule = 0, .parts = {}};
        std::ignore = take('(');
        do {
            TRY(part, node(depth + 1));
            joined.parts.push_back(part);
        } while (take(','));
        if (!take(')')) return std::unexpected(fmt::format("')' of {}() is missing", name));
        if (word == Compound::Word::none && joined.parts.size() != 1) return std::unexpected(std::string("not() takes one rule"));
        if (word != Compound::Word::none && joined.parts.size() < 2) return std::unexpected(fmt::format("{}() takes at least two rules", name));
        compound_.nodes.push_back(std::move(joined));
        return compound_.nodes.size() - 1;
    }

    std::string_view rest_;
    const std::vector<std::string>& names_;
    Compound compound_;
};

}  // namespace

Result<Compound, std::string> parse_statement(std::string_view source, const std::vector<std::string>& rule_names) {
    return StatementReader(source, rule_names).read();
}

}  // namespace gk::match
