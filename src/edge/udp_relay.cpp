#include "edge/udp_relay.hpp"

#include <algorithm>
#include <array>
#include <sys/socket.h>

#include "edge/proxy.hpp"
#include "edge/udp_session.hpp"

namespace gk::edge {

namespace {
constexpr std::size_t batch = 32;
// What fits into a frame of Ethernet, and some more for tunnels and loopback; longer datagrams from players are dropped as cut short.
constexpr std::size_t public_datagram_max = 4096;
constexpr int batches_at_once = 4;  // Then others of the loop have their turn.
constexpr Milliseconds ask_again{250};

// Room for one batch; all relays of a loop's thread share it.
struct Room {
    std::array<std::array<std::byte, public_datagram_max>, batch> bytes;
    std::array<sockaddr_storage, batch> sources;
    std::array<Place, batch> places;
    std::array<iovec, batch> parts;
    std::array<mmsghdr, batch> headers;
};
Room& room() {
    static thread_local Room it;
    return it;
}
}  // namespace

UdpCounts& UdpCounts::operator+=(const UdpCounts& other) {
    from_players += other.from_players;
    to_players += other.to_players;
    ignored += other.ignored;
    answered += other.answered;
    unanswered += other.unanswered;
    refused_full += other.refused_full;
    too_many += other.too_many;
    upstream_lost += other.upstream_lost;
    switched += other.switched;
    return *this;
}

Result<std::unique_ptr<UdpRelay>, std::string> UdpRelay::open(Loop& loop, Route route, const UdpLimits& limits, UdpShared& shared, Wake wake,
                                                              std::optional<UdpRelayState> left) {
    if (!left) {
        TRY(socket, listen_datagrams(route.listen));
        return std::unique_ptr<UdpRelay>(new UdpRelay(loop, std::move(route), limits, shared, std::move(wake), std::move(socket)));
    }
    auto relay = std::unique_ptr<UdpRelay>(new UdpRelay(loop, std::move(route), limits, shared, std::move(wake), std::move(left->socket)));
    relay->adopt(std::move(*left));
    return relay;
}

UdpRelay::UdpRelay(Loop& loop, Route route, const UdpLimits& limits, UdpShared& shared, Wake wake, Descriptor socket)
    : loop_(loop),
      route_(std::move(route)),
      limits_(limits),
      shared_(shared),
      wake_(std::move(wake)),
      socket_(std::move(socket)),
      local_(local_endpoint(socket_.get())),
      is_everywhere_(local_.address == wake::Address() || local_.address == wake::Address::v4({})),
      doorman_(route_.rule, limits.door, loop.now()),
      newcomers_(limits.door.sources_max) {
    if (is_everywhere_) ask_for_places(socket_.get());
    loop_.watch(socket_.get(), EPOLLIN, *this);
}

UdpRelay::~UdpRelay() {
    while (!sessions_.empty()) end(*sessions_.begin()->second);
    loop_.forget(socket_.get(), *this);
}

void UdpRelay::adopt(UdpRelayState left) {
    counts_ = left.counts;
    doorman_.remember(left.door);
    for (auto& session : left.sessions) add(std::move(session));
    for (auto& [source, held] : left.held) held_.emplace(source, std::move(held));
    if (is_reachable(route_)) return replay_held();
    if (held_.empty() || route_.state != RouteState::asleep) return;
    route_.state = RouteState::starting;
    wake_(route_, held_.begin()->first, {});
}

void UdpRelay::drain() {
    is_draining_ = true;
    held_.clear();
    limits_.idle = std::min(limits_.idle, limits_.idle_in_drain);
}

UdpRelayState UdpRelay::release() {
    loop_.forget(socket_.get(), *this);
    UdpRelayState left{.socket = std::move(socket_),
                       .server = route_.server,
                       .protocol = route_.protocol,
                       .counts = counts_,
                       .door = doorman_.memory(),
                       .sessions = {},
                       .held = {}};
    for (const auto& [source, session] : sessions_) {
        left.sessions.push_back(session->release());
    }
    sessions_.clear();
    for (auto& [source, held] : std::exchange(held_, {})) left.held.emplace_back(source, std::move(held));
    return left;
}

void UdpRelay::update(Route route) {
    route_ = std::move(route);
    doorman_.follow(route_.rule, route_.state == RouteState::asleep);
    if (is_reachable(route_)) replay_held();
    else first_relayed_.reset();
}

void UdpRelay::on_ready(std::uint32_t) {
    auto& it = room();
    for (int round = 0; round < batches_at_once; ++round) {
        for (std::size_t i = 0; i < batch; ++i) {
            it.parts[i] = {.iov_base = it.bytes[i].data(), .iov_len = it.bytes[i].size()};
            it.headers[i] = {};
            it.headers[i].msg_hdr = {.msg_name = &it.sources[i],
                                     .msg_namelen = sizeof(sockaddr_storage),
                                     .msg_iov = &it.parts[i],
                                     .msg_iovlen = 1,
                                     .msg_control = is_everywhere_ ? it.places[i].bytes.data() : nullptr,
                                     .msg_controllen = is_everywhere_ ? it.places[i].bytes.size() : 0,
                                     .msg_flags = 0};
        }
        const int count = ::recvmmsg(socket_.get(), it.headers.data(), batch, MSG_DONTWAIT, nullptr);
        for (int i = 0; i < count; ++i) {
            const auto at = static_cast<std::size_t>(i);
            auto& header = it.headers[at].msg_hdr;
            if ((header.msg_flags & MSG_TRUNC) != 0) ++counts_.ignored;
            else on_datagram(std::span(it.bytes[at]).first(it.headers[at].msg_len), endpoint_of(it.sources[at]), place_of(header));
        }
        if (count < static_cast<int>(batch)) return;
    }
}

void UdpRelay::on_datagram(std::span<std::byte> datagram, const Endpoint& peer, const std::optional<wake::Address>& asked) {
    ++counts_.from_players;
    auto found = sessions_.find(peer);
    auto said = heard_from(peer, datagram, found != sessions_.end());
    if (!said) {
        ++counts_.ignored;
        return;
    }
    said->asked = asked;
    if (found != sessions_.end()) {
        if (found->second->to_game(said->words)) return;
        // The game is gone: this datagram is the first of what comes next.
        ++counts_.upstream_lost;
        end(*found->second);
    }
    if (is_barred(bans_, said->source)) {
        ++counts_.ignored;
        return;
    }
    if (is_draining_) {
        ++counts_.refused_full;
        return;
    }
    if (!is_reachable(route_)) return knock(*said);
    auto* session = open_session(*said);
    if (session == nullptr) return;
    if (route_.protocol == GameProtocol::teeworlds) session->look_for_exchange(said->words, shared_.tokens);
    if (session->exchange && !session->ask_for_token(loop_.now())) return end(*session);
    if (!session->to_game(said->words)) return end(*session);
    if (!first_relayed_) first_relayed_ = loop_.now();
}

// nullopt when a proxy does not say for whom a new session is: where it speaks for many, the first datagram of each says so, or all do.
std::optional<UdpRelay::Said> UdpRelay::heard_from(const Endpoint& peer, std::span<std::byte> datagram, bool is_known) const {
    Said said{.peer = peer, .source = peer, .destination = std::nullopt, .asked = std::nullopt, .whole = datagram, .words = datagram};
    const bool is_proxy = std::ranges::any_of(route_.proxy_from, [&](const wake::Block& block) { return block.contains(peer.address); });
    if (!is_proxy) return said;
    const auto introduced = read_introduction(datagram, peer);
    if (!introduced) return is_known ? std::optional(said) : std::nullopt;
    said.source = introduced->source;
    said.destination = introduced->destination;
    said.words = datagram.subspan(introduced->size);
    return said;
}

void UdpRelay::knock(const Said& said) {
    const auto& source = said.source;
    const auto datagram = said.words;
    const auto reading = read_datagram(route_.protocol, datagram, source, route_.face, shared_.tokens);
    const auto verdict = doorman_.judge(reading.knock, source.address, sleeper_of(route_), loop_.now());
    if (verdict.wake) {
        route_.state = RouteState::starting;  // Until the next table says better: one wake is enough.
        wake_(route_, source, reading.knock.name);
    }
    switch (verdict.reply) {
    case wake::Reply::ignore: ++counts_.ignored; return;
    case wake::Reply::hold: return hold(said, verdict.wait);
    case wake::Reply::answer:
    case wake::Reply::refuse: break;
    }
    const bool is_answer = verdict.reply == wake::Reply::answer;
    const auto out = is_answer ? reading.answer : refusal(route_.protocol, datagram, wake::refusal_text(verdict, route_.server, route_.face.trouble));
    if (out.empty()) return;
    const bool is_free = reading.knock.proved || (is_answer && reading.is_free);
    if (!is_free && !shared_.answers.take(source.address, out.size(), loop_.now())) {
        ++counts_.unanswered;
        return;
    }
    if (is_answer) ++counts_.answered;
    send_to(out, said.peer, said.asked);
}

void UdpRelay::hold(const Said& said, Milliseconds wait) {
    const ByteSpan datagram = said.whole;
    const auto& source = said.peer;
    if (!held_.contains(source) && held_.size() >= limits_.held_max) {
        ++counts_.refused_full;
        return;
    }
    auto& held = held_.try_emplace(source, UdpHeld{.datagrams = {}, .bytes = 0, .until = loop_.now() + wait, .asked = said.asked}).first->second;
    // A client that repeats itself is not replayed twice.
    const bool is_known = std::ranges::any_of(held.datagrams, [&](const auto& known) { return std::ranges::equal(known, datagram); });
    if (is_known || held.bytes + datagram.size() > limits_.held_bytes_max) return;
    held.bytes += datagram.size();
    held.datagrams.emplace_back(datagram.begin(), datagram.end());
}

void UdpRelay::replay_held() {
    for (auto& [source, held] : std::exchange(held_, {})) {
        for (auto& datagram : held.datagrams) on_datagram(datagram, source, held.asked);
    }
}

UdpRelay::Session* UdpRelay::open_session(const Said& said) {
    const auto now = loop_.now();
    auto& newcomers = newcomers_.of(said.source.address, [&] { return wake::Bucket(limits_.new_per_source, now); });
    if (!newcomers.take(limits_.new_per_source, 1, now)) {
        ++counts_.too_many;
        return nullptr;
    }
    const auto of_source = sessions_of_.find(said.source.address);
    const bool is_full = sessions_.size() >= limits_.sessions_max || unconfirmed_ >= limits_.unconfirmed_max ||
                         (of_source != sessions_of_.end() && of_source->second >= limits_.sessions_per_source_max);
    auto socket = is_full ? Descriptor() : connect_datagrams(*route_.upstream, seen_as(said.source)).value_or(Descriptor());
    if (!socket) {
        ++counts_.refused_full;
        return nullptr;
    }
    UdpSessionState state{
        .player = said.peer,
        .source = said.source,
        .asked = said.asked,
        .introduction = introduction(route_.proxy_to, wire::opening::Transport::datagram, said.source, said.destination.value_or(came_to(said)), {}),
        .game = std::move(socket),
        .heard = now,
        .exchange = {},
        .allowance = wake::Bucket(limits_.datagrams, now).level(),
        .copies = {},
        .merge = {}};
    add_copies(state);
    return &add(std::move(state));
}

Endpoint UdpRelay::came_to(const Said& said) const { return {.address = said.asked.value_or(local_.address), .port = local_.port}; }

std::optional<Endpoint> UdpRelay::seen_as(const Endpoint& player) const { return route_.transparent ? std::optional(player) : std::nullopt; }

void UdpRelay::add_copies(UdpSessionState& state) const {
    if (!route_.copies) return;
    for (const auto& upstream : route_.copies->upstreams) {
        if (auto socket = connect_datagrams(upstream, seen_as(state.source))) state.copies.push_back(std::move(*socket));
    }
    if (route_.copies->mode == CopyMode::failover) {
        state.merge = wake::ReplyMerge::State{.legs = std::vector<wake::ReplyMerge::Leg>(1 + state.copies.size()), .last_heard = loop_.now()};
    }
}

UdpRelay::Session& UdpRelay::add(UdpSessionState state) {
    const auto player = state.player;
    ++sessions_of_[state.source.address];
    return *(sessions_[player] = std::make_unique<Session>(*this, std::move(state)));
}

void UdpRelay::end(Session& session) {
    const auto player = session.player;  // The session ends with its place in the map.
    if (const auto of_source = sessions_of_.find(session.source.address); --of_source->second == 0) sessions_of_.erase(of_source);
    sessions_.erase(player);
}

bool UdpRelay::may_answer(const Session& session, std::size_t bytes) {
    if (session.is_confirmed || shared_.answers.take(session.source.address, bytes, loop_.now())) return true;
    ++counts_.unanswered;
    return false;
}

void UdpRelay::send_to(ByteSpan datagram, const Endpoint& player, const std::optional<wake::Address>& from) {
    const int family = local_.address.is_v4() ? AF_INET : AF_INET6;
    auto to = kernel_address(player, family);
    iovec part{.iov_base = const_cast<std::byte*>(datagram.data()), .iov_len = datagram.size()};
    Place place;
    msghdr message{};
    message.msg_name = to.get();
    message.msg_namelen = to.size;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (from) leave_from(message, place, *from, family);
    if (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) >= 0) ++counts_.to_players;
}

void UdpRelay::bar(Bans bans) {
    if (bans == bans_) return;
    bans_ = std::move(bans);
    std::vector<Session*> barred;
    for (const auto& [player, session] : sessions_) {
        if (is_barred(bans_, session->source)) barred.push_back(session.get());
    }
    for (auto* session : barred) end(*session);
}

void UdpRelay::sweep() {
    const auto now = loop_.now();
    std::erase_if(held_, [&](const auto& entry) { return entry.second.until <= now; });
    std::vector<Session*> ended;
    for (const auto& [source, session] : sessions_) {
        session->look_for_silence();
        const auto most = session->is_confirmed ? limits_.idle : limits_.unconfirmed;
        const bool asks = session->exchange && !session->exchange->games && now - session->exchange->asked >= ask_again;
        if (now - session->heard >= most || (asks && !session->ask_for_token(now))) ended.push_back(session.get());
    }
    for (auto* session : ended) end(*session);
}

}  // namespace gk::edge
