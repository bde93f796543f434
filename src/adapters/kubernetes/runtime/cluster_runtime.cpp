#include "adapters/kubernetes/runtime/cluster_runtime.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "async/task_group.hpp"
#include "base/scope_entry.hpp"
#include "net/shim/spec_codec.hpp"

namespace gk::kubernetes {

using wire::shim::Op;
using wire::shim::Phase;

namespace {

constexpr Milliseconds patience{10'000};
constexpr Milliseconds quiesce_patience{600'000};  // The shim itself answers within the definition's own time-out, whatever it is.
constexpr Milliseconds idle_look{10'000};
constexpr std::size_t links_at_once = 32;

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

}  // namespace

ClusterRuntime::ClusterRuntime(boost::asio::any_io_executor loop, Client client, Random& random, Knowledge knowledge, Options options)
    : loop_(loop),
      clock_(client.clock()),
      client_(client),
      knowledge_(std::move(knowledge)),
      options_(std::move(options)),
      watchers_(loop),
      links_(loop, clock_, shims(), options_.reach, [this](ServerUid uid) { note(uid); }),
      linking_(clock_, links_at_once, [this](ObjectKey server) { return keep_link(std::move(server)); }),
      view_(client, random, options_.space, [this](ServerUid uid) { note(uid); }),
      pods_(std::move(client), view_, options_.pods, options_.limits) {}

ShimLinks::Knowledge ClusterRuntime::shims() {
    return {.pod = [this](ServerUid uid) { return pod_of(uid); }, .key = [this](ServerUid uid) { return shim_key_of(uid); }};
}

Result<std::optional<PodView>, RuntimeError> ClusterRuntime::pod_of(ServerUid uid) const {
    TRY(server, place(uid));
    return view_.pod(uid, server);
}

Runtime::Answer<noise::Key> ClusterRuntime::shim_key_of(ServerUid uid) {
    CO_TRY(server, place(uid));
    co_return co_await knowledge_.key(std::move(server));
}

Task<void> ClusterRuntime::run() {
    async::TaskGroup parts(co_await boost::asio::this_coro::executor);
    parts.spawn("links to shims", linking_.run());
    auto viewing = view_.run();
    co_await async::run_with(parts, std::move(viewing));
}

void ClusterRuntime::note(ServerUid uid) {
    watchers_.notify(uid);
    if (const auto server = view_.place_of(uid)) linking_.add(*server);
}

Result<ObjectKey, RuntimeError> ClusterRuntime::place(ServerUid uid) const {
    if (!view_.has_synced()) return fail(RuntimeError::Kind::unavailable, "the cluster's objects have not been read yet");
    if (auto known = knowledge_.place(uid)) return std::move(*known);
    // Of a server that no record knows: its objects say whose they are.
    if (auto known = view_.place_of(uid)) return std::move(*known);
    return fail(RuntimeError::Kind::not_found, "nothing in the cluster belongs to this server");
}

Runtime::Answer<ObjectKey> ClusterRuntime::settled(ServerUid uid) {
    CO_TRY(server, place(uid));
    const auto deadline = clock_.now() + patience;
    while (!view_.is_fresh(uid, server)) {
        if (clock_.now() >= deadline) co_return fail(RuntimeError::Kind::unavailable, "the copy of the cluster's objects is behind");
        co_await view_.change_by(deadline);
    }
    co_return server;
}

Runtime::Answer<Success> ClusterRuntime::fence(Epoch epoch) {
    CO_TRY_OK(links_.admit(epoch));
    if (!view_.has_synced()) co_return fail(RuntimeError::Kind::unavailable, "the cluster's objects have not been read yet");
    co_await links_.fence(view_.servers());
    co_return Success{};
}

std::shared_ptr<void> ClusterRuntime::watch(Changed changed) { return watchers_.add(std::move(changed)); }

Runtime::Answer<std::vector<ServerUid>> ClusterRuntime::list() {
    if (!view_.has_synced()) co_return fail(RuntimeError::Kind::unavailable, "the cluster's objects have not been read yet");
    co_return view_.servers();
}

Task<Turn> ClusterRuntime::keep_link(ObjectKey server) {
    const auto uid = view_.server_at(server);
    if (!uid) co_return Turn{};
    co_return co_await links_.keep(*uid);
}

bool ClusterRuntime::is_idle(ServerUid uid, const PodView& pod) const {
    const auto link = links_.open_link(uid, pod);
    return link && link->status().phase == Phase::idle;
}

Runtime::Answer<PodView> ClusterRuntime::bring_up(server::LaunchSpec spec, ObjectKey server, Epoch epoch) {
    const auto uid = spec.uid;
    const auto pod = view_.pod(uid, server);
    if (pod && pod->is_running) std::ignore = co_await links_.reach(uid);
    // A pod that has served files does not keep the game on a node that is to be emptied.
    if (pod && is_idle(uid, *pod) && view_.is_cordoned(pod->node)) CO_TRY_OK(co_await pods_.kill(uid, server));
    WorldPods::Start order{.launch = std::move(spec), .server = std::move(server), .epoch = epoch, .may_replace = pod && is_idle(uid, *pod)};
    co_return co_await pods_.start(std::move(order));
}

Runtime::Answer<Success> ClusterRuntime::launch(server::LaunchSpec spec, Epoch epoch) {
    CO_TRY_OK(links_.admit(epoch));
    const auto uid = spec.uid;
    CO_TRY(server, co_await settled(uid));
    {
        const ScopeEntry launching(launching_, uid);
        // What the pod says in its environment is for people; the game's own comes with its launch.
        for (const auto& [name, text] : pod_variables(spec)) spec.env.try_emplace(name, text);
        CO_TRY(document, net::shim::to_wire(spec, epoch, net::shim::in_pod()));
        auto game = std::move(spec.mounts);
        CO_TRY_OK(co_await bring_up(std::move(spec), std::move(server), epoch));
        CO_TRY_OK(co_await bring_game(uid, std::move(game)));
        CO_TRY(link, co_await links_.reach(uid));
        CO_TRY_OK(co_await net::shim::run(link, std::move(document)));
    }
    watchers_.notify(uid);
    co_return Success{};
}

Runtime::Answer<Success> ClusterRuntime::stop(ServerUid uid, Epoch epoch) {
    const auto asked = co_await links_.ask(uid, Op::stop, std::string(), epoch, patience);
    if (asked) co_return Success{};
    if (asked.error().kind != RuntimeError::Kind::not_found) co_return std::unexpected(asked.error());
    CO_TRY(server, co_await settled(uid));
    co_return co_await must_not_run(uid, server);
}

Runtime::Answer<Success> ClusterRuntime::kill(ServerUid uid, Epoch epoch) {
    const auto asked = co_await links_.ask(uid, Op::kill, std::string(), epoch, patience);
    if (asked) co_return Success{};
    if (asked.error().kind == RuntimeError::Kind::refused) co_return std::unexpected(asked.error());
    CO_TRY(server, place(uid));
    co_return co_await pods_.kill(uid, std::move(server));
}

Runtime::Answer<Success> ClusterRuntime::clean(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(links_.admit(epoch));
    CO_TRY(server, co_await settled(uid));
    CO_TRY(seen, co_await observe_run(uid, server));
    if (seen.process == Seen::Process::exited) CO_TRY_OK(co_await links_.ask(uid, Op::acknowledge, std::string(), epoch, patience));
    else CO_TRY_OK(is_down(seen));
    CO_TRY_OK(co_await pods_.stop(uid, std::move(server), epoch));
    links_.drop(uid);
    co_return Success{};
}

Runtime::Answer<Success> ClusterRuntime::quiesce(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(co_await links_.ask(uid, Op::quiesce, std::string(), epoch, quiesce_patience));
    co_return Success{};
}

Runtime::Answer<Success> ClusterRuntime::resume(ServerUid uid, Epoch epoch) {
    CO_TRY_OK(co_await links_.ask(uid, Op::resume, std::string(), epoch, patience));
    co_return Success{};
}

Runtime::Answer<std::string> ClusterRuntime::command(ServerUid uid, std::string line, Epoch epoch) {
    return links_.command(uid, std::move(line), epoch);
}

Runtime::Answer<std::string> ClusterRuntime::health() {
    co_return view_.has_synced() ? std::string()
                                 : std::string("the cluster's objects cannot be read: see the log, and the rights of the service account");
}

Runtime::Answer<PodView> ClusterRuntime::open_pod(ServerUid uid) {
    used_.insert_or_assign(uid, clock_.now());
    CO_TRY(server, co_await settled(uid));
    auto pod = view_.pod(uid, server);
    if (pod && pod->is_running && !pod->is_leaving) co_return std::move(*pod);
    CO_TRY(spec, co_await knowledge_.launch(uid));
    co_return co_await bring_up(std::move(spec), std::move(server), links_.epoch());
}

Files::Answer<net::shim::RemoteFiles::Place> ClusterRuntime::files_of(ServerUid uid) {
    const auto unavailable = [](const RuntimeError& error) { return std::unexpected(FilesError{FilesError::Kind::unavailable, error.detail}); };
    const auto pod = co_await open_pod(uid);
    if (!pod) co_return unavailable(pod.error());
    const auto server = place(uid);
    if (!server) co_return unavailable(server.error());
    const auto key = co_await knowledge_.key(*server);
    if (!key) co_return unavailable(key.error());
    auto epoch = links_.epoch();
    if (epoch == Epoch{}) {
        const auto link = co_await links_.reach(uid);
        if (!link) co_return unavailable(link.error());
        // Behind the answer, every status that the shim has told has been heard.
        const auto told = co_await (*link)->ask(wire::shim::Op::hello, std::string(), epoch, patience);
        if (!told) co_return unavailable(told.error());
        epoch = (*link)->status().epoch;
    }
    co_return net::shim::RemoteFiles::Place{.shim = {.address = pod->address, .port = Port{shim_port}, .key = *key}, .epoch = epoch};
}

Task<void> ClusterRuntime::stop_idle_pods() {
    for (;;) {
        co_await clock_.sleep(idle_look);
        if (links_.epoch() == Epoch{}) continue;  // It does not command yet.
        for (const auto uid : view_.servers()) {
            const auto stopped = co_await stop_when_idle(uid);
            if (stopped) used_.erase(uid);
        }
    }
}

// not_found: it has something to do, or there is none.
Runtime::Answer<Success> ClusterRuntime::stop_when_idle(ServerUid uid) {
    CO_TRY(server, place(uid));
    const auto pod = view_.pod(uid, server);
    const bool may_stop = pod && !pod->is_leaving && !launching_.contains(uid) && is_idle(uid, *pod);
    const auto since = used_.try_emplace(uid, clock_.now()).first->second;
    if (!may_stop || clock_.now() - since < options_.idle) co_return fail(RuntimeError::Kind::not_found, "it is not idle");
    co_return co_await pods_.stop(uid, std::move(server), links_.epoch());
}

}  // namespace gk::kubernetes
