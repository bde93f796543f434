#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/kubernetes/client/key_workers.hpp"
#include "adapters/kubernetes/objects/pod_view.hpp"
#include "async/watchers.hpp"
#include "net/shim/remote.hpp"
#include "ports/runtime.hpp"

namespace gk::kubernetes {

// One connection to the shim of each server's pod, made anew when it broke or when the pod is another one; and the highest epoch that has
// commanded, below which nothing is sent.
class ShimLinks {
public:
    template <class T>
    using Answer = Runtime::Answer<T>;
    using LinkPtr = net::shim::LinkPtr;
    struct Knowledge {
        // The pod of that server's game, as it is known at present; nothing when there is none.
        std::function<Result<std::optional<PodView>, RuntimeError>(ServerUid)> pod;
        std::function<Answer<noise::Key>(ServerUid)> key;
    };
    // `heard` is called when a shim has told something, or its connection has ended; it must not wait.
    ShimLinks(boost::asio::any_io_executor loop, Clock& clock, Knowledge knowledge, net::shim::Reach reach, std::function<void(ServerUid)> heard);
    ~ShimLinks();
    ShimLinks(const ShimLinks&) = delete;
    ShimLinks& operator=(const ShimLinks&) = delete;

    Result<Success, RuntimeError> admit(Epoch epoch);
    Epoch epoch() const { return epoch_; }

    // `not_found`: no pod of it runs.
    Answer<LinkPtr> reach(ServerUid uid);
    Answer<std::string> ask(ServerUid uid, wire::shim::Op op, std::string text, Epoch epoch, Milliseconds patience);
    // With epoch 0: under the one that the shim has seen.
    Answer<std::string> command(ServerUid uid, std::string line, Epoch epoch);
    Answer<Success> tell(ServerUid uid, std::string line, Epoch epoch);
    // Tells these shims our epoch. One that cannot be reached is no danger: an older keeper does not reach it either.
    Task<void> fence(std::vector<ServerUid> servers);
    // One turn for each change of a pod, or of its link: it is reached, so that what its shim says is heard.
    Task<Turn> keep(ServerUid uid);
    // The link to exactly this pod, as long as it is open. Null: there is none.
    LinkPtr open_link(ServerUid uid, const PodView& pod) const;
    // The last status that this pod's shim has told.
    const wire::shim::Status* last_status(ServerUid uid, const PodView& pod) const;
    void drop(ServerUid uid);

    // As Runtime says.
    Answer<std::vector<LogLine>> logs(ServerUid uid, std::uint64_t cursor, std::size_t lines_max);
    Answer<std::uint64_t> log_cursor_from_end(ServerUid uid, std::size_t lines);
    std::shared_ptr<void> watch_log(ServerUid uid, std::function<void()> grown);
    Answer<server::Usage> usage(ServerUid uid);

private:
    struct Connection {
        LinkPtr link;
        std::string pod;  // Its uid: another pod of that name has another shim.
        std::uint64_t log_end = 0;
        bool is_followed = false;
        std::optional<wire::shim::PodUse> use;  // The last answer: two make a rate.
    };
    Answer<LinkPtr> connect(ServerUid uid, PodView pod);
    Task<void> tell_epoch(ServerUid uid);
    Task<void> follow(ServerUid uid);
    void heard(ServerUid uid);

    Clock& clock_;
    Knowledge knowledge_;
    net::shim::Reach reach_;
    std::function<void(ServerUid)> heard_;
    async::Watchers<ServerUid> log_watchers_;
    std::map<ServerUid, int> followers_;
    Epoch epoch_{};
    std::map<ServerUid, Connection> links_;
};

}  // namespace gk::kubernetes
