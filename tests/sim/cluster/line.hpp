#pragma once

#include <deque>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "adapters/kubernetes/client/connections.hpp"
#include "async/signal.hpp"
#include "domain/work/budget.hpp"
#include "tests/sim/cluster/api.hpp"
#include "tests/sim/cluster/faults.hpp"
#include "tests/sim/passage.hpp"

namespace gk::sim {

class Watching;

// The way from all lives to the API server, and what becomes of calls on it.
class Roads {
public:
    Roads(Ground& ground, Api& api, std::uint64_t seed) : ground(ground), api(api), dice(seed, 6) {}

    bool is_away() const { return ground.now < away_until; }
    void be_away(Milliseconds how_long);
    // Objects of this kind have changed: whoever watches them has a look.
    void news(const std::string& plural);

    Ground& ground;
    Api& api;
    ClusterFaults faults;
    Dice dice;
    Time away_until{};
    // What control planes have written for a world, but for leases and events, as "PUT gameservers/status".
    struct Writes {
        std::map<std::string, std::uint64_t> all;
        std::uint64_t idle = 0;  // That have changed nothing.
        std::deque<Time> of_last_minute;
        std::size_t most_in_a_minute = 0;
        std::uint64_t count() const;
    };
    std::map<std::string, Writes> writes;  // By the worlds' names.
    // Of one world: well above what a day needs with all that is asked of it and all that goes wrong.
    std::size_t writes_a_minute_max = 100;
    // I22: nobody writes for one world in a circle.
    void note_write(const net::ClientRequest& request, bool is_idle);
    // What one life has of the objects of a kind.
    struct Copy {
        std::uint64_t told = 0;                   // Up to this version.
        std::map<ServerUid, std::uint64_t> made;  // The last claim or StatefulSet that it has made of a server, and heard so.
    };
    std::map<std::uint64_t, std::map<std::string, Copy>> copies;
    // R11: nothing of a server is destroyed by who has not seen yet what he has made of it.
    void check_destruction(std::uint64_t life, const net::ClientRequest& request);
    // R13: who has lost the lease changes nothing, whatever he believes.
    void check_office(std::uint64_t life, const net::ClientRequest& request);
    std::function<void(bool)> by_us;  // What follows is done by a control plane.
    std::function<void(Milliseconds, std::function<void()>)> later;
    std::list<Watching*> watches;
};

// How many calls of one life have been sent: never more than its budget allows (I22).
class Meter {
public:
    explicit Meter(work::Budget::Limits limits) : limits_(limits), left_(static_cast<double>(limits.burst)) {}
    // False: one too many.
    bool count(Time now);

private:
    work::Budget::Limits limits_;
    double left_;
    Time last_{};
};

// One connection of one life.
class SimLine final : public kubernetes::Line {
public:
    struct Caller {
        Passage& passage;
        Clock& clock;
        Meter& meter;
        std::uint64_t life;
    };
    SimLine(Roads& roads, Caller caller) : roads_(roads), caller_(caller) {}
    Task<Result<net::ClientResponse, net::NetError>> send(net::ClientRequest request, Milliseconds limit) override;
    Task<Result<std::unique_ptr<net::ClientStream>, net::NetError>> open(net::ClientRequest request, Milliseconds limit) override;

private:
    using Answer = Result<net::ClientResponse, net::NetError>;
    using Opened = Result<std::unique_ptr<net::ClientStream>, net::NetError>;
    Task<Answer> exchange(net::ClientRequest request);
    Task<Opened> begin(net::ClientRequest request);
    void count();
    std::optional<Answer> refusal(const net::ClientRequest& request);
    net::ClientResponse carry_out(const net::ClientRequest& request);
    void heard(const net::ClientRequest& request, const Api::Said& said);

    Roads& roads_;
    Caller caller_;
};

// The body of a watch: the changes of one kind from a version on, as late and as often as the faults say.
class Watching final : public net::ClientStream {
public:
    Watching(Roads& roads, Clock& clock, std::uint64_t life, const Target& target);
    ~Watching() override { roads_.watches.remove(this); }

    const net::ClientResponse& head() const override { return head_; }
    Task<Result<std::optional<std::string>, net::NetError>> read_line(Milliseconds silence) override;
    Task<Result<bool, net::NetError>> read_some(std::string& out, Milliseconds silence) override;
    void news() { news_.raise(); }
    const std::string& plural() const { return target_.plural; }

private:
    using More = Result<bool, net::NetError>;
    Task<More> read_on(std::string& out);
    std::string frames();
    std::string frame(const Table::Change& change) const;
    static std::string frame(std::string_view type, std::string_view object);
    std::optional<Time> next_due() const;
    Task<void> wait_for_news();

    Roads& roads_;
    Clock& clock_;
    std::uint64_t life_;
    Target target_;
    net::ClientResponse head_{.status = 200, .headers = {}, .body = {}};
    std::uint64_t version_ = 0;  // Told up to here.
    bool is_expired_ = false;
    Time ends_at_{};
    Time silent_from_{};
    Milliseconds late_{0};
    async::Signal news_;
};

}  // namespace gk::sim
