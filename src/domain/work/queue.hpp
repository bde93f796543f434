#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/time.hpp"
#include "domain/work/budget.hpp"

namespace gk::work {

// Keys of things that somebody must look at again. A key is never worked on twice at once, many adds before its turn are one turn, and an add
// during its turn is one more turn: so nothing is lost and bursts collapse. Without a clock: whoever works asks take() again when next_due() has
// come or something was added.
//
//     take() -> work -> done well:  forget(key), done(key)
//                    -> failed:     add_after_failure(key, now), done(key)
template <class Key>
class Queue {
public:
    // After the nth failure of a key in a row it waits first * 2^(n-1), at most `most`. All failures together spend `failures`, so that a thousand
    // keys that fail at once do not come back at once.
    struct Retry {
        Milliseconds first{5};
        Milliseconds most{60'000};
        Budget failures{{.per_second = 10, .burst = 100}};
    };

    explicit Queue(Retry retry = {}) : retry_(std::move(retry)) {}

    void add(const Key& key) {
        if (closed_ || !dirty_.insert(key).second) return;
        if (!processing_.contains(key)) ready_.push_back(key);
    }
    // A key that waits already keeps the earlier of the two times.
    void add_at(const Key& key, Time when) {
        if (closed_) return;
        const auto [at, is_new] = waiting_.try_emplace(key, when);
        if (!is_new && at->second <= when) return;
        if (!is_new) due_.erase({at->second, key});
        at->second = when;
        due_.insert({when, key});
    }
    void add_after_failure(const Key& key, Time now) {
        const auto failures = failures_[key]++;
        const auto own = std::min(retry_.most, retry_.first * (std::int64_t{1} << std::min(failures, 20)));
        add_at(key, std::max(now + own, retry_.failures.reserve(now)));
    }
    // Its next failure counts as the first one.
    void forget(const Key& key) { failures_.erase(key); }

    // The key whose turn it is. Whoever takes it says done().
    std::optional<Key> take(Time now) {
        while (!due_.empty() && due_.begin()->first <= now) {
            const auto key = due_.begin()->second;
            due_.erase(due_.begin());
            waiting_.erase(key);
            add(key);
        }
        if (ready_.empty()) return std::nullopt;
        auto key = std::move(ready_.front());
        ready_.pop_front();
        processing_.insert(key);
        dirty_.erase(key);
        return key;
    }
    void done(const Key& key) {
        processing_.erase(key);
        if (dirty_.contains(key)) ready_.push_back(key);
    }

    // When a key that waits is due.
    std::optional<Time> next_due() const { return due_.empty() ? std::nullopt : std::optional(due_.begin()->first); }

    // Takes no more keys and forgets those that wait for a time; those that are ready still have their turn.
    void close() {
        closed_ = true;
        due_.clear();
        waiting_.clear();
    }
    bool is_closed() const { return closed_; }
    bool is_drained() const { return closed_ && dirty_.empty() && processing_.empty(); }
    // For the metrics.
    std::size_t ready() const { return ready_.size(); }
    int failures(const Key& key) const {
        const auto found = failures_.find(key);
        return found == failures_.end() ? 0 : found->second;
    }

private:
    Retry retry_;
    // Every ready key is dirty, and none of them is being processed.
    std::set<Key> dirty_;
    std::set<Key> processing_;
    std::deque<Key> ready_;
    // The same keys twice: by key, and by time.
    std::map<Key, Time> waiting_;
    std::set<std::pair<Time, Key>> due_;
    std::map<Key, int> failures_;
    bool closed_ = false;
};

}  // namespace gk::work
