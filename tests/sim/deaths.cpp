#include "tests/sim/deaths.hpp"

#include <map>

#include <fmt/format.h>

#include "tests/sim/world.hpp"

namespace gk::sim {

std::vector<std::uint64_t> waits_of_work(const std::vector<std::string>& names, const std::set<std::string>& looks) {
    constexpr std::size_t idle_after = 30;
    std::vector<std::uint64_t> chosen;
    std::size_t looked = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
        looked = looks.contains(names[i]) ? looked + 1 : 0;
        if (looked <= idle_after) chosen.push_back(i + 1);
    }
    return chosen;
}

std::vector<std::set<std::uint64_t>> deaths_to_try(const std::vector<std::uint64_t>& waits, std::size_t step) {
    if (const auto one = number_in("GK_SIM_DEATH", 0); one != 0) return {{one, number_in("GK_SIM_DEATH_AGAIN", one)}};
    if (number_in("GK_SIM_EVERY_WAIT", 0) != 0) step = 1;
    const auto first = number_in("GK_SIM_FIRST_WAIT", 1), last = number_in("GK_SIM_LAST_WAIT", ~0ULL);
    std::vector<std::set<std::uint64_t>> all;
    for (std::size_t i = 0; i < waits.size(); i += step) {
        const auto at = waits[i];
        if (at < first || at > last) continue;
        all.push_back({at});
        if (mixed(at, 1) % 4 == 0) all.push_back({at, at + 1 + mixed(at, 2) % 60});
    }
    return all;
}

std::string replay_of(const std::set<std::uint64_t>& deaths) {
    return fmt::format("replay with: GK_SIM_DEATH={} GK_SIM_DEATH_AGAIN={}", *deaths.begin(), *deaths.rbegin());
}

void print_counts(const std::vector<std::string>& names, const std::vector<std::uint64_t>& waits) {
    std::map<std::string, std::uint64_t> counted;
    for (const auto at : waits) ++counted[names[at - 1]];
    fmt::print("{} waits of {} calls:\n", waits.size(), counted.size());
    for (const auto& [name, count] : counted) fmt::print("  {:6} {}\n", count, name);
}

}  // namespace gk::sim
