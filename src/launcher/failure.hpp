#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "base/result.hpp"
#include "wire/launcher/messages.hpp"

namespace gk::launcher {

using wire::launcher::Failure;
template <class T>
using Outcome = Result<T, Failure>;

inline std::unexpected<Failure> fail(Failure::Kind kind, std::string text) { return std::unexpected(Failure{kind, std::move(text)}); }

// The system's word for errno behind what was tried. A full disk or table is `exhausted`; everything else may go away: `unavailable`.
inline std::unexpected<Failure> fail_errno(std::string_view tried) {
    const int error = errno;
    const bool full = error == ENOSPC || error == ENOMEM || error == EAGAIN || error == EMFILE || error == ENFILE || error == EDQUOT;
    return fail(full ? Failure::Kind::exhausted : Failure::Kind::unavailable, fmt::format("{}: {}", tried, std::generic_category().message(error)));
}

}  // namespace gk::launcher
