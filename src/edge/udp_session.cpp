#include "edge/udp_session.hpp"

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

void UdpRelay::Session::on_ready(std::uint32_t) {
    static thread_local std::array<std::byte, datagram_max> buffer;
    for (int i = 0; i < drained_at_once; ++i) {
        const auto size = ::recv(game.get(), buffer.data(), buffer.size(), 0);
        if (size < 0 && is_refusal(errno)) {
            ++relay.counts_.upstream_lost;
            return relay.end(*this);
        }
        if (size < 0) return;
        const auto datagram = std::span(buffer).first(static_cast<std::size_t>(size));
        if (finish_exchange(datagram)) continue;
        if (!relay.may_answer(*this, datagram.size())) continue;
        was_answered = true;
        relay.send_to(datagram, player);
    }
}

bool UdpRelay::Session::to_game(std::span<std::byte> datagram) {
    heard = relay.loop_.now();
    is_confirmed = is_confirmed || was_answered;
    if (exchange && !exchange->games) {
        if (exchange->waiting.size() < waiting_max) exchange->waiting.emplace_back(datagram.begin(), datagram.end());
        return true;
    }
    if (exchange) teeworlds::replace_token(datagram, exchange->ours, *exchange->games);
    return ::send(game.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0 || !is_refusal(errno);
}

void UdpRelay::Session::look_for_exchange(ByteSpan first, const Tokens& tokens) {
    const auto request = teeworlds::parse_request(first);
    const auto* connect = request ? std::get_if<teeworlds::Connect>(&*request) : nullptr;
    if (connect == nullptr || connect->server != tokens.bytes_of(player)) return;
    is_confirmed = true;
    exchange = TokenExchange{.ours = connect->server, .own = connect->own, .games = {}, .waiting = {}};
}

bool UdpRelay::Session::ask_for_token(wake::Instant now) {
    exchange->asked = now;
    const auto request = teeworlds::token_request(exchange->own);
    return ::send(game.get(), request.data(), request.size(), MSG_NOSIGNAL) >= 0 || !is_refusal(errno);
}

// Whether this was the game's answer to our own question, which is not for the player.
bool UdpRelay::Session::finish_exchange(ByteSpan from_game) {
    if (!exchange || exchange->games) return false;
    exchange->games = teeworlds::parse_token(from_game, exchange->own);
    if (!exchange->games) return true;
    for (auto& datagram : std::exchange(exchange->waiting, {})) {
        teeworlds::replace_token(datagram, exchange->ours, *exchange->games);
        ::send(game.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL);  // Lost, it is repeated by the player.
    }
    return true;
}

}  // namespace gk::edge
