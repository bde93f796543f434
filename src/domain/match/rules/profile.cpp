#include "domain/match/rules/profile.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

namespace gk::match {
namespace {

std::string_view article_name(AttributeType type) {
    switch (type) {
    case AttributeType::number: return "a number";
    case AttributeType::string: return "a string";
    case AttributeType::string_list: return "a list of strings";
    case AttributeType::string_number_map: return "a map of numbers";
    }
    return "";
}

AttributeValue value_of(const Value& fallback, AttributeType type) {
    const auto number = [](const Value& v) { return v.as_int() != nullptr ? static_cast<double>(*v.as_int()) : *v.as_double(); };
    switch (type) {
    case AttributeType::number: return number(fallback);
    case AttributeType::string: return *fallback.as_string();
    case AttributeType::string_list: {
        std::vector<std::string> list;
        for (const auto& item : *fallback.as_array()) list.push_back(*item.as_string());
        return list;
    }
    case AttributeType::string_number_map: {
        std::map<std::string, double> map;
        for (const auto& [key, item] : *fallback.as_object()) map.emplace(key, number(item));
        return map;
    }
    }
    return 0.0;
}

// Holds words; lets go of them again when the ticket turns out to lack something.
class WordHolder {
public:
    explicit WordHolder(Words& words) : words_(words) {}
    ~WordHolder() {
        for (const auto word : held_) words_.let_go(word);
    }
    WordHolder(const WordHolder&) = delete;
    WordHolder& operator=(const WordHolder&) = delete;

    Word hold(std::string_view text) { return held_.emplace_back(words_.hold(text)); }
    // What a list would hold twice is held once.
    void keep_each_once(std::vector<Word>& list) {
        std::ranges::sort(list);
        for (std::size_t i = 1; i < list.size(); ++i) {
            if (list[i] == list[i - 1]) drop(list[i]);
        }
        list.erase(std::ranges::unique(list).begin(), list.end());
    }
    void drop(Word word) {
        words_.let_go(word);
        held_.erase(std::ranges::find(held_, word));
    }
    void keep() { held_.clear(); }

private:
    Words& words_;
    std::vector<Word> held_;
};

class ProfileReader {
public:
    ProfileReader(const Ticket& ticket, const ProfileReading& reading, Words& words) : ticket_(ticket), reading_(reading), words_(words) {}

    Result<Profile, std::string> read() {
        profile_.width = static_cast<std::uint32_t>(ticket_.players.size());
        profile_.priority = ticket_.priority;
        profile_.joined_at = ticket_.joined_at;
        for (const auto& column : reading_.columns.numbers) TRY_OK(read_number(column));
        for (const auto& column : reading_.columns.texts) TRY_OK(read_text(column));
        for (const auto& column : reading_.columns.lists) TRY_OK(read_list(column));
        for (const auto& column : reading_.columns.each_lists) TRY_OK(read_each_list(column));
        for (const auto& column : reading_.columns.maps) TRY_OK(read_map(column));
        for (const auto party : reading_.columns.latencies) TRY_OK(read_latencies(party));
        profile_.regions = joined(latencies(), PartyAggregation::max);
        for (const auto& player : ticket_.players) {
            profile_.players.push_back(words_.hold(player.id));
            for (const auto& other : player.blocked) profile_.blocked.push_back(words_.hold(other));
        }
        words_.keep_each_once(profile_.blocked);
        words_.keep();
        return std::move(profile_);
    }

private:
    // The attribute of each player, or of the document's default.
    template <class T>
    Result<std::vector<T>, std::string> values(const std::string& attribute) {
        const auto declared = std::ranges::find(reading_.attributes, attribute, &PlayerAttribute::name);
        std::vector<T> out;
        for (const auto& player : ticket_.players) {
            const auto found = player.attributes.find(attribute);
            if (found == player.attributes.end() && !declared->fallback)
                return std::unexpected(fmt::format("the rules look at '{}', which player '{}' does not bring: give its attributes.{}, {}", attribute,
                                                   player.id, attribute, article_name(declared->type)));
            const auto value = found != player.attributes.end() ? found->second : value_of(*declared->fallback, declared->type);
            const auto* typed = std::get_if<T>(&value);
            if (typed == nullptr)
                return std::unexpected(
                    fmt::format("'{}' of player '{}' is not what the rules expect: write {}", attribute, player.id, article_name(declared->type)));
            out.push_back(*typed);
        }
        return out;
    }

