#include "app/nodes/nodes.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "app/event.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace gk::app {
namespace {

// Whose machines they are: those of whoever installed Gamekeeper.
constexpr std::string_view owner = "default";

Error no_nodes() {
    return {.kind = Error::Kind::unprocessable,
            .code = "not_supported_here",
            .message = "this installation runs on one machine, and has no nodes: they are of the cluster shape (serve --shape cluster)"};
}

Error alive(const Node& node) {
    return {.kind = Error::Kind::conflict,
            .code = "node_answers",
            .message = fmt::format("node '{0}' answers, so it is not dead, and games on it may write their worlds; to empty it: kubectl drain {0} "
                                   "--ignore-daemonsets --delete-emptydir-data",
                                   node.name)};
}

}  // namespace

NodeCare::Answer<std::vector<NodeCare::Shown>> NodeCare::read() {
    if (nodes_ == nullptr) co_return std::unexpected(no_nodes());
    auto nodes = co_await nodes_->list();
    if (!nodes) co_return std::unexpected(from(nodes.error()));
    auto records = co_await store_.list();
    if (!records) co_return std::unexpected(from(records.error()));
    std::map<ServerUid, const server::Record*> by_uid;
    for (const auto& record : *records) by_uid.emplace(record.uid, &record);
    std::vector<Shown> out;
    for (auto& node : *nodes) {
        auto& shown = out.emplace_back();
        for (const auto uid : node.servers) {
            if (const auto at = by_uid.find(uid); at != by_uid.end()) shown.servers.push_back(*at->second);
        }
        shown.node = std::move(node);
    }
    co_return out;
}

NodeCare::Answer<NodeCare::Shown> NodeCare::find(std::string name) {
    CO_TRY(all, co_await read());
    const auto at = std::ranges::find_if(all, [&](const Shown& it) { return it.node.name == name; });
    if (at != all.end()) co_return std::move(*at);
    co_return std::unexpected(
        not_found(fmt::format("there is no node '{}'; one that was deleted counts as dead, and nothing more is to be said of it", name)));
}

NodeCare::Answer<std::vector<NodeCare::Shown>> NodeCare::list(Caller caller) {
    CO_TRY_OK(may(caller, Action::read, owner));
    co_return co_await read();
}

NodeCare::Answer<NodeCare::Shown> NodeCare::show(Caller caller, std::string name) {
    CO_TRY_OK(may(caller, Action::read, owner));
    co_return co_await find(std::move(name));
}

NodeCare::Answer<NodeCare::Shown> NodeCare::confirm_dead(Caller caller, std::string name) {
    CO_TRY_OK(may(caller, Action::administer, owner));
    CO_TRY(shown, co_await find(name));
    if (shown.node.state == Node::State::dead) co_return shown;
    if (shown.node.state == Node::State::up) co_return std::unexpected(alive(shown.node));
    CO_TRY_OK(co_await write_down(caller, shown));
    auto note = fmt::format("{} by {}", rfc3339(clock_.now()), caller.name);
    auto confirmed = co_await nodes_->confirm_dead(name, std::move(note));
    if (!confirmed && confirmed.error().kind == RuntimeError::Kind::invalid) co_return std::unexpected(alive(shown.node));
    if (!confirmed) co_return std::unexpected(from(confirmed.error()));
    log::warning("nodes", "a node was confirmed dead", {{"node", name}, {"by", caller.name}, {"servers", shown.servers.size()}});
    shown.node.state = Node::State::dead;
    co_return shown;
}

NodeCare::Answer<Success> NodeCare::write_down(const Caller& caller, const Shown& shown) {
    const auto data = Value::object({{"node", shown.node.name}, {"by", caller.name}});
    std::vector<Event> events;
    events.push_back({.at = clock_.now(), .type = "node.confirmed_dead", .tenant = std::string(owner), .data = data});
    for (const auto& record : shown.servers) events.push_back(event_about(record, clock_.now(), "server.node_confirmed_dead", data));
    for (auto& event : events) {
        const auto told = co_await ledger_.append(std::move(event));
        if (!told) co_return std::unexpected(from(told.error()));
    }
    co_return Success{};
}

}  // namespace gk::app
