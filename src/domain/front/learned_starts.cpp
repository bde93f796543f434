#include "domain/front/learned_starts.hpp"

#include <vector>

#include "domain/wake/start_times.hpp"

namespace gk::front {
namespace {

constexpr std::size_t own_starts_needed = 3;
constexpr int percent = 90;

}  // namespace

LearnedStarts::LearnedStarts(std::span<const server::Record> all) {
    std::map<Kind, std::vector<Milliseconds>> times;
    for (const auto& record : all) {
        if (record.start_times.empty()) continue;
        auto& of_kind = times[{record.game, record.package}];
        of_kind.insert(of_kind.end(), record.start_times.begin(), record.start_times.end());
    }
    for (auto& [kind, of_kind] : times) usual_.emplace(kind, *wake::percentile(std::move(of_kind), percent));
}

std::optional<Milliseconds> LearnedStarts::of(const server::Record& record) const {
    if (record.start_times.size() >= own_starts_needed) return wake::percentile(record.start_times, percent);
    const auto usual = usual_.find({record.game, record.package});
    return usual == usual_.end() ? std::nullopt : std::optional(usual->second);
}

}  // namespace gk::front
