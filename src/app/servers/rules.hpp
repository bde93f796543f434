#pragma once

#include <string_view>
#include <vector>

#include "app/servers/servers.hpp"
#include "base/decode.hpp"
#include "domain/catalog/catalog.hpp"

// What can be said of an order without looking at anything but the catalogue. Every error at once.
namespace gk::app {

// [a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?
bool is_name(std::string_view text);
// `exposures` are those that may be chosen here, the usual one first; none on one machine.
using Exposures = std::vector<server::Exposure::Kind>;
// The package of a server that is made by this order; empty: it has resources of its own.
std::string package_of(const CreateOrder& order);
// How a server is reached that does not say so: as its package says, else its game, else by the usual one of this cluster. Nothing on one machine.
// What the catalogue says may be none that can be chosen here: check() refuses the order.
std::optional<server::Exposure> usual_exposure(const Exposures& exposures, const catalog::Catalog& games, std::string_view game,
                                               std::string_view package);
std::vector<FieldError> check(const CreateOrder& order, const catalog::Catalog& games, const Exposures& exposures, bool pods_may_be_root = false);
std::vector<FieldError> check(const PatchOrder& order, const server::Record& record, const catalog::Catalog& games, const Exposures& exposures);
// The settings as they are after the patch.
std::map<std::string, Value> merged(std::map<std::string, Value> settings, const std::map<std::string, Value>& changes);
// The labels likewise; an absent text removes one.
std::map<std::string, std::string> merged(std::map<std::string, std::string> labels,
                                          const std::map<std::string, std::optional<std::string>>& changes);

}  // namespace gk::app
