#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/decode.hpp"
#include "base/enum_names.hpp"

namespace gk::server {

// How players reach a server of a cluster. On one machine there is nothing to choose: the game binds the machine's own ports.
struct Exposure {
    // node_port: a number that every node forwards. host_port: a number of the node that the game happens to run on. load_balancer: an address of
    // the cloud's. internal: only the inside of the cluster. edge: a number at every edge, which wakes the server when it sleeps.
    enum class Kind : std::uint8_t { node_port, host_port, load_balancer, internal, edge };
    Kind kind = Kind::node_port;
    std::string address;  // What players are told, instead of what was found out; empty: that.
    std::string dns_label;  // Of load_balancer: the name that the cloud gives to the address.
    std::string static_address;  // Of load_balancer: an address that was set aside before.
    bool operator==(const Exposure&) const = default;
};
inline constexpr auto exposure_names = std::to_array<std::string_view>({"nodePort", "hostPort", "loadBalancer", "internal", "edge"});
constexpr std::span<const std::string_view> names_of(Exposure::Kind) { return exposure_names; }

// Those of records that say nothing are of the time before one could choose.
inline Exposure::Kind kind_of(const std::optional<Exposure>& exposure) { return exposure ? exposure->kind : Exposure::Kind::node_port; }
// What a pod opens of its node is part of the pod: the change waits for the game's next start. All others are made while it runs.
bool needs_restart(const std::optional<Exposure>& from, const std::optional<Exposure>& to);

// The stored form.
Value to_value(const Exposure& exposure);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Exposure& out);
// What is wrong with what a person wrote, with pointers below `pointer`.
void check(const Exposure& exposure, const std::string& pointer, Errors& errors);

}  // namespace gk::server