    Result<Success, std::string> read_number(const Columns::Number& column) {
        TRY(each, values<double>(column.attribute));
        if (column.party) each.assign(1, aggregate(each, *column.party));
        profile_.numbers.add(each);
        return Success{};
    }

    Result<Success, std::string> read_text(const std::string& attribute) {
        TRY(each, values<std::string>(attribute));
        std::vector<Word> row;
        for (const auto& text : each) row.push_back(words_.hold(text));
        profile_.texts.add(row);
        return Success{};
    }

    std::vector<Word> each_once(const std::vector<std::string>& list) {
        std::vector<Word> row;
        for (const auto& text : list) row.push_back(words_.hold(text));
        words_.keep_each_once(row);
        return row;
    }

    Result<Success, std::string> read_list(const Columns::List& column) {
        TRY(each, values<std::vector<std::string>>(column.attribute));
        std::vector<std::string> together;
        for (const auto& list : each) together.insert(together.end(), list.begin(), list.end());
        if (column.party == PartyLists::as_intersection) {
            std::erase_if(together, [&](const std::string& text) {
                return !std::ranges::all_of(each, [&](const auto& list) { return std::ranges::find(list, text) != list.end(); });
            });
        }
        profile_.lists.add(each_once(together));
        return Success{};
    }

    Result<Success, std::string> read_each_list(const std::string& attribute) {
        TRY(each, values<std::vector<std::string>>(attribute));
        auto& rows = profile_.each_lists.emplace_back();
        for (const auto& list : each) rows.add(each_once(list));
        return Success{};
    }

    std::vector<MapEntry> joined(const std::vector<std::map<std::string, double>>& each, PartyAggregation party) {
        std::vector<MapEntry> row;
        for (const auto& [key, value] : each.front()) {
            std::vector<double> of_all;
            for (const auto& map : each) {
                if (const auto found = map.find(key); found != map.end()) of_all.push_back(found->second);
            }
            if (of_all.size() == each.size()) row.push_back({.key = words_.hold(key), .value = aggregate(of_all, party)});
        }
        std::ranges::sort(row, {}, &MapEntry::key);
        return row;
    }

    Result<Success, std::string> read_map(const Columns::Map& column) {
        TRY(each, (values<std::map<std::string, double>>(column.attribute)));
        profile_.maps.add(joined(each, column.party));
        return Success{};
    }

    Result<Success, std::string> read_latencies(PartyAggregation party) {
        for (const auto& player : ticket_.players) {
            if (player.latencies.empty())
                return std::unexpected(
                    fmt::format("the rules look at latencies, and player '{}' has measured none: give its latencies, "
                                "milliseconds to each region",
                                player.id));
        }
        profile_.latencies.add(joined(latencies(), party));
        return Success{};
    }

    std::vector<std::map<std::string, double>> latencies() const {
        std::vector<std::map<std::string, double>> each;
        for (const auto& player : ticket_.players) each.emplace_back(player.latencies.begin(), player.latencies.end());
        return each;
    }

    const Ticket& ticket_;
    const ProfileReading& reading_;
    WordHolder words_;
    Profile profile_;
};

}  // namespace

double aggregate(std::span<const double> values, PartyAggregation how) {
    switch (how) {
    case PartyAggregation::min: return std::ranges::min(values);
    case PartyAggregation::max: return std::ranges::max(values);
    case PartyAggregation::avg: break;
    }
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Result<Profile, std::string> read_profile(const Ticket& ticket, const ProfileReading& reading, Words& words) {
    if (ticket.players.empty()) return std::unexpected(std::string("a ticket has at least one player"));
    return ProfileReader(ticket, reading, words).read();
}

void release_words(const Profile& profile, Words& words) {
    for (const auto word : profile.texts.all()) words.let_go(word);
    for (const auto word : profile.lists.all()) words.let_go(word);
    for (const auto& rows : profile.each_lists) {
        for (const auto word : rows.all()) words.let_go(word);
    }
    for (const auto& entry : profile.maps.all()) words.let_go(entry.key);
    for (const auto& entry : profile.latencies.all()) words.let_go(entry.key);
    for (const auto& entry : profile.regions) words.let_go(entry.key);
    for (const auto word : profile.players) words.let_go(word);
    for (const auto word : profile.blocked) words.let_go(word);
}

}  // namespace gk::match
