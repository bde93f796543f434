#include "launcher/rules/queue.hpp"

#include <algorithm>
#include <concepts>
#include <variant>

namespace gk::launcher {

using namespace wire::launcher;

namespace {

template <class... T>
bool is_one_of(const Order& order) {
    return (std::holds_alternative<T>(order) || ...);
}

}  // namespace

ServerUid server_of(const Order& order) {
    return std::visit(
        [](const auto& chosen) {
            if constexpr (requires { chosen.server; }) return chosen.server;
            else return ServerUid();
        },
        order);
}

bool changes_server(const Order& order) {
    return is_one_of<SeeDisks, CreateDisk, RemoveDisk, SwitchDisk, OwnDisk, Launch, Kill, Clean, Forget>(order);
}
bool is_slow(const Order& order) { return is_one_of<CreateDisk, OwnDisk, RunConfined>(order); }
bool uses_disk(const Order& order) { return is_one_of<RunConfined, OpenFiles>(order); }
bool takes_disk_away(const Order& order) { return is_one_of<RemoveDisk, SwitchDisk, Forget>(order); }

std::optional<Request> Queue::next() {
    if (running_.size() >= running_max) return std::nullopt;
    for (auto place = waiting_.begin(); place != waiting_.end(); ++place) {
        if (!may_begin(place)) continue;
        Request request = std::move(*place);
        waiting_.erase(place);
        running_.push_back({request.id, server_of(request.order), changes_server(request.order), is_slow(request.order)});
        return request;
    }
    return std::nullopt;
}

void Queue::done(std::uint64_t request) {
    std::erase_if(running_, [&](const Running& running) { return running.id == request; });
}

bool Queue::withdraw(std::uint64_t request) {
    return std::erase_if(waiting_, [&](const Request& waiting) { return waiting.id == request; }) > 0;
}

bool Queue::may_begin(std::list<Request>::const_iterator place) const {
    if (is_slow(place->order) && std::ranges::count_if(running_, &Running::slow) >= slow_max) return false;
    if (!changes_server(place->order)) return true;
    const auto server = server_of(place->order);
    return std::ranges::none_of(running_, [&](const Running& running) { return running.changes && running.server == server; }) &&
           std::none_of(waiting_.begin(), place,
                        [&](const Request& earlier) { return changes_server(earlier.order) && server_of(earlier.order) == server; });
}

}  // namespace gk::launcher
