#include <algorithm>
#include <utility>

#include "tests/sim/cluster/nodes.hpp"
#include "tests/sim/cluster/shim_end.hpp"
#include "wire/shim/spec.hpp"

// The shims in the pods: what src/shim/pod.cpp does, over the games of the ground.
namespace gk::sim {

using namespace std::chrono_literals;
using wire::shim::Answer;
using wire::shim::Op;
using wire::shim::Outcome;
using wire::shim::Phase;
using Process = Seen::Process;

namespace {

Outcome outcome_of(const RuntimeError& error) {
    using enum RuntimeError::Kind;
    return error.kind == refused ? Outcome::stale : error.kind == invalid ? Outcome::invalid : Outcome::unavailable;
}

Answer answer_to(std::uint32_t id, const Ground::Effect& effect) {
    if (effect) return {.id = id};
    return {.id = id, .outcome = outcome_of(effect.error()), .text = effect.error().detail};
}

}  // namespace

SimPod* Nodes::listener(const std::string& address) {
    for (auto& [uid, pod] : pods_) {
        if (pod.address == address && pod.is_up && !is_cut_off(pod.node)) return &pod;
    }
    return nullptr;
}

bool Nodes::has_pod_for_files(const std::string& address, Epoch epoch) {
    auto* pod = listener(address);
    if (pod == nullptr || epoch < pod->epoch) return false;
    pod->epoch = epoch;
    return true;
}

void Nodes::request(const std::shared_ptr<ShimEnd>& by, const std::string& pod, wire::shim::Request request) {
    auto& dice = ground_.fault_dice;
    const bool is_late = dice.chance(ground_.faults.late);
    const auto takes = is_late ? dice.between(1s, 30s) : dice.between(0ms, 10ms);
    by->last_due = std::max(by->last_due, ground_.now + takes);
    // What has arrived is done, also when who has sent it is dead by then.
    later_.emplace(by->last_due, [this, pod, asked = std::move(request), to = std::weak_ptr(by)] {
        const auto found = pods_.find(pod);
        if (found == pods_.end() || !found->second.is_up || is_cut_off(found->second.node)) return;
        const auto answer = act(found->second, asked);
        const auto end = to.lock();
        if (!end) return;
        if (ground_.fault_dice.chance(ground_.faults.reply_lost)) return end->close();
        if (asked.op == Op::hello && answer.outcome == Outcome::ok) {
            end->is_subscribed = true;
            end->send(wire::shim::encode(status_of(found->second)));
        }
        tell(found->second);
        end->send(wire::shim::encode(answer));
    });
}

wire::shim::Status Nodes::status_of(SimPod& pod) const {
    wire::shim::Status status{.phase = Phase::idle, .epoch = pod.epoch};
    if (!pod.has_run) return status;
    auto& cell = ground_.cells[pod.server];
    status.started_at = cell.started_at.value_or(Time());
    status.quiesced = cell.quiesced;
    // A shim knows its child's end, if only by its absence.
    status.phase = cell.process == Process::gone ? Phase::exited : static_cast<Phase>(std::to_underlying(cell.process) - 1);
    if (status.phase != Phase::exited) return status;
    wire::shim::Exit exit{.cause = wire::shim::Cause::lost, .at = ground_.now};
    if (cell.exit) exit = {.cause = static_cast<wire::shim::Cause>(cell.exit->cause), .code = cell.exit->code, .at = cell.exit->at};
    else if (pod.told && pod.told->exit) exit = *pod.told->exit;
    status.exit = exit;
    return status;
}

// Whoever listens hears of every change.
void Nodes::tell(SimPod& pod) {
    if (!pod.is_up || is_cut_off(pod.node)) return;
    auto status = status_of(pod);
    if (pod.told == status) return;
    pod.told = status;
    std::erase_if(pod.ends, [](const auto& end) { return end.expired(); });
    for (const auto& end : pod.ends) {
        const auto open = end.lock();
        if (!open || !open->is_subscribed) continue;
        open->send(wire::shim::encode(status));
        if (pod.has_run) ground_.cells[pod.server].told = true;
    }
}

Answer Nodes::act(SimPod& pod, const wire::shim::Request& request) {
    ground_.note(fmt::format("shim hears {}", name_of(request.op)), pod.server, std::to_underlying(request.epoch));
    const bool only_looks = request.epoch == Epoch{} && request.op >= Op::log;
    const bool is_old = !only_looks && !(request.op == Op::hello && request.epoch == Epoch{}) && request.epoch < pod.epoch;
    if (is_old && api_.plant != ClusterPlant::shims_obey_anybody) return {.id = request.id, .outcome = Outcome::stale, .text = "replaced"};
    if (is_old && request.op != Op::hello) ground_.breach(fmt::format("I2: {} of an old epoch took effect", name_of(request.op)));
    pod.epoch = std::max(pod.epoch, request.epoch);
    auto answer = act_on_run(pod, request);
    ground_.check();
    return answer;
}

Answer Nodes::act_on_run(SimPod& pod, const wire::shim::Request& request) {
    const auto id = request.id;
    const auto uid = pod.server;
    switch (request.op) {
    case Op::run: return start_run(pod, request);
    case Op::acknowledge: {
        if (!pod.has_run) return {.id = id};
        const auto cleaned = ground_.clean(uid);
        if (cleaned) pod.has_run = false;
        return answer_to(id, cleaned);
    }
    case Op::stop: return pod.has_run ? answer_to(id, ground_.stop(uid)) : Answer{.id = id};
    case Op::kill: return pod.has_run ? answer_to(id, ground_.kill(uid)) : Answer{.id = id};
    case Op::quiesce: return pod.has_run ? answer_to(id, ground_.quiesce(uid)) : Answer{.id = id, .outcome = Outcome::not_found};
    case Op::resume: return pod.has_run ? answer_to(id, ground_.resume(uid)) : Answer{.id = id, .outcome = Outcome::not_found};
    case Op::command: {
        if (!pod.has_run) return {.id = id, .outcome = Outcome::not_found};
        auto said = ground_.type(uid, request.text);
        if (said) return {.id = id, .outcome = Outcome::ok, .text = std::move(*said)};
        return {.id = id, .outcome = outcome_of(said.error()), .text = said.error().detail};
    }
    default: return {.id = id};
    }
}

Answer Nodes::start_run(SimPod& pod, const wire::shim::Request& request) {
    const auto id = request.id;
    const auto spec = wire::shim::decode_spec(as_byte_span(request.text));
    if (!spec) return {.id = id, .outcome = Outcome::invalid, .text = "the launch document cannot be read"};
    const auto& settings = spec->program.argv.back();
    auto& cell = ground_.cells[pod.server];
    if (pod.has_run) {
        if (cell.alive() && cell.started_with == settings) return {.id = id};
        return {.id = id, .outcome = Outcome::unavailable, .text = "another run is here"};
    }
    const auto runs_it = [&](const auto& it) { return it.second.server == pod.server && it.second.has_run; };
    if (cell.alive() && std::ranges::any_of(pods_, runs_it)) {
        ground_.breach("I1: a game was started in a second pod");
        return {.id = id, .outcome = Outcome::unavailable};
    }
    const auto claim = api_.find("persistentvolumeclaims", {pod.key.space, pod.claim});
    if (!claim) ground_.breach("I1: a game was started on a claim that is gone");
    const auto launched = ground_.launch(pod.server, settings);
    if (launched) pod.has_run = true;
    return answer_to(id, launched);
}

}  // namespace gk::sim
