#include "adapters/kubernetes/runtime/shim_links.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "async/task_group.hpp"

namespace gk::kubernetes {

using wire::shim::Op;

namespace {

constexpr Milliseconds patience{10'000};

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

}  // namespace

ShimLinks::ShimLinks(boost::asio::any_io_executor loop, Clock& clock, Knowledge knowledge, net::shim::Reach reach,
                     std::function<void(ServerUid)> heard)
    : clock_(clock),
      knowledge_(std::move(knowledge)),
      reach_(std::move(reach)),
      heard_(std::move(heard)),
      log_watchers_(std::move(loop)) {}

ShimLinks::~ShimLinks() {
    for (const auto& [uid, connection] : links_) connection.link->close();
}

Result<Success, RuntimeError> ShimLinks::admit(Epoch epoch) {
    if (epoch < epoch_) {
        return fail(RuntimeError::Kind::refused,
                    fmt::format("epoch {} has been replaced by {}", std::to_underlying(epoch), std::to_underlying(epoch_)));
    }
    epoch_ = epoch;
    return Success{};
}

Task<void> ShimLinks::fence(std::vector<ServerUid> servers) {
    async::TaskGroup telling(co_await boost::asio::this_coro::executor);
    for (const auto uid : servers) telling.spawn("fence " + uid.text(), tell_epoch(uid));
    auto all = telling.done();
    co_await async::run_with(telling, std::move(all));
}

Task<void> ShimLinks::tell_epoch(ServerUid uid) {
    const auto link = co_await reach(uid);
    if (link) std::ignore = co_await (*link)->ask(Op::hello, std::string(), epoch_, patience);
}

ShimLinks::LinkPtr ShimLinks::open_link(ServerUid uid, const PodView& pod) const {
    const auto known = links_.find(uid);
    const bool is_open = known != links_.end() && known->second.pod == pod.object_uid && known->second.link->is_open();
    return is_open ? known->second.link : nullptr;
}

const wire::shim::Status* ShimLinks::last_status(ServerUid uid, const PodView& pod) const {
    const auto known = links_.find(uid);
    return known != links_.end() && known->second.pod == pod.object_uid ? &known->second.link->status() : nullptr;
}

ShimLinks::Answer<ShimLinks::LinkPtr> ShimLinks::reach(ServerUid uid) {
    CO_TRY(pod, knowledge_.pod(uid));
    if (!pod || !pod->is_running) co_return fail(RuntimeError::Kind::not_found, "no pod of this server runs");
    if (auto known = open_link(uid, *pod)) co_return known;
    co_return co_await connect(uid, std::move(*pod));
}

ShimLinks::Answer<ShimLinks::LinkPtr> ShimLinks::connect(ServerUid uid, PodView pod) {
    CO_TRY(key, co_await knowledge_.key(uid));
    net::shim::RemoteShim shim{.address = pod.address, .port = Port{shim_port}, .key = key};
    const auto changed = [this, uid] { heard(uid); };
    auto connected = co_await net::shim::Link::connect(clock_, std::move(shim), epoch_, changed, reach_);
    if (!connected) co_return std::unexpected(std::move(connected).error());
    auto& kept = links_[uid];
    if (kept.link && kept.pod == pod.object_uid && kept.link->is_open()) {
        (*connected)->close();  // Somebody was faster; commands that hold something hold it by that link.
        co_return kept.link;
    }
    if (kept.link) kept.link->close();
    kept = {.link = std::move(*connected), .pod = pod.object_uid, .log_end = 0, .is_followed = false, .use = {}};
    const auto link = kept.link;
    co_await follow(uid);
    co_return link;
}

// A shim says that its log grows only to those who have asked.
Task<void> ShimLinks::follow(ServerUid uid) {
    const auto known = links_.find(uid);
    if (known == links_.end() || !followers_.contains(uid) || std::exchange(known->second.is_followed, true)) co_return;
    const auto link = known->second.link;
    std::ignore = co_await net::shim::follow_log(link);
    log_watchers_.notify(uid);  // What was logged while nobody listened.
}

void ShimLinks::heard(ServerUid uid) {
    const auto known = links_.find(uid);
    if (known != links_.end() && std::exchange(known->second.log_end, known->second.link->status().log_end) != known->second.log_end)
        log_watchers_.notify(uid);
    heard_(uid);
}

void ShimLinks::drop(ServerUid uid) {
    const auto known = links_.find(uid);
    if (known == links_.end()) return;
    known->second.link->close();
    links_.erase(known);
}

Task<Turn> ShimLinks::keep(ServerUid uid) {
    const auto known = knowledge_.pod(uid);
    if (!known) co_return Turn{};
    const auto& pod = *known;
    if (!pod || !pod->is_running) {
        if (!pod || pod->is_over) drop(uid);
        co_return Turn{};
    }
    if (open_link(uid, *pod)) {
        co_await follow(uid);
        co_return Turn{};
    }
    const auto link = co_await reach(uid);
    if (link) heard_(uid);
    co_return Turn{.is_good = link.has_value(), .again_after = {}};
}

ShimLinks::Answer<std::string> ShimLinks::ask(ServerUid uid, Op op, std::string text, Epoch epoch, Milliseconds wait) {
    CO_TRY_OK(admit(epoch));
    CO_TRY(link, co_await reach(uid));
    co_return co_await link->ask(op, std::move(text), epoch, wait);
}

ShimLinks::Answer<std::string> ShimLinks::command(ServerUid uid, std::string line, Epoch epoch) {
    if (epoch != Epoch{}) co_return co_await ask(uid, Op::command, std::move(line), epoch, patience);
    CO_TRY(link, co_await reach(uid));
    co_return co_await link->ask(Op::command, std::move(line), link->status().epoch, patience);
}

ShimLinks::Answer<Success> ShimLinks::tell(ServerUid uid, std::string line, Epoch epoch) {
    CO_TRY_OK(admit(epoch));
    CO_TRY(link, co_await reach(uid));
    co_return co_await link->tell(std::move(line), epoch, patience);
}

}  // namespace gk::kubernetes
