#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/value.hpp"
#include "programs/config/config.hpp"

// How games run on a cluster and how players reach them: values of the configuration that are more than one word. Each reader returns what is wrong,
// empty when nothing is.
namespace gk::programs {

std::string read_pod_security(std::string_view text, PodSecurity& out);
// "nodePort, internal": at least one.
std::string read_exposures(std::string_view text, std::vector<server::Exposure::Kind>& out);
// "NAME=TEXT, ...": labels of nodes, annotations of Services.
std::string read_pairs(std::string_view text, Pairs& out);
// "KEY[=VALUE][:EFFECT], ..." as `kubectl taint` writes the taints that they are for; without an effect: of all effects.
std::string read_tolerations(std::string_view text, std::vector<server::Toleration>& out);

// What players are told in place of the address of a node, of worlds and of match servers; empty: that address.
const std::string& players_host(const Config& config);

// As in a PodSpec.
Value node_selector(const Pairs& labels);

}  // namespace gk::programs
