#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/id.hpp"
#include "base/time.hpp"

namespace gk::sim {

// Everything that happened, as a hash, and the last steps as text. Two runs of one seed have the same hash.
class Trace {
public:
    void note(Time at, std::string_view what, ServerUid uid = {}, std::uint64_t detail = 0) {
        mix(static_cast<std::uint64_t>(at.time_since_epoch().count()));
        for (const char c : what) mix(static_cast<std::uint64_t>(c));
        mix(uid.bits()[0]);
        mix(detail);
        last_.push_back({.at = at, .what = std::string(what), .uid = uid, .detail = detail});
        if (last_.size() > kept_) last_.pop_front();
        ++count_;
    }
    // How many of the last steps last_steps() tells.
    void keep(std::size_t steps) { kept_ = steps; }
    std::uint64_t hash() const { return hash_; }
    std::uint64_t count() const { return count_; }
    std::string last_steps() const {
        std::string out;
        for (const auto& it : last_) {
            out += fmt::format("  {} {:.2} {} {}\n", rfc3339(it.at).substr(11), it.uid.text(), it.what, it.detail);
        }
        return out;
    }

private:
    struct Line {
        Time at;
        std::string what;
        ServerUid uid;
        std::uint64_t detail;
    };
    void mix(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3U; }
    std::uint64_t hash_ = 0xcbf29ce484222325U;
    std::uint64_t count_ = 0;
    std::size_t kept_ = 50;
    std::deque<Line> last_;
};

}  // namespace gk::sim
