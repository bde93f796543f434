#include "edge/parcels.hpp"

#include <algorithm>
#include <concepts>
#include <deque>
#include <type_traits>
#include <unistd.h>

namespace gk::edge {

enum class Unpacking::Kind : std::uint8_t { edge, udp_relay, udp_session, udp_held, tcp_relay, tcp_door, tcp_session };

namespace {
using Kind = Unpacking::Kind;

constexpr std::size_t shards_max = 1024;

// What a field is to somebody who writes it, or reads it.
template <class Archive, class T>
using Field = std::conditional_t<Archive::writes, const T, T>;

template <class T>
concept Whole = std::integral<T> || std::is_enum_v<T>;

// An archive writes fields to a parcel, or reads them from one. What a structure consists of is said once for both, by `describe`.
class Writer {
public:
    static constexpr bool writes = true;
    explicit Writer(Kind kind) { (*this)(kind); }
    template <class... T>
    void operator()(const T&... fields) {
        (put(fields), ...);
    }
    Parcel take() { return {.bytes = bytes_.take(), .descriptors = std::move(descriptors_)}; }

private:
    template <Whole T>
    void put(const T& value) {
        bytes_.big_endian(static_cast<std::uint64_t>(value));
    }
    void put(const wake::Instant& value) { put(value.count()); }
    void put(const wake::Address& value) { bytes_.bytes(std::as_bytes(std::span(value.bytes()))); }
    void put(const std::string& value) {
        put(value.size());
        bytes_.text(value);
    }
    void put(const Descriptor& value) {
        put(static_cast<bool>(value));
        if (value) descriptors_.push_back(value.get());
    }
    template <class T, std::size_t size>
    void put(const std::array<T, size>& values) {
        bytes_.bytes(std::as_bytes(std::span(values)));
    }
    void put(const std::vector<std::byte>& values) {
        put(values.size());
        bytes_.bytes(values);
    }
    template <class T>
    void put(const std::vector<T>& values) {
        put_each(values);
    }
    template <class T>
    void put(const std::deque<T>& values) {
        put_each(values);
    }
    void put_each(const auto& values) {
        put(values.size());
        for (const auto& value : values) put(value);
    }
    template <class T>
    void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <class A, class B>
    void put(const std::pair<A, B>& value) {
        (*this)(value.first, value.second);
    }
    template <class T>
    void put(const T& value) {
        describe(*this, value);
    }

    ByteWriter bytes_;
    std::vector<int> descriptors_;
};

class Reader {
public:
    static constexpr bool writes = false;
    Reader(ByteSpan bytes, std::vector<Descriptor> descriptors) : in_(bytes), descriptors_(std::move(descriptors)) {}
    template <class... T>
    void operator()(T&... fields) {
        (get(fields), ...);
    }
    // Everything was there, and nothing else.
    bool is_done() const { return is_good_ && in_.empty() && next_ == descriptors_.size(); }

private:
    template <Whole T>
    void get(T& value) {
        const auto read = in_.big_endian<std::uint64_t>();
        is_good_ = is_good_ && read;
        if (is_good_) value = static_cast<T>(*read);
    }
    void get(wake::Instant& value) {
        std::int64_t count = 0;
        get(count);
        value = wake::Instant(count);
    }
    void get(wake::Address& value) {
        std::array<std::uint8_t, 16> bytes{};
        get(bytes);
        value = wake::Address::v6(bytes);  // Those of IPv4 are 16 bytes too.
    }
    void get(std::string& value) { value = as_text(run(length())); }
    void get(Descriptor& value) {
        bool is_there = false;
        get(is_there);
        if (!is_there) return;
        is_good_ = is_good_ && next_ < descriptors_.size();
        if (is_good_) value = std::move(descriptors_[next_++]);
    }
    template <class T, std::size_t size>
    void get(std::array<T, size>& values) {
        static_assert(sizeof(T) == 1);
        if (const auto bytes = run(size); bytes.size() == size) std::memcpy(values.data(), bytes.data(), size);
    }
    void get(std::vector<std::byte>& values) {
        const auto bytes = run(length());
        values.assign(bytes.begin(), bytes.end());
    }
    template <class T>
    void get(std::vector<T>& values) {
        get_each(values);
    }
    template <class T>
    void get(std::deque<T>& values) {
        get_each(values);
    }
    void get_each(auto& values) {
        // Each takes a byte at least, so that no length makes us allocate more than came.
        for (auto left = length(); left > 0 && is_good_; --left) get(values.emplace_back());
    }
    template <class T>
    void get(std::optional<T>& value) {
        bool is_there = false;
        get(is_there);
        if (is_there) get(value.emplace());
    }
    template <class A, class B>
    void get(std::pair<A, B>& value) {
        (*this)(value.first, value.second);
    }
    template <class T>
    void get(T& value) {
        describe(*this, value);
    }
    std::size_t length() {
        std::size_t count = 0;
        get(count);
        is_good_ = is_good_ && count <= in_.remaining();
        return is_good_ ? count : 0;
    }
    ByteSpan run(std::size_t size) {
        const auto bytes = is_good_ ? in_.bytes(size) : std::nullopt;
        is_good_ = bytes.has_value();
        return bytes.value_or(ByteSpan());
    }

