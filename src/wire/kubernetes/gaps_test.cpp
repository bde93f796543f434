#include <algorithm>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "wire/kubernetes/reflector.hpp"
#include "wire/kubernetes/store.hpp"

// R10: whatever happens between two events, the copy ends as the truth, and not by listing all the time.
namespace gk::wire::kubernetes {
namespace {

using Kind = WatchEvent::Kind;

constexpr int events_max = 200;

// Two hundred changes of eight objects. Version n is the state after the nth of them.
class History {
public:
    explicit History(std::uint32_t seed) : random_(seed) {
        std::map<std::string, ObjectPtr> state;
        states_.push_back(state);
        for (int version = 1; version <= events_max; ++version) {
            const auto name = std::string("map-") + static_cast<char>('a' + random_() % 8);
            const auto found = state.find(name);
            const auto kind = found == state.end() ? Kind::added : random_() % 3 == 0 ? Kind::deleted : Kind::modified;
            const auto uid = found == state.end() ? std::to_string(version) : std::string(uid_of(*found->second));
            events_.push_back({kind, object(name, uid, version)});
            if (kind == Kind::deleted) state.erase(name);
            else state[name] = events_.back().object;
            states_.push_back(state);
        }
    }
    const WatchEvent& event(int version) const { return events_[static_cast<std::size_t>(version) - 1]; }
    std::vector<ObjectPtr> list(int version) const {
        std::vector<ObjectPtr> out;
        for (const auto& [name, object] : states_[static_cast<std::size_t>(version)]) out.push_back(object);
        return out;
    }
    bool is_state_of(const Store& store, int version) const {
        const auto& truth = states_[static_cast<std::size_t>(version)];
        return store.all().size() == truth.size() && std::ranges::all_of(truth, [&](const auto& entry) {
                   const auto found = store.find({"", entry.first});
                   return found != nullptr && version_of(*found) == version_of(*entry.second);
               });
    }

private:
    static ObjectPtr object(const std::string& name, const std::string& uid, int version) {
        auto metadata = Value::object({{"name", name}, {"uid", uid}, {"resourceVersion", std::to_string(version)}});
        return std::make_shared<const Value>(Value::object({{"metadata", std::move(metadata)}}));
    }
    std::mt19937 random_;
    std::vector<WatchEvent> events_;
    std::vector<std::map<std::string, ObjectPtr>> states_;
};

enum class Fault : std::uint8_t {
    none,
    cut,
    half_a_frame,
    compacted,
    compacted_at_start,
    busy,
    restarted,
    restarted_behind,
    bookmark_and_cut,
    repeated
};

// A server whose history goes on while it is asked, and to which one thing happens, before the event of that version.
class World {
public:
    World(const History& history, Fault fault, int at) : history_(history), fault_(fault), at_(at) {}

    // True when the copy became what is there.
    bool run() {
        for (int step = 0; step < 1000 && !is_done_; ++step) {
            const auto next = reflector.next(now_, 0.5);
            if (const auto* wait = std::get_if<Reflector::Wait>(&next)) pass_time(*wait);
            else if (const auto* how = std::get_if<Reflector::List>(&next)) list(*how);
            else watch(std::stoi(std::get<Reflector::Watch>(next).version));
        }
        return is_done_ && history_.is_state_of(store, events_max);
    }
    Reflector reflector;
    Store store;

private:
    void pass_time(const Reflector::Wait& wait) {
        now_ = wait.until;
        current_ = std::min(events_max, current_ + 2);
        away_ = std::max(0, away_ - 1);
    }
    void list(const Reflector::List& how) {
        if (away_ > 0) return reflector.list_failed({.kind = Failure::Kind::refused});
        if (how.version.empty()) return answer(current_);
        const int least = std::stoi(how.version);
        if (least > 0 && least < compacted_) return reflector.list_failed({.kind = Failure::Kind::expired});
        if (least > cached_) return reflector.list_failed({.kind = Failure::Kind::future_version});
        answer(cached_);
    }
    void answer(int version) {
        reflector.listed(std::to_string(version));
        store.replace(history_.list(version));
    }
    void watch(int from) {
        if (away_ > 0) return reflector.watch_refused({.kind = Failure::Kind::refused});
        if (from < compacted_ && fault_ == Fault::compacted_at_start) return reflector.watch_refused({.kind = Failure::Kind::expired});
        reflector.watch_began(now_);
        if (from < compacted_) return reflector.watch_failed({.kind = Failure::Kind::expired});
        for (int version = from + 1; version <= events_max; ++version) {
            if (version == at_ && !std::exchange(happened_, true) && !goes_on(version)) return;
            deliver(version);
        }
        is_done_ = true;
    }
    void deliver(int version) {
        const auto& event = history_.event(version);
        reflector.saw(version_of(*event.object));
        store.apply(event);
        current_ = cached_ = std::max(current_, version);
    }
    bool goes_on(int version) {
        using enum Fault;
        now_ += std::chrono::seconds(5);
        switch (fault_) {
        case none: return true;
        case repeated:
            deliver(version);
            deliver(version);
            return true;
        case half_a_frame: reflector.watch_failed({.kind = Failure::Kind::unavailable}); return false;
        case busy: reflector.watch_failed({.kind = Failure::Kind::busy}); return false;
        case compacted:
        case compacted_at_start: compacted_ = current_ = cached_ = std::min(events_max, version + 3); break;
        case restarted_behind: cached_ = std::max(0, version - 5); [[fallthrough]];
        case restarted: away_ = 3; break;
        case bookmark_and_cut: reflector.saw(std::to_string(version - 1)); break;
        case cut: break;
        }
        reflector.watch_ended(now_);
        return false;
    }

    const History& history_;
    Fault fault_;
    int at_;
    Time now_{Milliseconds(1'800'000'000'000)};
    int current_ = 10;    // Of etcd.
    int cached_ = 10;     // Of the server's own copy, which may lag behind.
    int compacted_ = 0;   // History up to here is gone.
    int away_ = 0;        // Waits for which nobody listens.
    bool happened_ = false;
    bool is_done_ = false;
};

TEST(WatchGaps, EndAsIfThereWereNoneWhereverTheyAre) {
    const History history(7);
    using enum Fault;
    for (const auto fault : {none, cut, half_a_frame, compacted, compacted_at_start, busy, restarted, restarted_behind, bookmark_and_cut, repeated}) {
        for (int at = 11; at <= events_max; ++at) {
            World world(history, fault, at);

            ASSERT_TRUE(world.run()) << "fault " << static_cast<int>(fault) << " before event " << at;

            ASSERT_LE(world.reflector.lists(), 3u) << "fault " << static_cast<int>(fault) << " before event " << at;
        }
    }
}

}  // namespace
}  // namespace gk::wire::kubernetes
