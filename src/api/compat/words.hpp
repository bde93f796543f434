#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "api/compat/compat.hpp"

// What several originals say in the same words.
namespace gk::api::compat {

// The port that players join by: the one called "game", else the first that is open to them.
std::optional<std::int64_t> primary_port(const server::Record& record);
// Where players reach it: an address of its own, or that of the whole installation.
const std::string& host_of(const Context& context, const server::Record& record);
// The phase of a pod in which this server would be: Pending, Running or Failed; "Not running" when there would be none.
std::string_view pod_phase(const server::Record& record);
// Settings that the old clients do not know of and the operator has decided for them.
std::map<std::string, Value> usual_settings(const Options& options, const catalog::Catalog& games, std::string_view game);

}  // namespace gk::api::compat
