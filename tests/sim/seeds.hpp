#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace gk::sim {

// Runs each seed, on as many threads as there are processors: a run shares nothing with another one. `run` returns what went wrong, or nothing; what
// is returned here is that of the lowest seed that failed. After a failure no further seed is begun.
template <class Run>
std::string run_seeds(const std::vector<std::uint64_t>& seeds, Run run) {
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::map<std::uint64_t, std::string> failures;
    const auto work = [&] {
        for (auto at = next++; at < seeds.size(); at = next++) {
            auto failure = run(seeds[at]);
            if (failure.empty()) continue;
            const std::lock_guard lock(mutex);
            failures.emplace(seeds[at], std::move(failure));
            next = seeds.size();
        }
    };
    std::vector<std::jthread> others;
    const auto processors = std::max(1U, std::thread::hardware_concurrency());
    for (unsigned i = 1; i < processors && i < seeds.size(); ++i) others.emplace_back(work);
    work();
    others.clear();
    return failures.empty() ? std::string() : failures.begin()->second;
}

}  // namespace gk::sim
