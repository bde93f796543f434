#include "edge/tcp_session.hpp"

#include <array>
#include <cerrno>
#include <sys/socket.h>

#include "edge/proxy.hpp"
#include "wire/minecraft/host.hpp"
#include "wire/minecraft/opening.hpp"
#include "wire/opening/client_hello.hpp"

namespace gk::edge {

namespace {
namespace minecraft = wire::minecraft;
namespace opening = wire::opening;
constexpr std::size_t held_bytes_max = 4096;
constexpr std::size_t in_flight_max = 16 * 1024;
constexpr int reads_at_once = 8;  // Then others of the loop have their turn.
constexpr wake::Knock list{.intent = wake::Intent::question, .proved = true};

// One for all sessions of a loop's thread: what the other side does not take at once is all that a session keeps.
std::span<std::byte> room() {
    static thread_local std::array<std::byte, in_flight_max> it;
    return it;
}
}  // namespace

TcpRelay::Session::Session(TcpRelay& relay, TcpSessionState state)
    : relay_(relay),
      source_(state.source),
      destination_(state.destination),
      player_(*this, std::move(state.player)),
      game_(*this, std::move(state.game)),
      stage_(state.stage),
      host_(std::move(state.host)),
      protocol_(state.protocol),
      first_(std::move(state.first)),
      read_of_first_(state.read_of_first),
      until_(state.until),
      heard_(state.heard) {}

TcpSessionState TcpRelay::Session::release() {
    for (auto* side : {&player_, &game_}) watch(*side, 0);
    return {.source = source_,
            .destination = destination_,
            .stage = stage_,
            .player = std::move(static_cast<TcpSideState&>(player_)),
            .game = std::move(static_cast<TcpSideState&>(game_)),
            .host = std::move(host_),
            .protocol = protocol_,
            .first = std::move(first_),
            .read_of_first = read_of_first_,
            .until = until_,
            .heard = heard_};
}

TcpRelay::Session::~Session() {
    for (auto* side : {&player_, &game_}) watch(*side, 0);
}

bool TcpRelay::Session::begin() {
    if (!relay_.is_proxy(source_)) return begin_opening();
    enter_stage(Stage::introducing, relay_.limits_.introduction);
    watch(player_, EPOLLIN);
    return true;
}

bool TcpRelay::Session::begin_opening() {
    enter_stage(Stage::opening, relay_.limits_.opening);
    watch(player_, EPOLLIN);
    // Some games speak first: nothing is waited for where nothing has to be read.
    const auto* door = relay_.protocol_ == StreamProtocol::generic ? relay_.door_of({}) : nullptr;
    return door == nullptr || !is_reachable(door->route) || connect();
}

bool TcpRelay::Session::resume() {
    switch (stage_) {
    case Stage::introducing:
    case Stage::opening:
    case Stage::answering:
    case Stage::goodbye: watch(player_, EPOLLIN); return true;
    case Stage::connecting: watch(game_, EPOLLOUT); return true;
    case Stage::relaying: return watch_both();
    case Stage::held: break;
    }
    watch(player_, EPOLLRDHUP);
    if (auto* door = relay_.door_of(host_); door != nullptr && door->route.state == RouteState::asleep) {
        door->route.state = RouteState::starting;
        relay_.wake_(door->route, source_, {});
    }
    return look_again();
}

void TcpRelay::Session::enter_stage(Stage stage, Milliseconds most) {
    stage_ = stage;
    heard_ = relay_.loop_.now();
    until_ = heard_ + most;
}

bool TcpRelay::Session::look_again() {
    if (stage_ != Stage::held) return true;
    const auto* door = relay_.door_of(host_);
    return door != nullptr && (!is_reachable(door->route) || connect());
}

bool TcpRelay::Session::goes_on_in_drain() {
    if (stage_ == Stage::held) return refuse({.reply = wake::Reply::refuse, .why = wake::Why::welcome});
    return stage_ == Stage::connecting || stage_ == Stage::relaying || stage_ == Stage::goodbye;
}

bool TcpRelay::Session::pass_time() {
    const auto now = relay_.loop_.now();
    if (stage_ == Stage::relaying) return true;
    if (stage_ == Stage::opening && !first_.empty() && now - heard_ >= relay_.limits_.quiet && !understand(true)) return false;
    if (now < until_) return true;
    if (stage_ == Stage::held) return refuse({.reply = wake::Reply::refuse, .why = wake::Why::welcome});
    if (stage_ == Stage::opening || stage_ == Stage::introducing) ++relay_.counts_.dropped_waiting;
    return false;
}

void TcpRelay::Session::Side::on_ready(std::uint32_t events) {
    if (!session.on_ready(*this, events)) session.relay_.end(session);
}

bool TcpRelay::Session::on_ready(Side& side, std::uint32_t events) {
    switch (stage_) {
    case Stage::introducing: return read_introduction();
    case Stage::opening:
    case Stage::answering: return read_opening();
    case Stage::held: return (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) == 0;  // He gave up.
    case Stage::goodbye: {
        const auto size = ::recv(side.socket.get(), room().data(), room().size(), 0);
        return size > 0 || (size < 0 && would_block());
    }
    case Stage::connecting: return &side != &game_ || on_connected();
    case Stage::relaying: break;
    }
    Side& other = &side == &player_ ? game_ : player_;
    if ((events & EPOLLOUT) != 0 && !flush(side)) return false;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return watch_both();
    // Broken, and nothing more to come: what was meant for it cannot arrive.
    if (side.has_ended && (events & (EPOLLHUP | EPOLLERR)) != 0) return false;
    return pump(side, other) && watch_both();
}

bool TcpRelay::Session::read_introduction() {
    auto buffer = room().first(opening::proxy_header_size_max - first_.size());
    const auto size = ::recv(player_.socket.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) return size < 0 && would_block();
    const auto came = buffer.first(static_cast<std::size_t>(size));
    first_.insert(first_.end(), came.begin(), came.end());
    const auto introduced = edge::read_introduction(first_, source_);
    if (!introduced) {
        if (introduced.error() == opening::HeaderTrouble::incomplete && first_.size() < opening::proxy_header_size_max) return true;
        ++relay_.counts_.junk;
        return false;
    }
    if (!relay_.rename(*this, introduced->source)) return false;
    source_ = introduced->source;
    destination_ = introduced->destination;
    first_.erase(first_.begin(), first_.begin() + static_cast<std::ptrdiff_t>(introduced->size));
    if (!begin_opening()) return false;
    return stage_ != Stage::opening || first_.empty() || understand(false);
}

bool TcpRelay::Session::read_opening() {
    auto buffer = room().first(held_bytes_max + 1 - first_.size());
    const auto size = ::recv(player_.socket.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) return size < 0 && would_block();
    const auto came = buffer.first(static_cast<std::size_t>(size));
    first_.insert(first_.end(), came.begin(), came.end());
    heard_ = relay_.loop_.now();
    if (first_.size() > held_bytes_max) {
        ++relay_.counts_.junk;
        return false;
    }
    return stage_ == Stage::answering ? answer_lists() : understand(false);
}

bool TcpRelay::Session::understand(bool quiet) {
    if (relay_.protocol_ == StreamProtocol::minecraft) return understand_minecraft(quiet);
    if (relay_.protocol_ == StreamProtocol::generic) return enter({}, {.intent = wake::Intent::join, .proved = true});
    const auto name = opening::server_name_of(first_);
    if (!name && name.error() == opening::HelloTrouble::incomplete) return true;
    if (!name && name.error() == opening::HelloTrouble::malformed) {
        ++relay_.counts_.junk;
        return false;
    }
    return enter(name ? *name : std::string(), {.intent = wake::Intent::join, .proved = true});
}

bool TcpRelay::Session::understand_minecraft(bool quiet) {
    const auto wanted = minecraft::parse_opening(first_, quiet);
    if (!wanted) {
        if (wanted.error() == minecraft::Trouble::incomplete) return true;
        ++relay_.counts_.junk;
        return false;
    }
    if (const auto* login = std::get_if<minecraft::LoginOpening>(&*wanted)) {
        protocol_ = login->handshake.protocol;
        return enter(minecraft::normal_host(login->handshake.host), {.intent = wake::Intent::join, .proved = true, .name = login->name});
    }
    if (const auto* status = std::get_if<minecraft::StatusOpening>(&*wanted)) {
        protocol_ = status->handshake.protocol;
        read_of_first_ = status->size;
        return enter(minecraft::normal_host(status->handshake.host), list);
    }
    return enter(minecraft::normal_host(std::get<minecraft::LegacyPing>(*wanted).host), list);
}

// It has said what it wants.
bool TcpRelay::Session::enter(const std::string& host, const wake::Knock& knock) {
    host_ = host;
    auto* door = relay_.door_of(host);
    if (door == nullptr) {
        ++relay_.counts_.junk;
        return false;
    }
    if (is_reachable(door->route)) return connect();
    const auto verdict = door->doorman.judge(knock, source_.address, sleeper_of(door->route), relay_.loop_.now());
    if (verdict.wake) {
        door->route.state = RouteState::starting;  // Until the next table says better: one wake is enough.
        relay_.wake_(door->route, source_, knock.name);
    }
    switch (verdict.reply) {
    case wake::Reply::ignore: return false;
    case wake::Reply::refuse: return refuse(verdict);
    case wake::Reply::answer: enter_stage(Stage::answering, relay_.limits_.opening); return answer_lists();
    case wake::Reply::hold: break;
    }
    enter_stage(Stage::held, verdict.wait);
    watch(player_, EPOLLRDHUP);
    return true;
}

bool TcpRelay::Session::answer_lists() {
    const auto* door = relay_.door_of(host_);
    if (door == nullptr) return false;
    const auto& face = door->route.face;
    const minecraft::ServerText text{.version = face.version,
                                     .protocol = protocol_,
                                     .description = face.title,
                                     .online = 0,
                                     .players_max = face.players_max,
                                     .favicon = face.icon};
    if (read_of_first_ == 0) {  // Nothing of it was a handshake.
        const auto legacy = minecraft::parse_opening(first_, true);
        if (!legacy || !std::holds_alternative<minecraft::LegacyPing>(*legacy)) return false;
        ++relay_.counts_.answered;
        return say_goodbye(minecraft::legacy_response(std::get<minecraft::LegacyPing>(*legacy).form, text));
    }
    ByteReader in(ByteSpan(first_).subspan(read_of_first_));
    while (true) {
        const auto packet = minecraft::read_status_packet(in);
        if (!packet) return packet.error() == minecraft::Trouble::incomplete;
        read_of_first_ = first_.size() - in.remaining();
        // The ping is the last that a list says.
        if (const auto* ping = std::get_if<minecraft::StatusPing>(&*packet)) return say_goodbye(minecraft::pong(ping->payload));
        const auto answer = minecraft::status_response(text);
        if (::send(player_.socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL) != std::ssize(answer)) return false;
        ++relay_.counts_.answered;
    }
}

bool TcpRelay::Session::refuse(const wake::Verdict& verdict) {
    const auto* door = relay_.door_of(host_);
    if (relay_.protocol_ != StreamProtocol::minecraft || door == nullptr) return false;
    return say_goodbye(minecraft::login_refusal(wake::refusal_text(verdict, door->route.server, door->route.face.trouble)));
}

// Closed at once, what the client has sent meanwhile would make the kernel throw the answer away.
bool TcpRelay::Session::say_goodbye(ByteSpan last) {
    if (::send(player_.socket.get(), last.data(), last.size(), MSG_NOSIGNAL) != std::ssize(last)) return false;
    ::shutdown(player_.socket.get(), SHUT_WR);
    enter_stage(Stage::goodbye, relay_.limits_.goodbye);
    watch(player_, EPOLLIN);
    return true;
}

bool TcpRelay::Session::connect() {
    const auto* door = relay_.door_of(host_);
    auto socket = connect_stream(*door->route.upstream, door->route.transparent ? std::optional(source_) : std::nullopt);
    if (!socket) {
        ++relay_.counts_.upstream_lost;
        return false;
    }
    game_.socket = std::move(*socket);
    const auto header =
        introduction(door->route.proxy_to, opening::Transport::stream, source_, destination_.value_or(local_endpoint(player_.socket.get())), host_);
    first_.insert(first_.begin(), header.begin(), header.end());
    enter_stage(Stage::connecting, relay_.limits_.opening);
    watch(player_, 0);
    watch(game_, EPOLLOUT);
    return true;
}

bool TcpRelay::Session::on_connected() {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(game_.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        ++relay_.counts_.upstream_lost;
        return false;
    }
    stage_ = Stage::relaying;
    if (auto* door = relay_.door_of(host_); door != nullptr && !door->first_relayed) door->first_relayed = relay_.loop_.now();
    game_.unsent = std::exchange(first_, {});
    return flush(game_) && watch_both();
}

// Moves what is there, as far as it is taken.
bool TcpRelay::Session::pump(Side& from, Side& to) {
    for (int i = 0; i < reads_at_once && to.unsent.empty() && !from.has_ended; ++i) {
        const auto size = ::recv(from.socket.get(), room().data(), room().size(), 0);
        if (size < 0) return would_block();
        if (size == 0) {
            from.has_ended = true;
            return flush(to);
        }
        const auto came = room().first(static_cast<std::size_t>(size));
        const auto sent = ::send(to.socket.get(), came.data(), came.size(), MSG_NOSIGNAL);
        if (sent < 0 && !would_block()) return false;
        const auto rest = came.subspan(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
        to.unsent.assign(rest.begin(), rest.end());
    }
    return true;
}

bool TcpRelay::Session::flush(Side& side) {
    if (!side.unsent.empty()) {
        const auto sent = ::send(side.socket.get(), side.unsent.data(), side.unsent.size(), MSG_NOSIGNAL);
        if (sent < 0 && !would_block()) return false;
        side.unsent.erase(side.unsent.begin(), side.unsent.begin() + std::max<ssize_t>(sent, 0));
        if (side.unsent.empty()) side.unsent = {};  // Gives its memory back.
    }
    const Side& other = &side == &player_ ? game_ : player_;
    if (side.unsent.empty() && other.has_ended && !side.was_told) {
        side.was_told = true;
        ::shutdown(side.socket.get(), SHUT_WR);
    }
    return true;
}

void TcpRelay::Session::watch(Side& side, std::uint32_t interest) {
    if (interest == side.interest && side.is_watched == (interest != 0)) return;
    side.interest = interest;
    // Not watched at all rather than for nothing: the kernel tells of a broken connection in any case, again and again.
    if (interest == 0) relay_.loop_.forget(side.socket.get(), side);
    else if (side.is_watched) relay_.loop_.change(side.socket.get(), interest, side);
    else relay_.loop_.watch(side.socket.get(), interest, side);
    side.is_watched = interest != 0;
}

// False when both directions have ended.
bool TcpRelay::Session::watch_both() {
    if (player_.was_told && game_.was_told) return false;
    for (auto* side : {&player_, &game_}) {
        const Side& other = side == &player_ ? game_ : player_;
        const std::uint32_t in = !side->has_ended && other.unsent.empty() ? EPOLLIN : 0U;
        watch(*side, in | (side->unsent.empty() ? 0U : EPOLLOUT));
    }
    return true;
}

}  // namespace gk::edge
