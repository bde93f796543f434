#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/wake/doorman.hpp"
#include "ports/edge_line.hpp"
#include "tests/sim/ground.hpp"
#include "tests/sim/sleep/faults.hpp"

namespace gk::sim {

class SimEdge;

// One life's end of the stream to the edge.
class SimLine final : public EdgeLine {
public:
    explicit SimLine(SimEdge& edge);
    ~SimLine() override;
    SimLine(const SimLine&) = delete;
    SimLine& operator=(const SimLine&) = delete;
    void publish(wake::RouteTable table) override;
    std::shared_ptr<void> listen(Heard heard) override;

    bool is_open() const { return heard_ != nullptr; }
    const std::optional<wake::RouteTable>& newest() const { return newest_; }
    void say(std::uint64_t connection, const front::Report* report) const {
        if (heard_) heard_(connection, report);
    }

private:
    SimEdge& edge_;
    Heard heard_;
    std::optional<wake::RouteTable> newest_;
};

// What `gamekeeper edge` is for players and for the control plane: it judges by the real rules (domain/wake), follows the newest table, keeps it over
// its own death, repeats who knocks until a table says that the server does not sleep any more, and says how many play (docs/adr/0028). It outlives
// the control plane.
class SimEdge {
public:
    // How many play through it now, by the name of their route.
    using Sessions = std::function<std::map<std::string, std::uint64_t>()>;
    SimEdge(Ground& ground, std::uint64_t seed, StreetPlant plant, Sessions sessions);

    // Of lives.
    void opened(SimLine& line);
    void closed(SimLine& line);
    void published(SimLine& line);

    // What a player at this address comes to, who wants into that server.
    enum class Answer : std::uint8_t { nothing, unknown, waits, refused, relayed };
    Answer join(const std::string& server, const wake::Address& from);

    void die(Milliseconds back_in);
    void cut(Milliseconds how_long);
    // The control plane does not read and does not write until then.
    void stand_still(Time until) { still_until_ = until; }
    void heal();
    bool is_up() const { return ground_.now >= down_until_; }
    // Of one that is not up.
    Time down_since() const { return down_since_; }
    // Up, and in a conversation with a control plane that answers.
    bool is_heard() const { return is_up() && connected_ != nullptr && ground_.now >= still_until_; }

    void settle();
    std::optional<Time> next_event() const;

private:
    struct Parcel {
        wake::RouteTable table;
        Time arrives{};
    };
    void disconnect();
    void try_to_connect();
    void take(wake::RouteTable table);
    void report();
    void measure(const std::map<std::string, std::uint64_t>& sessions);
    const wake::Route* route_of(const std::string& server) const;

    Ground& ground_;
    Dice dice_;
    StreetPlant plant_;
    Sessions sessions_;
    std::vector<SimLine*> lines_;  // Those of all lives, the newest last.
    SimLine* connected_ = nullptr;
    std::uint64_t connection_ = 0;
    std::deque<Parcel> on_the_way_;  // Over this connection, in order.
    wake::RouteTable table_;  // On disk, too.
    std::map<std::string, wake::Doorman> doormen_;
    std::map<std::string, front::Knocker> knockers_;
    Time measured_at_{};
    std::map<std::string, double> datagrams_;  // From players, by server.
    Time down_since_{};
    Time down_until_{};
    Time cut_until_{};
    Time still_until_{};
    Time next_connect_{};
    Time next_report_{};
};

}  // namespace gk::sim
