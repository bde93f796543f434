#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "edge/relay_state.hpp"

// The state of an edge as messages, each with the descriptors that travel beside it: one for each relay and each session, so that none is large and
// few are under way at once. Both ends are the same program on the same machine: numbers are big-endian, but there is one version at a time.
namespace gk::edge {

inline constexpr std::size_t parcel_size_max = 192 * 1024;
inline constexpr std::size_t parcel_descriptors_max = 16;

struct Parcel {
    std::vector<std::byte> bytes;
    std::vector<int> descriptors;  // Those of the state, which stays their owner.
};
std::vector<Parcel> parcels_of(const EdgeState& state);

// Puts the state together again.
class Unpacking {
public:
    // The parcels in the order of parcels_of(). The error says what is wrong with this one.
    Result<Success, std::string> add(ByteSpan bytes, std::vector<Descriptor> descriptors);
    // What came so far; false before the first parcel.
    bool has_begun() const { return has_begun_; }
    std::size_t count() const { return count_; }
    EdgeState take() { return std::move(state_); }

    enum class Kind : std::uint8_t;  // Of parcel.

private:
    bool has_its_sockets(Kind kind) const;
    static bool has_its_sockets(const UdpSessionState& session);

    EdgeState state_;
    UdpRelayState* datagrams_ = nullptr;  // To whom the sessions that follow belong.
    TcpRelayState* streams_ = nullptr;
    bool has_begun_ = false;
    std::size_t count_ = 0;
};

}  // namespace gk::edge
