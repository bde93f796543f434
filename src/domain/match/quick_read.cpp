#include "domain/match/quick_read.hpp"

#include <charconv>
#include <concepts>
#include <cstdint>
#include <map>
#include <type_traits>

namespace gk::match {
namespace {

// A place in the text. Every reader moves it behind what it has read, and returns false where the text is not what we write.
class Cursor {
public:
    explicit Cursor(std::string_view text) : rest_(text) {}

    bool is_at_end() const { return rest_.empty(); }
    bool take(std::string_view word) {
        if (!rest_.starts_with(word)) return false;
        rest_.remove_prefix(word.size());
        return true;
    }
    char next() const { return rest_.empty() ? '\0' : rest_.front(); }

    bool read(std::string& out) {
        std::string_view text;
        if (!read(text)) return false;
        out = text;
        return true;
    }
    bool read(bool& out) {
        out = take("true");
        return out || take("false");
    }
    bool read(Time& out) { return read_as(parse_rfc3339, out); }
    template <class Tag>
    bool read(Id<Tag>& out) {
        return read_as(Id<Tag>::parse, out);
    }
    template <class E>
        requires std::is_enum_v<E>
    bool read(E& out) {
        return read_as(from_name<E>, out);
    }
    template <class Number>
        requires(std::is_arithmetic_v<Number> && !std::same_as<Number, bool>)
    bool read(Number& out) {
        // What from_chars takes beyond JSON ("inf", "nan") begins otherwise.
        if (next() != '-' && (next() < '0' || next() > '9')) return false;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
        if (error != std::errc()) return false;
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return true;
    }
    bool read(std::vector<std::string>& out) {
        return read_list("[", "]", [&] { return read(out.emplace_back()); });
    }
    template <class T>
    bool read(std::map<std::string, T>& out) {
        return read_list("{", "}", [&] {
            std::string name;
            if (!read(name) || !take(":")) return false;
            // In their order, and none twice.
            if (!out.empty() && name <= out.rbegin()->first) return false;
            return read(out.emplace_hint(out.end(), std::move(name), T())->second);
        });
    }
    bool read(AttributeValue& out) {
        switch (next()) {
        case '"': return read(out.emplace<std::string>());
        case '[': return read(out.emplace<std::vector<std::string>>());
        case '{': return read(out.emplace<std::map<std::string, double>>());
        default: return read(out.emplace<double>());
        }
    }
    bool read(Player& out) {
        if (!take(R"({"id":)") || !read(out.id)) return false;
        if (take(R"(,"attributes":)") && !read(out.attributes)) return false;
        if (take(R"(,"latencies":)") && !read(out.latencies)) return false;
        if (take(R"(,"blocked":)") && !read(out.blocked)) return false;
        return take("}");
    }
    bool read(std::vector<Player>& out) {
        return read_list("[", "]", [&] { return read(out.emplace_back()); });
    }
    bool read(Member& out) {
        return take(R"({"player":)") && read(out.player) && take(R"(,"ticket":)") && read(out.ticket) && take(R"(,"team":)") && read(out.team) &&
               read_if(R"(,"accepted":)", out.accepted) && read_if(R"(,"left_at":)", out.left_at) && read_if(R"(,"told_at":)", out.told_at) &&
               read_if(R"(,"answer_by":)", out.answer_by) && take("}");
    }
    bool read(std::vector<Member>& out) {
        return read_list("[", "]", [&] { return read(out.emplace_back()); });
    }
    bool read(MatchServer& out) {
        return take(R"({"name":)") && read(out.name) && take(R"(,"host":)") && read(out.host) && take(R"(,"port":)") && read(out.port) && take("}");
    }
    bool read(Match& out) {
        std::int64_t epoch = 0;
        const bool is_read = take(R"({"id":)") && read(out.id) && take(R"(,"tenant":)") && read(out.tenant) && take(R"(,"queue":)") &&
                             read(out.queue) && take(R"(,"state":)") && read(out.state) && take(R"(,"members":)") && read(out.members) &&
                             read_if(R"(,"region":)", out.region) && take(R"(,"quality":)") && read(out.quality) &&
                             read_if(R"(,"server":)", out.server) && read_if(R"(,"join_tokens":)", out.join_tokens) && take(R"(,"attempts":)") &&
                             read(out.attempts) && read_if(R"(,"deadline":)", out.deadline) && read_if(R"(,"kept_at":)", out.kept_at) &&
                             read_if(R"(,"kept_since":)", out.kept_since) && take(R"(,"claimed_at":)") && read(out.claimed_at) &&
                             read_if(R"(,"assigned_at":)", out.assigned_at) && read_if(R"(,"ended_at":)", out.ended_at) &&
                             read_if(R"(,"end_reason":)", out.end_reason) && take(R"(,"epoch":)") && read(epoch) && epoch >= 0 && take("}");
        out.epoch = static_cast<Epoch>(epoch);
        return is_read;
    }

private:
    bool read(std::string_view& out) {
        if (!take("\"")) return false;
        std::size_t size = 0;
        while (size < rest_.size() && is_plain(rest_[size])) ++size;
        if (size == rest_.size() || rest_[size] != '"') return false;
        out = rest_.substr(0, size);
        rest_.remove_prefix(size + 1);
        return true;
    }
    template <class Parse, class T>
    bool read_as(Parse parse, T& out) {
        std::string_view text;
        if (!read(text)) return false;
        const auto value = parse(text);
        if (value) out = *value;
        return value.has_value();
    }
    // A member that need not be there.
    template <class T>
    bool read_if(std::string_view name, T& out) {
        return !take(name) || read(out);
    }
    template <class T>
    bool read_if(std::string_view name, std::optional<T>& out) {
        return !take(name) || read(out.emplace());
    }

    static bool is_plain(char c) { return c >= ' ' && c != '"' && c != '\\' && c != '\x7f'; }

    template <class Item>
    bool read_list(std::string_view begin, std::string_view end, Item item) {
        if (!take(begin)) return false;
        if (take(end)) return true;
        do {
            if (!item()) return false;
        } while (take(","));
        return take(end);
    }

    std::string_view rest_;
};

template <class T>
std::optional<T> read_whole(std::string_view json) {
    std::optional<T> out(std::in_place);
    Cursor cursor(json);
    if (!cursor.read(*out) || !cursor.is_at_end()) out.reset();
    return out;
}

}  // namespace

std::optional<std::vector<Player>> quick_players(std::string_view json) { return read_whole<std::vector<Player>>(json); }

std::optional<std::vector<std::string>> quick_names(std::string_view json) { return read_whole<std::vector<std::string>>(json); }

std::optional<Match> quick_match(std::string_view json) { return read_whole<Match>(json); }

}  // namespace gk::match
