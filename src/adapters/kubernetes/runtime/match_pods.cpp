#include "adapters/kubernetes/runtime/match_pods.hpp"

#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "adapters/kubernetes/runtime/world_pods.hpp"
#include "async/deadline.hpp"
#include "async/task_group.hpp"
#include "base/scope_entry.hpp"
#include "net/shim/spec_codec.hpp"

namespace gk::kubernetes {

using wire::kubernetes::key_of;
using wire::kubernetes::text_at;
using wire::kubernetes::uid_of;
using wire::shim::Op;

namespace {

const Resource secrets{.group = "", .version = "v1", .plural = "secrets"};
constexpr Milliseconds patience{10'000};
constexpr std::size_t links_at_once = 32;

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

Selection match_servers(const std::string& space) {
    return {.space = space, .labels = fmt::format("{}={},{}", manager_label, manager, match_server_label), .fields = {}};
}

}  // namespace

MatchPods::MatchPods(boost::asio::any_io_executor loop, Client client, Random& random, ClusterView& nodes,
                     std::function<Value(const std::string&)> owner_of, Options options)
    : clock_(client.clock()),
      client_(client),
      nodes_(nodes),
      owner_of_(std::move(owner_of)),
      options_(std::move(options)),
      watchers_(loop),
      links_(std::move(loop), clock_,
             {.pod = [this](ServerUid uid) { return view_of(uid); }, .key = [this](ServerUid uid) { return shim_key_of(uid); }}, options_.reach,
             [this](ServerUid uid) { note(uid); }),
      linking_(clock_, links_at_once, [this](ObjectKey pod) { return keep_link(std::move(pod)); }),
      pods_(std::move(client), random, resources::pods, match_servers(options_.space), [this](const auto& change) { saw(change); }) {}

Task<void> MatchPods::run() {
    async::TaskGroup parts(co_await boost::asio::this_coro::executor);
    parts.spawn("links to match servers", linking_.run());
    auto following = pods_.run();
    co_await async::run_with(parts, std::move(following));
}

void MatchPods::saw(const wire::kubernetes::Store::Change& change) {
    const auto uid = match_server_of(change.after != nullptr ? *change.after : *change.before);
    if (!uid) return;
    if (change.after != nullptr) places_.insert_or_assign(*uid, change.key);
    else if (!launching_.contains(*uid)) places_.erase(*uid);
    if (change.after == nullptr) {
        links_.drop(*uid);
        removed_.erase(std::string(uid_of(*change.before)));
    }
    changed_.wake_all();
    note(*uid);
}

void MatchPods::note(ServerUid uid) {
    watchers_.notify(uid);
    if (const auto at = places_.find(uid); at != places_.end()) linking_.add(at->second);
}

void MatchPods::node_changed(const std::string& node) {
    for (const auto& [key, pod] : pods_.store().all()) {
        const auto uid = match_server_of(*pod);
        if (uid && text_at(*pod, {"spec", "nodeName"}) == node) note(*uid);
    }
}

Task<Turn> MatchPods::keep_link(ObjectKey pod) {
    const auto there = pods_.store().find(pod);
    const auto uid = there != nullptr ? match_server_of(*there) : std::nullopt;
    if (!uid) co_return Turn{};
    co_return co_await links_.keep(*uid);
}

ObjectPtr MatchPods::find(ServerUid uid) const {
    const auto at = places_.find(uid);
    auto pod = at != places_.end() ? pods_.store().find(at->second) : nullptr;
    return pod != nullptr && match_server_of(*pod) == uid ? pod : nullptr;
}

Result<std::optional<PodView>, RuntimeError> MatchPods::view_of(ServerUid uid) const {
    if (!pods_.store().has_synced()) return fail(RuntimeError::Kind::unavailable, "the pods of match servers have not been read yet");
    const auto pod = find(uid);
    if (pod == nullptr) return std::nullopt;
    auto view = pod_view(*pod, nodes_.state_of(std::string(text_at(*pod, {"spec", "nodeName"}))));
    // The cluster has given it up, and there is no world that two could write.
    if (view.is_leaving && view.node_state == NodeState::unreachable) view.is_over = true;
    return view;
}

Runtime::Answer<noise::Key> MatchPods::shim_key_of(ServerUid uid) {
    const auto pod = find(uid);
    const auto slot = pod != nullptr ? slot_of(*pod) : std::nullopt;
    if (!slot) co_return fail(RuntimeError::Kind::not_found, "there is no pod of this match server that says which key it has");
    co_return match_shim_key(as_byte_span(options_.master.reveal()), *slot);
}

Runtime::Answer<Success> MatchPods::has_no_world() { co_return fail(RuntimeError::Kind::not_found, "a match server has no world"); }

Runtime::Answer<Success> MatchPods::fence(Epoch epoch) {
    CO_TRY_OK(links_.admit(epoch));
    CO_TRY(servers, co_await list());
    co_await links_.fence(std::move(servers));
    co_return Success{};
}

Runtime::Answer<std::vector<ServerUid>> MatchPods::list() {
    if (!pods_.store().has_synced()) co_return fail(RuntimeError::Kind::unavailable, "the pods of match servers have not been read yet");
    std::vector<ServerUid> all;
    for (const auto& [key, pod] : pods_.store().all()) {
        if (const auto uid = match_server_of(*pod)) all.push_back(*uid);
    }
    co_return all;
}

Runtime::Answer<Seen> MatchPods::observe(ServerUid uid) {
    Seen seen;
    if (launching_.contains(uid)) {
        seen.process = Seen::Process::starting;
        co_return seen;
    }
    CO_TRY(known, view_of(uid));
    if (!known) co_return seen;
    co_await nodes_.prove_death(known->node);
    CO_TRY(pod, view_of(uid));
    if (!pod) co_return seen;
    // Whoever asks wants to know at once: keep_link() knocks, and tells when somebody has opened.
    const bool is_mute = pod->is_running && pod->node_state == NodeState::up && !links_.open_link(uid, *pod);
    if (is_mute) co_return fail(RuntimeError::Kind::unavailable, "the match server's shim is not reached");
    co_return of_pod(uid, *pod);
}

// A pod that does not run has no game: nobody waits for it any more, or launch() does.
Seen MatchPods::of_pod(ServerUid uid, const PodView& pod) const {
    Seen seen;
    if (!pod.is_over && pod.node_state == NodeState::unreachable) return in_the_dark(pod.node);
    if (const auto link = links_.open_link(uid, pod); link && !pod.is_over) seen = net::shim::to_domain(link->status());
    seen.obstacle = pod.problem;
    if (const auto object = find(uid); object != nullptr && !seen.obstacle) seen.obstacle = eviction_of(*object);
    if (!pod.is_over && nodes_.is_cordoned(pod.node)) seen.leave = cordoned_problem(pod.node);
    return seen;
}

Runtime::Answer<Success> MatchPods::launch(server::LaunchSpec spec, Epoch epoch) {
    CO_TRY_OK(links_.admit(epoch));
    const auto uid = spec.uid;
    {
        const ScopeEntry launching(launching_, uid);
        for (const auto& [name, text] : pod_variables(spec)) spec.env.try_emplace(name, text);
        CO_TRY(document, net::shim::to_wire(spec, epoch, net::shim::in_pod()));
        const auto deadline = clock_.now() + options_.start;
        if (find(uid) == nullptr) CO_TRY_OK(co_await make(spec));
        CO_TRY_OK(co_await runs(uid, deadline));
        CO_TRY(link, co_await links_.reach(uid));
        CO_TRY_OK(co_await net::shim::run(link, std::move(document)));
    }
    watchers_.notify(uid);
    co_return Success{};
}

Runtime::Answer<Success> MatchPods::make(const server::LaunchSpec& launch) {
    if (!launch.image) co_return fail(RuntimeError::Kind::invalid, "the game's definition names no image");
    CO_TRY_OK(co_await keep_keys(launch.slot));
    const auto fleet = launch.env.find("FLEET");
    MatchPod pod{.launch = launch,
                 .pod = {.space = options_.space, .name = launch.name.substr(launch.name.find('/') + 1)},
                 .owner = fleet != launch.env.end() ? owner_of_(fleet->second) : Value()};
    places_.insert_or_assign(launch.uid, pod.pod);
    auto document = match_pod(pod, options_.pods);
    const auto made = co_await client_.create(resources::pods, std::move(document));
    if (made) co_return Success{};
    places_.erase(launch.uid);
    if (made.error().kind == Failure::Kind::forbidden) co_return std::unexpected(refused_pod(launch, made.error().detail));
    co_return std::unexpected(error_of(made.error()));
}

// The same keys every time: two processes that write them do each other no harm.
Runtime::Answer<Success> MatchPods::keep_keys(std::uint32_t slot) {
    if (kept_keys_.contains(match_keys_name(slot))) co_return Success{};
    auto keys = match_keys(as_byte_span(options_.master.reveal()), options_.space, slot);
    const auto applied = co_await client_.apply(secrets, std::move(keys), true);
    if (!applied) co_return std::unexpected(error_of(applied.error()));
    kept_keys_.insert(match_keys_name(slot));
    co_return Success{};
}

Runtime::Answer<Success> MatchPods::runs(ServerUid uid, Time deadline) {
    for (bool was_there = false;;) {
        CO_TRY(pod, view_of(uid));
        if (pod && pod->is_running) co_return Success{};
        if ((was_there && !pod) || (pod && (pod->is_over || pod->is_leaving))) {
            co_return pod && pod->problem ? std::unexpected(error_of(*pod->problem))
                                          : fail(RuntimeError::Kind::unavailable, "the pod ended before its game could be started");
        }
        was_there = was_there || pod;
        if (clock_.now() >= deadline) {
            co_return pod && pod->problem ? std::unexpected(error_of(*pod->problem))
                                          : fail(RuntimeError::Kind::unavailable, "the pod does not run yet");
        }
        auto waiting = changed_.wait();
        std::ignore = co_await async::finishes_by(clock_, deadline, std::move(waiting));
    }
}

Runtime::Answer<std::string> MatchPods::host_of(ServerUid uid) {
    CO_TRY(pod, view_of(uid));
    if (!pod) co_return fail(RuntimeError::Kind::not_found, "there is no pod of this match server");
    if (!has_ports_of_its_node(*find(uid))) co_return pod->address;
    if (!options_.node_host.empty()) co_return options_.node_host;
    auto address = nodes_.address_of(pod->node);
    if (address.empty())
        co_return fail(RuntimeError::Kind::unavailable, "the match's node tells no address; set cluster.node_host to one that players reach");
    co_return address;
}

Runtime::Answer<Success> MatchPods::stop(ServerUid uid, Epoch epoch) {
    const auto asked = co_await links_.ask(uid, Op::stop, std::string(), epoch, patience);
    if (asked) co_return Success{};
    if (asked.error().kind == RuntimeError::Kind::refused) co_return std::unexpected(asked.error());
    // A shim that does not answer is told by its kubelet.
    co_return co_await remove(uid, std::nullopt);
}

Runtime::Answer<Success> MatchPods::kill(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(links_.admit(epoch));
    co_return co_await remove(uid, std::chrono::seconds(1));
}

Runtime::Answer<Success> MatchPods::clean(ServerUid uid, Epoch epoch) { return kill(uid, epoch); }

Runtime::Answer<Success> MatchPods::forget(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(co_await kill(uid, epoch));
    links_.drop(uid);
    co_return Success{};
}

// No grace where nobody is there to grant it: then the object goes, and the node ends what it finds when it is back. Also when it was asked for
// while the node was still thought to be up.
Runtime::Answer<Success> MatchPods::remove(ServerUid uid, std::optional<std::chrono::seconds> grace) {
    CO_TRY(pod, view_of(uid));
    if (!pod) co_return Success{};
    const bool by_force = pod->is_over || pod->node_state == NodeState::unreachable;
    const auto asked = removed_.find(pod->object_uid);
    if (asked != removed_.end() ? asked->second || !by_force : pod->is_leaving && !by_force) co_return Success{};
    auto key = key_of(*find(uid));
    Preconditions only{.uid = pod->object_uid, .version = {}};
    const auto removed = co_await client_.remove(resources::pods, std::move(key), std::move(only), by_force ? std::chrono::seconds(0) : grace);
    const bool is_done = removed || removed.error().kind == Failure::Kind::not_found || removed.error().kind == Failure::Kind::conflict;
    if (!is_done) co_return std::unexpected(error_of(removed.error()));
    if (find(uid) != nullptr) removed_.insert_or_assign(pod->object_uid, by_force);
    co_return Success{};
}

Runtime::Answer<Success> MatchPods::label(ServerUid uid, std::map<std::string, std::string> labels, Epoch epoch) {
    CO_TRY_OK(links_.admit(epoch));
    const auto pod = find(uid);
    if (pod == nullptr) co_return fail(RuntimeError::Kind::not_found, "there is no pod of this match server");
    auto wanted = Value::object();
    for (const auto& [name, text] : labels) {
        if (text_at(*pod, {"metadata", "labels", name}) != text) wanted.set(name, text);
    }
    if (wanted.as_object()->empty()) co_return Success{};
    // Its uid: not on another pod of that name.
    auto metadata = Value::object({{"uid", uid_of(*pod)}, {"labels", std::move(wanted)}});
    auto patch = Value::object({{"metadata", std::move(metadata)}});
    auto key = key_of(*pod);
    const auto patched = co_await client_.merge(resources::pods, std::move(key), std::move(patch));
    if (!patched) co_return std::unexpected(error_of(patched.error()));
    co_return Success{};
}

Runtime::Answer<std::vector<LogLine>> MatchPods::logs(ServerUid uid, std::uint64_t cursor, std::size_t lines_max) {
    return links_.logs(uid, cursor, lines_max);
}

Result<std::shared_ptr<void>, RuntimeError> MatchPods::watch_log(ServerUid uid, std::function<void()> grown) {
    auto watching = links_.watch_log(uid, std::move(grown));
    if (const auto at = places_.find(uid); at != places_.end()) linking_.add(at->second);
    return watching;
}

Runtime::Answer<std::string> MatchPods::health() {
    co_return pods_.store().has_synced() ? std::string() : std::string("the pods of match servers cannot be read: see the log");
}

}  // namespace gk::kubernetes
