#include "domain/match/simulate/population.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <numeric>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::match {
namespace {

constexpr std::string_view party_trait = "party";
constexpr std::string_view latency_prefix = "latency.";
constexpr std::uint32_t party_most = 10;

template <class T>
using Read = Result<T, std::string>;

Read<double> read_number(std::string_view text) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size() && std::isfinite(number)) return number;
    return std::unexpected(fmt::format("'{}' is no number", text));
}

// Between commas that stand in no brackets.
std::vector<std::string_view> traits_in(std::string_view text) {
    std::vector<std::string_view> out;
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '(') ++depth;
        if (text[i] == ')') --depth;
        if (text[i] != ',' || depth > 0) continue;
        out.push_back(trimmed(text.substr(begin, i - begin)));
        begin = i + 1;
    }
    out.push_back(trimmed(text.substr(begin)));
    return out;
}

Read<Population::Pick> read_pick(std::string_view inside) {
    Population::Pick pick;
    for (const auto word : split(inside, ',')) {
        const auto colon = word.rfind(':');
        double weight = 1;
        if (colon != std::string_view::npos) {
            TRY(number, read_number(trimmed(word.substr(colon + 1))));
            weight = number;
        }
        const auto name = trimmed(word.substr(0, colon));
        if (name.empty() || weight <= 0) return std::unexpected(fmt::format("pick({}) needs words with weights above 0: pick(eu:3,us:1)", inside));
        pick.words.emplace_back(name, weight);
    }
    return pick;
}

Read<Population::Trait> read_trait(std::string_view text) {
    const auto equals = text.find('=');
    const auto open = text.find('(');
    if (equals == std::string_view::npos || equals == 0 || open == std::string_view::npos || open < equals || text.back() != ')')
        return std::unexpected(
            fmt::format("'{}' is not of the form name=normal(MEAN,DEVIATION), name=uniform(LEAST,MOST) or name=pick(WORD:WEIGHT,...)", text));
    Population::Trait trait{.name = std::string(trimmed(text.substr(0, equals))), .how = {}};
    const auto kind = trimmed(text.substr(equals + 1, open - equals - 1));
    const auto inside = text.substr(open + 1, text.size() - open - 2);
    if (kind == "pick") {
        TRY(pick, read_pick(inside));
        trait.how = std::move(pick);
        return trait;
    }
    const auto comma = inside.find(',');
    if ((kind != "normal" && kind != "uniform") || comma == std::string_view::npos)
        return std::unexpected(fmt::format("'{}': there are normal(MEAN,DEVIATION), uniform(LEAST,MOST) and pick(WORD:WEIGHT,...)", text));
    TRY(first, read_number(trimmed(inside.substr(0, comma))));
    TRY(second, read_number(trimmed(inside.substr(comma + 1))));
    if (kind == "normal" && second < 0) return std::unexpected(fmt::format("'{}': a deviation is 0 or more", text));
    if (kind == "uniform" && second < first) return std::unexpected(fmt::format("'{}': the least stands first", text));
    if (kind == "normal") trait.how = Population::Normal{first, second};
    else trait.how = Population::Uniform{first, second};
    return trait;
}

Read<std::vector<std::pair<std::uint32_t, double>>> party_sizes_of(const Population::Trait& trait) {
    std::vector<std::pair<std::uint32_t, double>> out;
    const auto* pick = std::get_if<Population::Pick>(&trait.how);
    if (pick == nullptr) return std::unexpected("party says how many come together: party=pick(1:8,2:1)");
    for (const auto& [word, weight] : pick->words) {
        std::uint32_t size = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), size);
        if (error != std::errc() || end != word.data() + word.size() || size == 0 || size > party_most)
            return std::unexpected(fmt::format("a party is of 1 to {} players, not '{}'", party_most, word));
        out.emplace_back(size, weight);
    }
    return out;
}

// SplitMix64, https://prng.di.unimi.it/splitmix64.c (public domain).
class Chance {
public:
    explicit Chance(std::uint64_t seed) : state_(seed) {}

    // 0 < result < 1.
    double fraction() { return (static_cast<double>(next() >> 11) + 0.5) / static_cast<double>(std::uint64_t{1} << 53); }
    double normal() {
        const auto radius = std::sqrt(-2 * std::log(fraction()));  // Named, so that the two are always drawn in the same order.
        return radius * std::cos(2 * std::numbers::pi * fraction());
    }
    double exponential() { return -std::log(fraction()); }
    template <class T>
    const T& pick(std::span<const std::pair<T, double>> choices) {
        auto rest = fraction() * std::accumulate(choices.begin(), choices.end(), 0.0, [](double sum, const auto& one) { return sum + one.second; });
        for (const auto& [choice, weight] : choices) {
            rest -= weight;
            if (rest < 0) return choice;
        }
        return choices.back().first;
    }

private:
    std::uint64_t next() {
        auto z = state_ += 0x9e3779b97f4a7c15ULL;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    std::uint64_t state_;
};

AttributeValue drawn(const Population::Trait& trait, Chance& chance) {
    const auto in_thousandths = [](double number) { return std::round(number * 1000) / 1000; };
    if (const auto* normal = std::get_if<Population::Normal>(&trait.how)) return in_thousandths(normal->mean + normal->deviation * chance.normal());
    if (const auto* uniform = std::get_if<Population::Uniform>(&trait.how))
        return in_thousandths(uniform->least + (uniform->most - uniform->least) * chance.fraction());
    return chance.pick(std::span(std::get<Population::Pick>(trait.how).words));
}

Player drawn_player(std::string id, const Population& population, Chance& chance) {
    Player player{.id = std::move(id), .attributes = {}, .latencies = {}, .blocked = {}};
    for (const auto& trait : population.attributes) player.attributes[trait.name] = drawn(trait, chance);
    for (const auto& trait : population.latencies) {
        const auto drawn_latency = std::get<double>(drawn(trait, chance));
        player.latencies[trait.name] = static_cast<std::uint32_t>(std::clamp(drawn_latency, 1.0, 60'000.0));
    }
    return player;
}

}  // namespace

Result<Population, std::string> read_population(std::string_view text) {
    Population out;
    if (trimmed(text).empty()) return out;
    for (const auto part : traits_in(text)) {
        TRY(trait, read_trait(part));
        if (trait.name == party_trait) {
            TRY(sizes, party_sizes_of(trait));
            out.party_sizes = std::move(sizes);
        } else if (trait.name.starts_with(latency_prefix)) {
            if (std::holds_alternative<Population::Pick>(trait.how))
                return std::unexpected(fmt::format("'{}' is a number of milliseconds: use normal or uniform", trait.name));
            trait.name.erase(0, latency_prefix.size());
            out.latencies.push_back(std::move(trait));
        } else {
            out.attributes.push_back(std::move(trait));
        }
    }
    return out;
}

std::vector<Arrival> make_up(const Population& population, MadeUp wish) {
    Chance chance(wish.seed);
    std::vector<Arrival> out;
    std::uint64_t players = 0;
    double seconds = 0;
    while (true) {
        seconds += chance.exponential() / wish.each_second;
        const Milliseconds at(static_cast<std::int64_t>(std::round(seconds * 1000)));
        if (at >= wish.duration) return out;
        auto& arrival = out.emplace_back();
        arrival.at = at;
        const auto size = chance.pick(std::span<const std::pair<std::uint32_t, double>>(population.party_sizes));
        for (std::uint32_t i = 0; i < size; ++i) arrival.players.push_back(drawn_player(fmt::format("p{}", ++players), population, chance));
    }
}

}  // namespace gk::match
