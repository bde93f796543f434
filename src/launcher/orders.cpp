#include "launcher/orders.hpp"

#include "launcher/confine.hpp"
#include "launcher/disks.hpp"
#include "launcher/edge.hpp"
#include "launcher/game.hpp"
#include "launcher/rules/permit.hpp"

namespace gk::launcher {
namespace {

using namespace wire::launcher;
using Answered = wire::launcher::Outcome;

template <class T>
Answered answered(Result<T, Failure> result) {
    if (!result) return std::move(result).error();
    if constexpr (std::same_as<T, Success>) return Done{};
    else return std::move(*result);
}

class CarryOut {
public:
    CarryOut(const Options& options, const Cgroup& cgroup) : options_(options), cgroup_(cgroup) {}

    Answered operator()(const SeeDisks& order) const { return answered(see_disks(order.server)); }
    Answered operator()(const CreateDisk& order) const { return answered(create_disk(options_, order)); }
    Answered operator()(const RemoveDisk& order) const { return answered(remove_disk(order.server, order.disk)); }
    Answered operator()(const SwitchDisk& order) const { return answered(switch_disk(order.server)); }
    Answered operator()(const OwnDisk& order) const {
        if (const auto seen = see_disks(order.server); !seen) return seen.error();
        return answered(own_world(Place(order.server).disk(order.disk).world, options_.uid_base + order.slot));
    }
    Answered operator()(const Launch& order) const { return answered(launch(options_, cgroup_, order)); }
    Answered operator()(const Kill& order) const { return answered(kill_all(options_, order.server)); }
    Answered operator()(const Clean& order) const { return answered(clean(options_, cgroup_, order.server)); }
    Answered operator()(const Forget& order) const { return answered(forget(options_, cgroup_, order.server)); }
    Answered operator()(const ListServers&) const { return Servers{list_servers()}; }
    Answered operator()(const MeasureWorld& order) const { return Measured{world_bytes(order.server)}; }
    Answered operator()(const RunConfined& order) const { return answered(run_confined(options_, order)); }
    Answered operator()(const FindShortcomings&) const {
        auto found = loop_shortcoming();
        return found.empty() ? Texts{} : Texts{{std::move(found)}};
    }
    Answered operator()(const StartEdge& order) const { return answered(start_edge(options_, order)); }
    Answered operator()(const OpenFiles&) const { return Failure{Failure::Kind::invalid, "not carried out here"}; }
    Answered operator()(const Cancel&) const { return Failure{Failure::Kind::invalid, "not carried out here"}; }

private:
    const Options& options_;
    const Cgroup& cgroup_;
};

}  // namespace

Answered carry_out(const Options& options, const Cgroup& cgroup, const Order& order) {
    if (const auto permitted = permit(options, order); !permitted) return permitted.error();
    return std::visit(CarryOut(options, cgroup), order);
}

}  // namespace gk::launcher
