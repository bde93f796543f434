#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/cluster/api.hpp"
#include "tls/noise/handshake.hpp"
#include "wire/shim/protocol.hpp"

namespace gk::sim {

class ShimEnd;

// A container with a shim in it, on a node. It outlives its object in the API for as long as its node does not hear of that.
struct SimPod {
    std::string uid;
    ObjectKey key;
    ServerUid server;
    std::string claim;
    std::string node;
    std::string address;
    noise::Key secret{};
    Epoch epoch{};            // The highest that its shim has heard of.
    bool is_up = false;       // The container runs.
    bool is_ending = false;   // The kubelet has told it to.
    bool has_run = false;     // Its shim holds a game, or what is left of one.
    std::optional<wire::shim::Status> told;
    std::vector<std::weak_ptr<ShimEnd>> ends;
};

// What a cluster does by itself: the controllers of StatefulSets, Services and claims, garbage collection, two nodes with their kubelets, and the
// shims in the pods, whose games are those of the ground. Everything takes a while and happens in settle().
class Nodes {
public:
    Nodes(Ground& ground, Api& api, std::uint64_t seed);
    ~Nodes();

    void settle();
    std::optional<Time> next_event() const;
    // Asked for by the control plane from now on, or by others (I7).
    void set_by_us(bool by_us) { by_us_ = by_us; }

    // Who listens there; null: nobody, or nobody who can be reached.
    SimPod* listener(const std::string& address);
    // A request has come in by that connection.
    void request(const std::shared_ptr<ShimEnd>& by, const std::string& pod, wire::shim::Request request);
    // Files are served there, to whoever has the newest epoch.
    bool has_pod_for_files(const std::string& address, Epoch epoch);
    // Objects of this kind have changed in the API.
    std::function<void(const std::string& plural)> news;

    void lose_power();
    void heal();
    // Faults of which the world decides when.
    void cut_off_a_node(Milliseconds how_long);
    void take_an_address_away(Milliseconds how_long);
    void restart_a_container();
    void delete_a_pod();
    void lose_claim(ServerUid uid);

    using Step = std::function<void()>;
    void after(Milliseconds least, Milliseconds most, Step step);

private:
    void saw(const std::string& plural, const ObjectPtr& before, const ObjectPtr& after);
    std::optional<Api::Refusal> admit(const std::string& plural, const Value& object);
    std::optional<Api::Refusal> admit_service(const Value& service);
    void check_node_ports();
    void saw_set(const ObjectPtr& before, const ObjectPtr& after);
    void saw_pod(const ObjectPtr& before, const ObjectPtr& after);
    void saw_claim(const ObjectPtr& before, const ObjectPtr& after);
    void mirror(const ObjectPtr& before, const ObjectPtr& after);

    void control_set(const ObjectKey& key);
    void make_pod(const Value& set);
    void place(const ObjectKey& key, const std::string& uid);
    void run(const ObjectKey& key, const std::string& uid);
    void terminate(const std::string& uid);
    void ended(const std::string& uid);
    void restart(const std::string& uid);
    void show_running(const SimPod& pod, bool is_running);
    void lose_sight_of(const Value& claim);
    void release_claim(const ObjectKey& key);
    void collect_garbage();
    using Until = std::map<std::string, Time>;  // Nodes, and until when.
    bool is_one_of(const Until& nodes, const std::string& node) const;
    bool is_cut_off(const std::string& node) const;
    void show_node(const std::string& node);

    wire::shim::Status status_of(SimPod& pod) const;
    void tell(SimPod& pod);
    wire::shim::Answer act(SimPod& pod, const wire::shim::Request& request);
    wire::shim::Answer act_on_run(SimPod& pod, const wire::shim::Request& request);
    wire::shim::Answer start_run(SimPod& pod, const wire::shim::Request& request);

    Ground& ground_;
    Api& api_;
    Dice dice_;
    bool by_us_ = false;
    std::multimap<Time, Step> later_;
    std::map<std::string, SimPod> pods_;  // By uid.
    Until cut_off_;
    Until without_address_;  // Of which players cannot be told where their game is.
    int addresses_ = 0;
};

}  // namespace gk::sim