    ByteReader in_;
    std::vector<Descriptor> descriptors_;
    std::size_t next_ = 0;
    bool is_good_ = true;
};

template <class Archive>
void describe(Archive& a, Field<Archive, Endpoint>& it) {
    a(it.address, it.port);
}
template <class Archive>
void describe(Archive& a, Field<Archive, wake::Bucket::Level>& it) {
    a(it.parts, it.at);
}
template <class Archive>
void describe(Archive& a, Field<Archive, wake::Doorman::Memory>& it) {
    a(it.starts, it.wakes_in_all, it.wakes);
}
template <class Archive>
void describe(Archive& a, Field<Archive, UdpCounts>& it) {
    a(it.from_players, it.to_players, it.ignored, it.answered, it.unanswered, it.refused_full, it.too_many, it.upstream_lost, it.switched);
}
template <class Archive>
void describe(Archive& a, Field<Archive, TcpCounts>& it) {
    a(it.accepted, it.refused_full, it.too_many, it.dropped_waiting, it.junk, it.answered, it.upstream_lost);
}
template <class Archive>
void describe(Archive& a, Field<Archive, TokenExchange>& it) {
    a(it.ours, it.own, it.games, it.waiting, it.asked);
}
template <class Archive>
void describe(Archive& a, Field<Archive, wake::ReplyMerge::Reply>& it) {
    a(it.hash, it.at, it.datagram);
}
template <class Archive>
void describe(Archive& a, Field<Archive, wake::ReplyMerge::Expected>& it) {
    a(it.hash, it.at);
}
template <class Archive>
void describe(Archive& a, Field<Archive, wake::ReplyMerge::Leg>& it) {
    a(it.kept, it.expected);
}
template <class Archive>
void describe(Archive& a, Field<Archive, wake::ReplyMerge::State>& it) {
    a(it.legs, it.last_heard);
}
template <class Archive>
void describe(Archive& a, Field<Archive, UdpSessionState>& it) {
    a(it.player, it.source, it.asked, it.introduction, it.game, it.heard, it.was_answered, it.is_confirmed, it.exchange, it.allowance, it.copies,
      it.merge);
}
template <class Archive>
void describe(Archive& a, Field<Archive, UdpHeld>& it) {
    a(it.datagrams, it.bytes, it.until, it.asked);
}
template <class Archive>
void describe(Archive& a, Field<Archive, TcpDoorState>& it) {
    a(it.server, it.door);
}
template <class Archive>
void describe(Archive& a, Field<Archive, TcpSideState>& it) {
    a(it.socket, it.unsent, it.has_ended, it.was_told);
}
template <class Archive>
void describe(Archive& a, Field<Archive, TcpSessionState>& it) {
    a(it.source, it.destination, it.stage, it.player, it.game, it.host, it.protocol, it.first, it.read_of_first, it.until, it.heard);
}
// Of a relay, what stands before its sessions.
template <class Archive>
void describe(Archive& a, Field<Archive, UdpRelayState>& it) {
    a(it.socket, it.server, it.protocol, it.counts, it.door);
}
template <class Archive>
void describe(Archive& a, Field<Archive, TcpRelayState>& it) {
    a(it.listener, it.protocol, it.counts);
}

template <class... T>
Parcel packed(Kind kind, const T&... fields) {
    Writer out(kind);
    out(fields...);
    return out.take();
}

}  // namespace

std::vector<Parcel> parcels_of(const EdgeState& state) {
    std::vector<Parcel> out;
    out.push_back(packed(Kind::edge, state.tokens, state.shards.size()));
    for (std::size_t shard = 0; shard < state.shards.size(); ++shard) {
        for (const auto& [at, relay] : state.shards[shard].datagrams) {
            out.push_back(packed(Kind::udp_relay, shard, at, relay));
            for (const auto& session : relay.sessions) out.push_back(packed(Kind::udp_session, session));
            for (const auto& held : relay.held) out.push_back(packed(Kind::udp_held, held));
        }
        for (const auto& [at, relay] : state.shards[shard].streams) {
            out.push_back(packed(Kind::tcp_relay, shard, at, relay));
            for (const auto& door : relay.doors) out.push_back(packed(Kind::tcp_door, door));
            for (const auto& session : relay.sessions) out.push_back(packed(Kind::tcp_session, session));
        }
    }
    return out;
}

Result<Success, std::string> Unpacking::add(ByteSpan bytes, std::vector<Descriptor> descriptors) {
    ++count_;
    Reader in(bytes, std::move(descriptors));
    auto kind = Kind::edge;
    in(kind);
    if (has_begun_ == (kind == Kind::edge)) return std::unexpected("a parcel is out of order");
    std::size_t shard = 0;
    Endpoint at;
    switch (kind) {
    case Kind::edge:
        in(state_.tokens, shard);
        if (shard == 0 || shard > shards_max) return std::unexpected("it has too many loops, or none");
        state_.shards.resize(shard);
        has_begun_ = true;
        break;
    case Kind::udp_relay:
    case Kind::tcp_relay:
        in(shard, at);
        if (shard >= state_.shards.size()) return std::unexpected("a relay is of no loop");
        datagrams_ = kind == Kind::udp_relay ? &state_.shards[shard].datagrams[at] : nullptr;
        streams_ = kind == Kind::tcp_relay ? &state_.shards[shard].streams[at] : nullptr;
        if (datagrams_ != nullptr) in(*datagrams_);
        else in(*streams_);
        break;
    case Kind::udp_session:
    case Kind::udp_held:
        if (datagrams_ == nullptr) return std::unexpected("a player is of no relay");
        if (kind == Kind::udp_session) in(datagrams_->sessions.emplace_back());
        else in(datagrams_->held.emplace_back());
        break;
    case Kind::tcp_door:
    case Kind::tcp_session:
        if (streams_ == nullptr) return std::unexpected("a stream is of no relay");
        if (kind == Kind::tcp_session) in(streams_->sessions.emplace_back());
        else in(streams_->doors.emplace_back());
        break;
    default: return std::unexpected("a parcel is of no known kind");
    }
    if (!in.is_done()) return std::unexpected("a parcel is too short, or too long");
    if (!has_its_sockets(kind)) return std::unexpected("a parcel lacks a socket");
    return {};
}

bool Unpacking::has_its_sockets(const UdpSessionState& session) {
    const bool has_legs = !session.merge || session.merge->legs.size() == 1 + session.copies.size();
    return session.game && has_legs && std::ranges::all_of(session.copies, [](const Descriptor& copy) { return static_cast<bool>(copy); });
}

// Of what was read last.
bool Unpacking::has_its_sockets(Kind kind) const {
    switch (kind) {
    case Kind::udp_relay: return static_cast<bool>(datagrams_->socket);
    case Kind::udp_session: return has_its_sockets(datagrams_->sessions.back());
    case Kind::tcp_relay: return static_cast<bool>(streams_->listener);
    case Kind::tcp_session: break;
    case Kind::edge:
    case Kind::udp_held:
    case Kind::tcp_door: return true;
    }
    const auto& session = streams_->sessions.back();
    const bool has_game = session.stage == TcpStage::connecting || session.stage == TcpStage::relaying;
    return session.stage <= TcpStage::goodbye && session.player.socket && (!has_game || session.game.socket);
}

}  // namespace gk::edge
