#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/units.hpp"
#include "domain/server/types.hpp"

namespace gk {

// One port, or several in a row, that a definition wants. With both protocols the same number is taken for TCP and UDP.
struct PortWish {
    std::string role;
    bool tcp = false;
    bool udp = false;
    bool internal = false;
    int group = 0;   // 0: stands alone. Wishes of one other group get numbers at fixed distances: first + offset.
    int offset = 0;
    bool operator==(const PortWish&) const = default;
};

// First and last number that may be given away.
struct PortRange {
    Port first{30000};
    Port last{31999};
    int size() const { return std::to_underlying(last) - std::to_underlying(first) + 1; }
    bool operator==(const PortRange&) const = default;
};

// Why no ports were found, with the numbers and the cure.
struct PortShortage {
    std::string detail;
};

using PortQuestion = std::function<bool(Protocol, Port)>;

// Finds numbers for all wishes, the lowest first, or none. `reserved` says what other servers hold or held a moment ago; `foreign`, asked
// only about numbers that would otherwise be taken, what programs that are not ours listen on. Different wishes never share a number,
// except those of one group that say the same offset.
Result<std::vector<server::PortBinding>, PortShortage> choose_ports(PortRange range, std::span<const PortWish> wishes, const PortQuestion& reserved,
                                                                    const PortQuestion& foreign);

// The same; but what a server had `before`, when that is what its wishes ask for and all of it is free.
Result<std::vector<server::PortBinding>, PortShortage> choose_ports_again(PortRange range, std::span<const PortWish> wishes,
                                                                          const std::vector<server::PortBinding>& before,
                                                                          const PortQuestion& reserved, const PortQuestion& foreign);

}  // namespace gk
