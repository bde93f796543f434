#pragma once

#include "api/context.hpp"
#include "app/caller.hpp"
#include "app/error.hpp"
#include "net/http/message.hpp"

// What every route does before its own work, for those that answer in another shape than ours (api/compat).
namespace gk::api {

// Who asks: by key, by a token that somebody else has given out, or by the uid of a Unix socket's peer.
Task<Result<app::Caller, app::Error>> caller_of(Context& context, const net::Request& request);
// What changes something must be admitted: where only the keeper can, one that is just taking over is waited for.
Task<Result<Success, app::Error>> await_admission(Context& context, net::Method method);
// Notes what the client is not told.
void log_failure(const net::Request& request, const app::Error& error);

}  // namespace gk::api
