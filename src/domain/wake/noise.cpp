#include "domain/wake/noise.hpp"

#include <algorithm>

namespace gk::wake {

void NoiseGate::heard(Time at, std::uint64_t sessions, std::uint64_t datagrams, const NoiseRule& rule) {
    if (!counts_.empty() && datagrams < counts_.back().datagrams) counts_.clear();
    counts_.push_back({.at = at, .sessions = sessions, .datagrams = datagrams});
    while (counts_.size() > 2 && counts_[1].at + rule.window <= at) counts_.pop_front();
}

std::uint64_t NoiseGate::players(const NoiseRule& rule) const {
    if (counts_.empty()) return 0;
    const auto& now = counts_.back();
    const auto& then = counts_.front();
    const auto passed = now.at - then.at;
    if (passed < rule.window || rule.datagrams_per_second <= 0) return now.sessions;
    const auto seconds = static_cast<double>(passed.count()) / 1000;
    const auto most = static_cast<double>(now.datagrams - then.datagrams) / (rule.datagrams_per_second * seconds);
    return std::min(now.sessions, static_cast<std::uint64_t>(most));
}

}  // namespace gk::wake
