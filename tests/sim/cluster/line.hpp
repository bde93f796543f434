#pragma once

#include <list>
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
    // Something has happened: whoever watches has a look.
    void news();

    Ground& ground;
    Api& api;
    ClusterFaults faults;
    Dice dice;
    Time away_until{};
    std::uint64_t writes = 0;  // By control planes, but for leases and events.
    std::function<void(bool)> by_us;  // What follows is done by a control plane.
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

    Roads& roads_;
    Caller caller_;
};

// The body of a watch: the changes of one kind from a version on, as late and as often as the faults say.
class Watching final : public net::ClientStream {
public:
    Watching(Roads& roads, Clock& clock, const Target& target);
    ~Watching() override { roads_.watches.remove(this); }

    const net::ClientResponse& head() const override { return head_; }
    Task<Result<std::optional<std::string>, net::NetError>> read_line(Milliseconds silence) override;
    Task<Result<bool, net::NetError>> read_some(std::string& out, Milliseconds silence) override;
    void news() { news_.raise(); }

private:
    using More = Result<bool, net::NetError>;
    Task<More> read_on(std::string& out);
    std::string frames();
    std::string frame(const Table::Change& change) const;
    std::string frame(std::string_view type, Value object) const;
    std::optional<Time> next_due() const;
    Task<void> wait_for_news();

    Roads& roads_;
    Clock& clock_;
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
