#include "programs/edge/face_watch.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "async/deadline.hpp"
#include "base/log.hpp"
#include "net/http_client/connect.hpp"
#include "programs/edge/interview.hpp"
#include "wire/minecraft/opening.hpp"

namespace gk::programs {
namespace {

namespace asio = boost::asio;

constexpr Milliseconds patience = std::chrono::seconds(2);
constexpr Milliseconds ask_again = std::chrono::seconds(60);
constexpr Milliseconds try_again = std::chrono::seconds(10);

}  // namespace

FaceWatch::FaceWatch(asio::any_io_executor executor, Clock& clock, EdgeFolder& folder)
    : executor_(std::move(executor)),
      clock_(clock),
      folder_(folder) {
    auto kept = folder_.faces();
    if (kept) seen_ = std::move(*kept);
    else log::warning("edge", "what servers looked like is asked anew", {{"why", kept.error()}});
}

void FaceWatch::ask_from_now_on(std::string key, const wake::Route& route, std::optional<wake::GameProtocol> datagrams,
                                std::map<std::string, Asked>& all) {
    // Who wants to be told by the PROXY protocol for whom one speaks does not hear a bare question.
    if (key.empty() || !wake::is_reachable(route) || route.proxy_to != wake::ProxyTo::none) return;
    const auto known = asked_.find(key);
    // At another place, or up again, it is asked at once.
    const bool is_same = known != asked_.end() && known->second.at == *route.upstream;
    all.insert_or_assign(std::move(key), Asked{.at = *route.upstream, .datagrams = datagrams, .next = is_same ? known->second.next : clock_.now()});
}

void FaceWatch::follow(const wake::RouteTable& table) {
    std::map<std::string, Asked> all;
    for (const auto& route : table.datagrams) ask_from_now_on(wake::face_key(route), route, route.protocol, all);
    for (const auto& listener : table.streams) {
        for (const auto& route : listener.routes) ask_from_now_on(wake::face_key(route.server, listener.protocol), route, std::nullopt, all);
    }
    asked_ = std::move(all);
    const auto before = seen_.size();
    wake::keep_only_routed(seen_, table);
    if (seen_.size() != before) keep();
    changed_.raise();
}

Task<void> FaceWatch::run(std::function<void()> on_change) {
    for (;;) {
        co_await ask_those_due();
        if (std::exchange(has_news_, false)) {
            keep();
            on_change();
        }
        auto next = clock_.now() + ask_again;
        for (const auto& [key, asked] : asked_) next = std::min(next, asked.next);
        auto changed = changed_.wait();
        co_await async::finishes_by(clock_, next, std::move(changed));
    }
}

// One after the other: a thousand games are asked without a thousand sockets.
Task<void> FaceWatch::ask_those_due() {
    std::vector<std::string> due;
    for (const auto& [key, asked] : asked_) {
        if (asked.next <= clock_.now()) due.push_back(key);
    }
    for (const auto& key : due) {
        const auto now = asked_.find(key);
        if (now == asked_.end()) continue;
        const auto at = now->second.at;
        auto asking = ask(now->second);
        auto heard = co_await async::with_deadline(clock_, clock_.now() + patience, std::move(asking));
        // Another table may have come meanwhile.
        const auto still = asked_.find(key);
        if (still == asked_.end() || still->second.at != at) continue;
        const bool was_seen = heard && *heard;
        still->second.next = clock_.now() + (was_seen ? ask_again : try_again);
        if (!was_seen) continue;
        auto face = wake::bounded(std::move(**heard));
        auto& known = seen_[key];
        if (known == face) continue;
        known = std::move(face);
        wake::bound_icons(seen_);
        has_news_ = true;
    }
}

Task<std::optional<wake::Face>> FaceWatch::ask(Asked asked) {
    if (asked.datagrams) co_return co_await ask_by_datagram(asked.at, *asked.datagrams);
    co_return co_await ask_by_stream(asked.at);
}

Task<std::optional<wake::Face>> FaceWatch::ask_by_datagram(wake::Endpoint at, wake::GameProtocol protocol) {
    boost::system::error_code error;
    const auto address = asio::ip::make_address(at.address.text(), error);
    asio::ip::udp::socket socket(executor_);
    // Connected: only the game is heard, and one that is not there is noticed at once.
    if (!error) socket.connect({address, at.port}, error);
    Interview::Nonce nonce{};
    random_.fill(nonce);
    Interview interview(protocol, nonce);
    auto say = interview.opening();
    std::array<std::byte, 2048> room{};
    while (!error) {
        if (!say.empty()) std::ignore = socket.send(asio::buffer(say), 0, error);
        if (error) break;
        const auto size = co_await socket.async_receive(asio::buffer(room), asio::redirect_error(asio::use_awaitable, error));
        if (error) break;
        auto turn = interview.hear(ByteSpan(room).first(size));
        if (turn.seen) co_return std::move(turn.seen);
        say = std::move(turn.say);
    }
    co_return std::nullopt;
}

Task<std::optional<wake::Face>> FaceWatch::ask_by_stream(wake::Endpoint at) {
    net::Remote remote{.host = at.address.text(), .port = at.port, .unix_path = {}, .is_tls = false, .tls_name = {}};
    const auto transport = co_await net::connect(executor_, std::move(remote), std::nullopt);
    if (!transport) co_return std::nullopt;
    const auto question = wire::minecraft::status_question(at.address.text(), at.port);
    if (co_await (*transport)->write_all(as_text(question))) co_return std::nullopt;
    std::string so_far;
    std::array<char, 4096> room{};
    for (;;) {
        const auto read = co_await (*transport)->read_some(room);
        if (read.bytes == 0) co_return std::nullopt;
        so_far.append(room.data(), read.bytes);
        const auto json = wire::minecraft::parse_status_response(as_byte_span(so_far));
        if (json) co_return face_of_minecraft(*json);
        if (json.error() == wire::minecraft::Trouble::malformed) co_return std::nullopt;
    }
}

// A full disk keeps nobody from playing; it is said, and the next that is seen tries again.
void FaceWatch::keep() const {
    if (const auto kept = folder_.keep(seen_); !kept) log::error("edge", "what servers look like was not kept", {{"why", kept.error()}});
}

}  // namespace gk::programs
