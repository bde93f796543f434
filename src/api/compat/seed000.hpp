#pragma once

#include <string_view>

#include "api/compat/compat.hpp"
#include "api/compat/turn.hpp"

// What the routes of the first original have in common: a Flask service that kept game servers on AKS. Errors are {error, details, type}.
namespace gk::api::compat::seed000 {

net::Response refuse(const app::Error& error, const net::Request& request, std::string_view purpose);
// It took too long: 504, and the operation, which goes on, in `details`.
net::Response timed_out(const Operation& operation, std::string_view purpose);

// A body that must be an object with something in it.
Result<Value, app::Error> read_data(const net::Request& request);
// {server_id, namespace?}
Result<Target, app::Error> read_target(const net::Request& request);
// {package, server_id, namespace?, game?} as what it means for us: started at once, and going on with the world that was kept.
Result<app::CreateOrder, app::Error> read_start(const Options& options, const catalog::Catalog& games, const net::Request& request);

}  // namespace gk::api::compat::seed000
