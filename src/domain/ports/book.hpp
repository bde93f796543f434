#pragma once

#include <array>
#include <bitset>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"
#include "domain/ports/choice.hpp"

namespace gk {

// A number that was given back and is not given away for a while, so that players and packets of the last game do not reach the next one.
struct RestingPort {
    Protocol protocol = Protocol::tcp;
    Port port{};
    Time since{};
    bool operator==(const RestingPort&) const = default;
};

struct PortReservation {
    ServerUid server;
    server::PortBinding binding;
};

// Who holds which numbers of a range, and which of them rest. It is plain memory: what adapters of PortMap have in common.
class PortBook {
public:
    struct Rules {
        PortRange range;
        PortQuestion foreign = [](Protocol, Port) { return false; };  // What programs that are not ours listen on.
        Milliseconds rest = std::chrono::seconds(60);
    };
    explicit PortBook(Rules rules) : rules_(std::move(rules)) {}

    // Enters what is known from before. A number that is held does not rest.
    void hold(ServerUid server, const std::vector<server::PortBinding>& bindings);
    void rest(const RestingPort& resting);

    // As PortMap::reserve().
    Result<std::vector<server::PortBinding>, PortShortage> reserve(ServerUid server, std::span<const PortWish> wishes,
                                                                   const std::vector<server::PortBinding>& before, Time now);
    // Numbers of this range, whatever the server holds: the same ones when they are of it. Nothing is entered.
    Result<std::vector<server::PortBinding>, PortShortage> choose(ServerUid server, PortRange range, std::span<const PortWish> wishes,
                                                                  const std::vector<server::PortBinding>& before, Time now) const;
    // These, instead of what the server has held, which rests from now on as far as it is not the same.
    void change(ServerUid server, const std::vector<server::PortBinding>& bindings, Time now);
    void release(ServerUid server, Time now);

    std::vector<PortReservation> held() const;  // Ordered by port.
    // Those whose time is not over.
    std::vector<RestingPort> resting(Time now) const;

private:
    using Number = std::pair<Protocol, Port>;

    bool is_held(Number number) const { return held_numbers_[std::to_underlying(number.first)][std::to_underlying(number.second)]; }
    bool is_taken(Number number, Time now) const;
    bool rests(Time since, Time now) const { return since + rules_.rest > now; }

    Rules rules_;
    std::map<ServerUid, std::vector<server::PortBinding>> held_;
    // Of each protocol. Whoever needs a number asks for all below it, of which thousands may be held.
    std::array<std::bitset<65'536>, 2> held_numbers_;
    std::map<Number, Time> resting_;  // Since then.
};

}  // namespace gk
