#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/time.hpp"
#include "wire/kubernetes/lease.hpp"

namespace gk::wire::kubernetes {

// Who of several processes leads, by a Lease: client-go's rules, without sockets and without a clock. Whoever drives it asks next(), does that one
// thing, says how it went, and asks again.
//
// A leader may act while leads(now): for `deadline` after it *sent* its last good write. Others respect the lease for the longer `duration` after
// they *saw* that write, so the times in which two of them lead do not overlap, unless a process sleeps between asking leads() and acting. Against
// that every effect carries epoch(), which receivers compare: a lease alone is no lock. Leading is lost once and for all; the process then ends.
class Election {
public:
    struct Options {
        std::string me;  // Another one for every process that ever runs: two with one name would lead together.
        // What the names of those begin with who are dead for certain when we live, as ours does; empty: nobody's. A lease of theirs is free.
        std::string household;
        Milliseconds duration{15'000};
        Milliseconds deadline{10'000};
        Milliseconds retry{2'000};
    };
    struct Read {};
    struct Create {
        LeaseRecord record;
    };
    struct Update {
        LeaseRecord record;
        std::string version;
    };
    struct Wait {
        Time until;
    };
    struct Lost {};
    using Next = std::variant<Read, Create, Update, Wait, Lost>;

    explicit Election(Options options);

    // `luck` (from 0 to below 1, another one each time) keeps candidates from asking at the same moments.
    Next next(Time now, double luck);
    // No call should take longer: a second one is to fit into the deadline, and who has lost is to know it when the deadline comes.
    Milliseconds call_limit(Time now) const;

    void read(LeaseRecord record, std::string version, Time now);
    void absent();
    // The Create or Update that next() gave is stored. `sent`: a time before the call began.
    void written(std::string version, Time sent);
    // The call failed, or nobody knows.
    void failed();
    // The lease was given back, as somebody says: a candidate that rests until its next look looks now.
    void look_now();

    bool leads(Time now) const { return is_leader_ && now < leads_until_; }
    // Grows with every leader; known while leading. It starts again when somebody deletes the Lease, so whoever keeps epochs refuses what is too
    // low, and says so.
    std::int64_t epoch() const { return observed_.transitions + 1; }
    const std::string& me() const { return options_.me; }
    // Who holds the lease as far as is known; for people.
    const std::string& holder() const { return observed_.holder; }

    // Stops leading at once. What must be written so that others need not wait; nothing when we do not lead.
    std::optional<Update> release(Time now);

private:
    // renew: a write without a look at the lease before it, which only a leader tries.
    enum class Stage : std::uint8_t { begin, renew, read, create, update, rest };

    bool is_held_by_another(Time now) const;
    bool is_left_by_the_dead() const;
    LeaseRecord own_record(Time now) const;

    Options options_;
    Stage stage_ = Stage::begin;
    bool is_leader_ = false;
    bool is_lost_ = false;
    Time leads_until_;
    Time rests_until_;
    // The lease as it was seen last, and when we first saw it so.
    LeaseRecord observed_;
    Time observed_at_;
    std::string version_;
    LeaseRecord writing_;
};

}  // namespace gk::wire::kubernetes
