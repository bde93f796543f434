#pragma once

#include <span>
#include <string_view>

#include "api/compat/compat.hpp"
#include "api/context.hpp"

namespace gk::api::compat {

using OldAction = Task<Outcome> (*)(Compat&, net::Request&, app::Caller);

// A route of an original whose caller must be known.
struct OldRoute {
    net::Method method;
    std::string_view pattern;
    std::string_view purpose;  // What fails when it fails, as a noun: "Server start".
    OldAction action;
};
// How an original says that something did not work.
using Refuse = net::Response (*)(const app::Error& error, const net::Request& request, std::string_view purpose);

void add(net::Router& router, Compat& compat, std::span<const OldRoute> routes, Refuse refuse);

// Who asks on a route of an original: as everywhere, or `anonymous` where that is allowed.
inline constexpr std::string_view anonymous = "anonymous";
Task<Result<app::Caller, app::Error>> old_caller_of(const Compat& compat, const net::Request& request);

}  // namespace gk::api::compat
