#include "app/caller.hpp"

#include <fmt/format.h>

namespace gk::app {

Result<Success, Error> may(const Caller& caller, Action action, std::string_view tenant) {
    if (caller.tenant != tenant) return std::unexpected(not_found("there is no such server"));
    if (caller.only_reads && action != Action::read) {
        return std::unexpected(Error{.kind = Error::Kind::forbidden,
                                     .code = "forbidden",
                                     .message = fmt::format("{} may only read; ask whoever installed Gamekeeper for more", caller.name)});
    }
    // A player's key creates tickets and nothing else (contract section 11).
    if (caller.scope != Scope::admin) {
        return std::unexpected(
            Error{.kind = Error::Kind::forbidden, .code = "forbidden", .message = "this key may not do that; use one with scope admin"});
    }
    return Success{};
}

}  // namespace gk::app
