#include "edge/udp_session.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/socket.h>

namespace gk::edge {

namespace {
namespace teeworlds = wire::probe::teeworlds;
constexpr std::size_t datagram_max = 65536;
constexpr int drained_at_once = 32;
constexpr std::size_t waiting_max = 8;

// The game is gone, or its machine is; everything else (a full buffer, a datagram that is too long) loses one datagram, as networks do.
bool is_refusal(int error) { return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH; }
}  // namespace

UdpRelay::Session::Session(UdpRelay& owner, UdpSessionState state) : UdpSessionState(std::move(state)), relay(owner) {
    if (!is_confirmed) ++relay.unconfirmed_;
    relay.loop_.watch(game.get(), EPOLLIN, *this);
    for (auto& copy : std::exchange(copies, {})) {
        others_.push_back(std::make_unique<Copy>(*this, std::move(copy)));
        relay.loop_.watch(others_.back()->socket.get(), EPOLLIN, *others_.back());
    }
    if (merge) merge_.emplace(*std::exchange(merge, std::nullopt));
}

UdpRelay::Session::~Session() {
    if (!is_confirmed) --relay.unconfirmed_;
    relay.loop_.forget(game.get(), *this);
    for (const auto& other : others_) relay.loop_.forget(other->socket.get(), *other);
}

UdpSessionState UdpRelay::Session::release() {
    relay.loop_.forget(game.get(), *this);
    for (auto& other : std::exchange(others_, {})) {
        relay.loop_.forget(other->socket.get(), *other);
        copies.push_back(std::move(other->socket));
    }
    if (merge_) merge = merge_->state();
    return std::move(static_cast<UdpSessionState&>(*this));
}

void UdpRelay::Session::on_ready(std::uint32_t) {
    static thread_local std::array<std::byte, datagram_max> buffer;
    for (int i = 0; i < drained_at_once; ++i) {
        const auto size = ::recv(game.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && is_refusal(errno)) {
            if (fail_over()) return;
            ++relay.counts_.upstream_lost;
            return relay.end(*this);
        }
        if (size < 0) return;
        const auto datagram = std::span(buffer).first(static_cast<std::size_t>(size));
        if (finish_exchange(datagram)) continue;
        if (merge_ && !merge_->hears(0, relay.shared_.tokens.hash_of(datagram), datagram, relay.loop_.now())) continue;
        if (!relay.may_answer(*this, datagram.size())) continue;
        was_answered = true;
        relay.send_to(datagram, player, asked);
    }
}

bool UdpRelay::Session::to_game(std::span<std::byte> datagram) {
    heard = relay.loop_.now();
    wake::Bucket left(allowance);
    const bool is_allowed = left.take(relay.limits_.datagrams, 1, heard);
    allowance = left.level();
    if (!is_allowed) {
        ++relay.counts_.too_many;
        return true;
    }
    if (was_answered) confirm();
    if (exchange && !exchange->games) {
        if (exchange->waiting.size() < waiting_max) exchange->waiting.emplace_back(datagram.begin(), datagram.end());
        return true;
    }
    if (exchange) teeworlds::replace_token(datagram, exchange->ours, *exchange->games);
    return send_introduced(datagram);
}

void UdpRelay::Session::confirm() {
    if (!std::exchange(is_confirmed, true)) --relay.unconfirmed_;
}

void UdpRelay::Session::Copy::on_ready(std::uint32_t) {
    static thread_local std::array<std::byte, datagram_max> buffer;
    for (int i = 0; i < drained_at_once; ++i) {
        const auto size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
        // One of a group that has missed something is out of step; who only listens may come back.
        if (size < 0 && is_refusal(errno) && session.merge_) return session.lose(*this);
        if (size < 0) return;
        if (!session.merge_) continue;
        const auto leg = 1 + std::ranges::find(session.others_, this, &std::unique_ptr<Copy>::get) - session.others_.begin();
        const auto datagram = std::span(buffer).first(static_cast<std::size_t>(size));
        session.merge_->hears(static_cast<std::size_t>(leg), session.relay.shared_.tokens.hash_of(datagram), datagram, session.relay.loop_.now());
    }
}

void UdpRelay::Session::lose(Copy& copy) {
    relay.loop_.forget(copy.socket.get(), copy);
    const auto found = std::ranges::find(others_, &copy, &std::unique_ptr<Copy>::get);
    merge_->lose(1 + static_cast<std::size_t>(found - others_.begin()));
    others_.erase(found);
}

bool UdpRelay::Session::fail_over() {
    if (!merge_ || others_.empty()) return false;
    ++relay.counts_.switched;
    relay.loop_.forget(game.get(), *this);
    auto& next = *others_.front();
    relay.loop_.forget(next.socket.get(), next);
    game = std::move(next.socket);
    others_.erase(others_.begin());
    relay.loop_.watch(game.get(), EPOLLIN, *this);
    for (const auto& missed : merge_->lose_primary(relay.loop_.now())) {
        if (relay.may_answer(*this, missed.size())) relay.send_to(missed, player, asked);
    }
    return true;
}

void UdpRelay::Session::look_for_silence() {
    // It fails only where there is no other game, and then there was nobody who spoke.
    if (merge_ && merge_->is_primary_silent(relay.loop_.now())) static_cast<void>(fail_over());
}

// All games hear it; the player's own decides.
bool UdpRelay::Session::send_introduced(ByteSpan datagram) {
    for (std::size_t i = others_.size(); i-- > 0;) {
        if (!send_to(others_[i]->socket.get(), datagram) && merge_) lose(*others_[i]);
    }
    if (send_to(game.get(), datagram)) return true;
    // The next one has heard it already.
    return fail_over();
}

bool UdpRelay::Session::send_to(int game_socket, ByteSpan datagram) {
    std::array<iovec, 2> parts{iovec{.iov_base = introduction.data(), .iov_len = introduction.size()},
                               iovec{.iov_base = const_cast<std::byte*>(datagram.data()), .iov_len = datagram.size()}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    return ::sendmsg(game_socket, &message, MSG_NOSIGNAL) >= 0 || !is_refusal(errno);
}

void UdpRelay::Session::look_for_exchange(ByteSpan first, const Tokens& tokens) {
    const auto request = teeworlds::parse_request(first);
    const auto* connect = request ? std::get_if<teeworlds::Connect>(&*request) : nullptr;
    if (connect == nullptr || connect->server != tokens.bytes_of(source)) return;
    confirm();
    exchange = TokenExchange{.ours = connect->server, .own = connect->own, .games = {}, .waiting = {}};
}

bool UdpRelay::Session::ask_for_token(wake::Instant now) {
    exchange->asked = now;
    return send_introduced(teeworlds::token_request(exchange->own));
}

// Whether this was the game's answer to our own question, which is not for the player.
bool UdpRelay::Session::finish_exchange(ByteSpan from_game) {
    if (!exchange || exchange->games) return false;
    exchange->games = teeworlds::parse_token(from_game, exchange->own);
    if (!exchange->games) return true;
    for (auto& datagram : std::exchange(exchange->waiting, {})) {
        teeworlds::replace_token(datagram, exchange->ours, *exchange->games);
        static_cast<void>(send_introduced(datagram));  // Lost, it is repeated by the player.
    }
    return true;
}

}  // namespace gk::edge
