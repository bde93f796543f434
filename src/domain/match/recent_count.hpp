#pragma once

#include <cstdint>
#include <deque>

#include "base/time.hpp"

namespace gk::match {

// How often something has happened lately, to ten seconds and for an hour: 361 numbers at most, however often it happens. Pure.
class RecentCount {
public:
    static constexpr Milliseconds longest = std::chrono::hours(1);

    // `now` never goes back.
    void add(Time now) {
        const auto slice = std::chrono::floor<Slice>(now.time_since_epoch());
        if (slices_.empty() || slices_.back().at != slice) slices_.push_back({.at = slice});
        ++slices_.back().count;
        while (Time(slices_.front().at) < now - longest) slices_.pop_front();
    }
    // From that moment on; what lies farther back than `longest` is not known any more.
    std::uint64_t since(Time from) const {
        std::uint64_t all = 0;
        for (auto slice = slices_.rbegin(); slice != slices_.rend() && Time(slice->at) + Slice(1) > from; ++slice) all += slice->count;
        return all;
    }

private:
    using Slice = std::chrono::duration<std::int64_t, std::ratio<10>>;
    struct Counted {
        Slice at;
        std::uint64_t count = 0;
    };
    std::deque<Counted> slices_;
};

}  // namespace gk::match
