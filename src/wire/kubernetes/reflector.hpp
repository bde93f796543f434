#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.hpp"
#include "wire/kubernetes/backoff.hpp"
#include "wire/kubernetes/failure.hpp"

namespace gk::wire::kubernetes {

// Which call keeps a copy of one kind of object right: the rules of client-go's reflector, without sockets and without a clock. Whoever drives
// it asks next(), does that one thing, says how it went, and asks again:
//
//     list ----> watch ----> (ended) ----> watch ...      and back to list, after a wait, whenever the copy may have missed something
//
// Versions are opaque: they are handed back as they came.
class Reflector {
public:
    // All objects. `version` "" asks for the newest state, in pages when `page_size` is not 0; another asks for a state that is at least as new. What
    // a cache of the server happens to have ("0", as other clients begin) is never asked for: it may be older than what an earlier keeper has done.
    struct List {
        std::string version;
        std::size_t page_size = 0;
    };
    // Changes since the version, for about `timeout`, after which the server ends the watch.
    struct Watch {
        std::string version;
        std::chrono::seconds timeout{0};
    };
    struct Wait {
        Time until;
    };
    using Next = std::variant<List, Watch, Wait>;

    static constexpr std::size_t page_size = 500;

    // `luck` (from 0 to below 1, another one each time) spreads waits and time-outs.
    Next next(Time now, double luck);

    // Whatever goes on ends here: the next call asks for the newest state.
    void begin_anew();
    void listed(std::string version);
    void list_failed(const Failure& failure);
    void watch_began(Time now);
    // Every event but an error, in order.
    void saw(std::string_view version);
    // The watch was refused or could not be begun.
    void watch_refused(const Failure& failure);
    // The object of an error event, or a frame that cannot be read.
    void watch_failed(const Failure& failure);
    // The stream ended, was cut, or fell silent.
    void watch_ended(Time now);

    // For the metrics.
    std::size_t lists() const { return lists_; }

private:
    void relist_after_wait() {
        is_listing_ = true;
        waits_ = true;
    }
    void wait_for(const Failure& failure);

    std::string version_;  // Of the newest thing seen; empty: nothing yet, or nothing that the server knows.
    bool is_listing_ = true;  // Or watching.
    bool pages_failed_ = false;  // A page's token expired: all in one reply this time.
    bool waits_ = false;  // Before the next call.
    Milliseconds at_least_{0};  // What the server asked for.
    std::optional<Time> until_;  // The wait that goes on.
    Backoff backoff_;
    // The watch that goes on.
    Time begun_;
    std::size_t events_ = 0;
    std::size_t lists_ = 0;
};

}  // namespace gk::wire::kubernetes
