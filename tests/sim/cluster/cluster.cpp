#include "tests/sim/cluster/cluster.hpp"

#include <algorithm>
#include <set>

#include "adapters/kubernetes/objects/game_server.hpp"
#include "adapters/kubernetes/objects/names.hpp"
#include "adapters/kubernetes/runtime/cluster_view.hpp"

namespace gk::sim {

using namespace std::chrono_literals;
using wire::kubernetes::find_at;
using wire::kubernetes::text_at;

namespace {

std::int64_t number_at(const Value& object, std::initializer_list<std::string_view> path) {
    const auto* found = find_at(object, path);
    return found != nullptr && found->as_int() != nullptr ? *found->as_int() : 0;
}

Value slots_setting(int slots) { return Value::object({{"slots", slots}}); }

Value& at(Value& object, std::string_view name) {
    if (const auto* found = object.find(name)) return const_cast<Value&>(*found);
    return object.set(name, Value::object());
}

}  // namespace

SimCluster::SimCluster(Ground& ground, std::uint64_t seed, ClusterPlant plant)
    : ground_(ground),
      api_(ground, plant),
      nodes_(ground, api_, seed),
      roads_(ground, api_, seed),
      people_(seed, 8) {
    roads_.by_us = [this](bool by_us) { nodes_.set_by_us(by_us); };
    roads_.later = [this](Milliseconds after, std::function<void()> step) { nodes_.after(after, after, std::move(step)); };
    nodes_.news = [this](const std::string& plural) { roads_.news(plural); };
    Dice family(seed, 9);
    roads_.faults = ClusterFaults::for_seed(family);
    replicas_ = family.chance(0.5) ? 2 : 1;
    // Nobody starts a game in a cluster past its pods, and there is no machine's memory that is full.
    ground_.faults.stray_start = 0;
    // Only who saw a number given back knows that it rests.
    ground_.ports_rest = false;
}

void SimCluster::settle() {
    nodes_.settle();
    check_leaders();
}

void SimCluster::leads(std::uint64_t life, std::function<bool()> leads) { leaders_[life] = std::move(leads); }

void SimCluster::check_leaders() {
    const auto count = std::ranges::count_if(leaders_, [](const auto& it) { return it.second(); });
    if (count > 1) ground_.breach("R13: two control planes lead at once");
}

void SimCluster::turn_minute() {
    auto& dice = roads_.dice;
    const auto& faults = roads_.faults;
    if (dice.chance(faults.outage)) roads_.be_away(dice.between(2s, 90s));
    if (dice.chance(faults.compaction)) api_.compact();
    if (dice.chance(faults.node_cut_off)) nodes_.cut_off_a_node(dice.between(10s, 4min));
    if (dice.chance(faults.no_address)) nodes_.take_an_address_away(dice.between(1s, 4min));
    if (dice.chance(faults.container_ends)) nodes_.restart_a_container();
    if (dice.chance(faults.pod_deleted)) nodes_.delete_a_pod();
}

std::optional<Milliseconds> SimCluster::stands_still() {
    if (!roads_.dice.chance(roads_.faults.paused)) return std::nullopt;
    return roads_.dice.between(5s, 90s);
}

void SimCluster::heal() {
    roads_.faults = ClusterFaults();
    roads_.away_until = Time();
    nodes_.heal();
}

bool SimCluster::somebody_acts() {
    if (!people_.chance(roads_.faults.people)) return false;
    const auto& all = api_.table("gameservers").objects;
    const auto slots = static_cast<int>(people_.below(100));
    if (all.size() < 3 && people_.chance(0.3)) {
        apply(fmt::format("world-{}", people_.below(4)), slots, people_.chance(0.7));
        return true;
    }
    if (all.empty()) return false;
    if (people_.chance(0.1)) {
        use_port(30000 + static_cast<int>(people_.below(6)));
        return true;
    }
    const auto name = std::next(all.begin(), static_cast<std::ptrdiff_t>(people_.below(all.size())))->first.name;
    switch (people_.below(8)) {
    case 0: remove(name); break;
    case 1:
    case 2: scale(name, static_cast<int>(people_.below(2))); break;
    case 3:
    case 4: declare_slots(name, slots); break;
    default: annotate(name);
    }
    return true;
}

void SimCluster::apply(const std::string& name, int slots, bool is_running) {
    ground_.note("kubectl apply " + name);
    ground_.settings_asked.insert(text_of({{"slots", Value(slots)}}));
    if (api_.find("gameservers", {"default", name})) return declare_slots(name, slots);
    net::ClientRequest request;
    request.method = "POST";
    request.target = "/apis/gamekeeper.dev/v1alpha1/namespaces/default/gameservers";
    request.body =
        to_json(Value::object({{"apiVersion", kubernetes::group_version},
                               {"kind", "GameServer"},
                               {"metadata", Value::object({{"namespace", "default"}, {"name", name}})},
                               {"spec", Value::object({{"game", "toy"}, {"settings", slots_setting(slots)}, {"replicas", is_running ? 1 : 0}})}}));
    std::ignore = api_.handle(request);
}

void SimCluster::leave_half_made(const std::string& name) {
    apply(name, 1, true);
    api_.edit("gameservers", {"default", name},
              [](Value& next) { at(next, "metadata").set("finalizers", Value::array({Value(kubernetes::finalizer)})); });
}

void SimCluster::scale(const std::string& name, int replicas) {
    ground_.note(fmt::format("kubectl scale {} {}", name, replicas));
    api_.edit("gameservers", {"default", name}, [&](Value& next) { at(next, "spec").set("replicas", replicas); });
}

void SimCluster::declare_slots(const std::string& name, int slots) {
    ground_.note(fmt::format("kubectl edit {}", name));
    ground_.settings_asked.insert(text_of({{"slots", Value(slots)}}));
    api_.edit("gameservers", {"default", name}, [&](Value& next) { at(next, "spec").set("settings", slots_setting(slots)); });
}

void SimCluster::use_port(int number) {
    net::ClientRequest request;
    request.method = "POST";
    request.target = "/api/v1/namespaces/elsewhere/services";
    auto port = Value::object({{"nodePort", number}, {"protocol", "UDP"}});
    request.body = to_json(Value::object({{"apiVersion", "v1"},
                                          {"kind", "Service"},
                                          {"metadata", Value::object({{"namespace", "elsewhere"}, {"name", "of-somebody"}})},
                                          {"spec", Value::object({{"ports", Value::array({std::move(port)})}})}}));
    std::ignore = api_.handle(request);
}

// Changes nothing that matters to us, but the version on which others write.
void SimCluster::annotate(const std::string& name) {
    api_.edit("gameservers", {"default", name}, [&](Value& next) { at(at(next, "metadata"), "annotations").set("note", std::to_string(++notes_)); });
}

std::string SimCluster::unrest() {
    for (const auto& [key, object] : api_.table("gameservers").objects) {
        if (auto why = unrest_of(*object); !why.empty()) return fmt::format("{}: {}", why, key.name);
    }
    return leftovers();
}

// I24 for people: what they declare is what is, or they are told why not.
std::string SimCluster::unrest_of(const Value& game_server) {
    const auto declaration = kubernetes::declaration_of(game_server);
    if (declaration.is_ending) return "I24: a GameServer that was deleted is still there";
    if (declaration.refused) return {};
    if (!declaration.record) return "I24: a GameServer was never taken in, and nobody says why";
    if (declaration.generation_seen != declaration.generation) return "I24: a declaration was not looked at";
    const bool is_wanted_up = declaration.record->wanted == server::Wanted::running;
    const auto* replicas = declaration.declared.find("replicas");
    const bool is_declared_up = replicas == nullptr || *replicas != Value(0);
    if (is_wanted_up != is_declared_up) return "I24: spec does not say what is wanted";
    return {};
}

// I10: of what is gone nothing is left in the cluster, and pods are where games are.
std::string SimCluster::leftovers() {
    const auto& servers = ground_.state->servers;
    for (const auto plural : {"pods", "statefulsets", "persistentvolumeclaims", "services", "secrets", "poddisruptionbudgets"}) {
        for (const auto& [key, object] : api_.table(plural).objects) {
            const auto uid = kubernetes::server_of(*object);
            // It goes with the GameServer, which may wait for room after a create that failed (seed 617).
            const bool is_owned = std::string_view(plural) == "secrets" && api_.find("gameservers", {key.space, key.name.substr(3)});
            if (is_owned) continue;
            if (uid && !servers.contains(*uid)) return fmt::format("I10: {} {} is left of a server that is gone", plural, key.name);
            const bool is_up = uid && servers.at(*uid).phase == server::Phase::running;
            if (std::string_view(plural) == "pods" && !is_up) return fmt::format("I10: pod {} is left without a game", key.name);
        }
    }
    const auto budgets = api_.table("poddisruptionbudgets").objects.size();
    if (servers.empty() && budgets > 0) return "I10: a disruption budget is left without a world";
    if (budgets == 0 && !api_.table("pods").objects.empty()) return "R18: a pod runs without a disruption budget";
    return {};
}

std::string SimCluster::picture() {
    std::string out;
    for (const auto& [key, object] : api_.table("gameservers").objects) {
        out += fmt::format("GameServer {}: spec {} state {} phase {} reason '{}' finalizers {}\n", key.text(), to_json(*object->find("spec")),
                           text_at(*object, {"status", "state"}), text_at(*object, {"status", "phase"}), text_at(*object, {"status", "reason"}),
                           find_at(*object, {"metadata", "finalizers"}) != nullptr);
    }
    for (const auto& [key, object] : api_.table("statefulsets").objects)
        out += fmt::format("StatefulSet {}: {} wanted, {} there\n", key.text(), number_at(*object, {"spec", "replicas"}),
                           number_at(*object, {"status", "replicas"}));
    std::map<std::string, int> claims;
    for (const auto& [key, object] : api_.table("persistentvolumeclaims").objects)
        ++claims[fmt::format("{} {}", key.name.substr(0, key.name.rfind('-')), text_at(*object, {"metadata", "labels", kubernetes::world_label}))];
    for (const auto& [name, count] : claims) out += fmt::format("{} claims {}\n", count, name);
    for (const auto plural : {"pods", "services", "secrets", "poddisruptionbudgets"}) {
        for (const auto& [key, object] : api_.table(plural).objects) out += fmt::format("{} {}\n", plural, key.text());
    }
    return out;
}

}  // namespace gk::sim
