#pragma once

#include <memory>

#include "tests/sim/cluster/line.hpp"
#include "tests/sim/cluster/nodes.hpp"
#include "tests/sim/footing.hpp"

namespace gk::sim {

// A cluster in which lives of the control plane are lived: the real adapters of src/adapters/kubernetes over a simulated API server, controllers,
// nodes and shims, and people who use kubectl.
class SimCluster final : public Surroundings {
public:
    SimCluster(Ground& ground, std::uint64_t seed, ClusterPlant plant);

    std::unique_ptr<Footing> footing(boost::asio::io_context& io, Clock& clock, std::uint64_t seed, std::uint64_t life) override;
    void settle() override;
    std::optional<Time> next_event() const override { return nodes_.next_event(); }
    void turn_minute() override;
    bool somebody_acts() override;
    void power_was_lost() override { nodes_.lose_power(); }
    void disk_was_lost(ServerUid uid) override { nodes_.lose_claim(uid); }
    void heal() override;
    std::string unrest() override;
    std::size_t replicas() const override { return replicas_; }
    void set_replicas(std::size_t count) { replicas_ = count; }
    bool carries_news() const override { return true; }
    std::optional<Milliseconds> stands_still() override;

    Api& api() { return api_; }
    Nodes& nodes() { return nodes_; }
    Roads& roads() { return roads_; }
    // What kubectl does.
    void apply(const std::string& name, int slots, bool is_running);
    // What a control plane leaves that dies in a create.
    void leave_half_made(const std::string& name);
    void scale(const std::string& name, int replicas);
    void declare_slots(const std::string& name, int slots);
    void annotate(const std::string& name);
    // A Service that has nothing to do with us, on a number of ours.
    void use_port(int number);
    void remove(const std::string& name) { api_.remove("gameservers", {"default", name}); }
    // Everything that is there, in words that do not depend on the way there.
    std::string picture();

    // One life more leads, or less: never two (R13).
    void leads(std::uint64_t life, std::function<bool()> leads);
    void leads_no_more(std::uint64_t life) { leaders_.erase(life); }

private:
    void check_leaders();
    std::string unrest_of(const Value& game_server);
    std::string leftovers();

    Ground& ground_;
    Api api_;
    Nodes nodes_;
    Roads roads_;
    Dice people_;
    std::map<std::uint64_t, std::function<bool()>> leaders_;
    std::size_t replicas_;
    std::uint64_t notes_ = 0;
};

}  // namespace gk::sim
