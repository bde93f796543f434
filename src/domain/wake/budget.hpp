#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <utility>

#include "base/time.hpp"
#include "domain/wake/address.hpp"

namespace gk::wake {

// Monotonic; its beginning means nothing.
using Instant = Milliseconds;

// So much per minute, saved up to `most`.
struct Rate {
    std::int64_t per_minute = 0;
    std::int64_t most = 0;
};
class Bucket {
public:
    // Full at first.
    Bucket(const Rate& rate, Instant now) : parts_(rate.most * parts), at_(now) {}
    // As it was left, by somebody with the same rate.
    struct Level {
        std::int64_t parts = 0;
        Instant at{0};
    };
    explicit Bucket(const Level& level) : parts_(level.parts), at_(level.at) {}
    Level level() const { return {.parts = parts_, .at = at_}; }
    // Takes `amount` if that much is there, else nothing.
    bool take(const Rate& rate, std::int64_t amount, Instant now) {
        if (!has(rate, amount, now)) return false;
        parts_ -= amount * parts;
        return true;
    }
    bool has(const Rate& rate, std::int64_t amount, Instant now) {
        refill(rate, now);
        return parts_ >= amount * parts;
    }

private:
    // What comes in a millisecond, of one per minute: all sums are whole.
    static constexpr std::int64_t parts = 60'000;
    void refill(const Rate& rate, Instant now) {
        if (now <= at_) return;
        const auto room = rate.most * parts - parts_;
        // Not multiplied out when it is more than there is room for: no overflow after years of silence.
        const bool fills = rate.per_minute > 0 && (now - at_).count() > room / rate.per_minute;
        parts_ += fills ? room : rate.per_minute * (now - at_).count();
        at_ = now;
    }
    std::int64_t parts_;
    Instant at_;
};

// What is remembered of at most `most` sources; who was not heard of for longest is forgotten first. Spoofed sources cost no more than that.
template <class T>
class Sources {
public:
    explicit Sources(std::size_t most) : most_(most) {}
    // What is known of the source, made by `make()` for a new one. Valid until the next call.
    template <class Make>
    T& of(const Address& source, Make make) {
        if (const auto known = index_.find(source); known != index_.end()) {
            entries_.splice(entries_.begin(), entries_, known->second);
            return entries_.front().second;
        }
        if (index_.size() == most_) {
            index_.erase(entries_.back().first);
            entries_.pop_back();
        }
        entries_.emplace_front(source, make());
        index_.emplace(source, entries_.begin());
        return entries_.front().second;
    }
    std::size_t size() const { return index_.size(); }
    using Entries = std::list<std::pair<Address, T>>;
    // The last heard of first.
    const Entries& entries() const { return entries_; }

private:
    std::size_t most_;
    Entries entries_;
    std::map<Address, typename Entries::iterator> index_;  // No hash: strangers choose what they are called, and would choose what collides.
};

// What may be said to addresses that have proved nothing, so that nobody is hit with our answers (contract, section 10).
struct AnswerLimits {
    Rate answers{.per_minute = 10 * 60, .most = 10};      // Per /24 and /64.
    Rate bytes{.per_minute = 2048 * 60, .most = 2048};    // Per /24 and /64.
    Rate bytes_in_all{.per_minute = 65536 * 60, .most = 65536};
    std::size_t neighbourhoods_max = 4096;
};
class AnswerBudget {
public:
    explicit AnswerBudget(const AnswerLimits& limits, Instant now);
    // Whether an answer of this size may go out, which then counts.
    bool take(const Address& to, std::size_t bytes, Instant now);

private:
    struct Account {
        Bucket answers;
        Bucket bytes;
    };
    AnswerLimits limits_;
    Bucket in_all_;
    Sources<Account> accounts_;
};

}  // namespace gk::wake
