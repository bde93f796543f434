#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/decode.hpp"
#include "domain/wake/address.hpp"

namespace gk::wake {

// Whose players no game of this installation hears any more.
struct Ban {
    Block block;
    std::optional<Time> until{};  // Absent: until somebody lifts it.
    bool operator==(const Ban&) const = default;
};

inline bool holds(const Ban& ban, Time now) { return !ban.until || now < *ban.until; }
bool is_banned(const std::vector<Ban>& bans, const Address& address, Time now);

// The newer one takes the place of an older one of the same block.
void add(std::vector<Ban>& bans, Ban ban);
// False when there was none of exactly this block.
bool lift(std::vector<Ban>& bans, const Block& block);

Value document_of(const Ban& ban);
Value document_of(const std::vector<Ban>& bans);
bool decode(const Value& value, const std::string& pointer, Errors& errors, std::vector<Ban>& out);

}  // namespace gk::wake
