#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>

#include <fmt/format.h>

#include "ports/game_files.hpp"

// The errors of this folder, as the port words them.
namespace gk::download {

inline std::unexpected<GameFilesError> fail(GameFilesError::Kind kind, std::string detail) {
    return std::unexpected(GameFilesError{.kind = kind, .detail = std::move(detail)});
}

// After a call of the system on our own disk.
inline std::unexpected<GameFilesError> fail_errno(const std::string& what) {
    const int code = errno;
    const auto kind = code == ENOSPC || code == EDQUOT ? GameFilesError::Kind::exhausted : GameFilesError::Kind::unavailable;
    return fail(kind, fmt::format("{}: {}", what, std::strerror(code)));
}

}  // namespace gk::download
