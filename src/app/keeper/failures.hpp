#pragma once

#include <expected>

#include "app/keeper/ports.hpp"
#include "domain/server/step.hpp"

// What the errors of the ports mean for a step. One place, so that every step reads the same error the same way.
namespace gk::app {

inline Halt halt_of(const StoreError& error) {
    const auto kind = error.kind == StoreError::Kind::fenced ? Halt::Kind::fenced : Halt::Kind::trouble;
    return {.kind = kind, .detail = error.detail};
}

inline server::Outcome failure(server::Failure::Kind kind, std::string code, std::string detail) {
    return {.failure = server::Failure{.kind = kind, .problem = {std::move(code), std::move(detail)}}};
}

// An old epoch ends everything; the rest is for the plan to judge.
inline Result<server::Outcome, Halt> judged(const RuntimeError& error) {
    using Kind = server::Failure::Kind;
    switch (error.kind) {
    case RuntimeError::Kind::refused: return std::unexpected(Halt{.kind = Halt::Kind::fenced, .detail = error.detail});
    case RuntimeError::Kind::unavailable: return failure(Kind::unavailable, "runtime_unavailable", error.detail);
    case RuntimeError::Kind::exhausted: return failure(Kind::exhausted, "no_room", error.detail);
    case RuntimeError::Kind::invalid: return failure(Kind::invalid, "cannot_start", error.detail);
    case RuntimeError::Kind::not_found: return failure(Kind::unavailable, "not_found", error.detail);
    }
    std::unreachable();
}

inline Result<server::Outcome, Halt> judged(const VaultError& error) {
    using Kind = server::Failure::Kind;
    switch (error.kind) {
    case VaultError::Kind::fenced: return std::unexpected(Halt{.kind = Halt::Kind::fenced, .detail = error.detail});
    case VaultError::Kind::unavailable: return failure(Kind::unavailable, "vault_unavailable", error.detail);
    case VaultError::Kind::corrupt: return failure(Kind::damaged, "vault_corrupt", error.detail);
    case VaultError::Kind::not_found: return failure(Kind::damaged, "snapshot_missing", error.detail);
    case VaultError::Kind::unreadable: return failure(Kind::unavailable, "world_unreadable", error.detail);
    }
    std::unreachable();
}

inline server::Outcome judged(const FilesError& error) {
    using Kind = server::Failure::Kind;
    if (error.kind == FilesError::Kind::no_space) return failure(Kind::exhausted, "disk_full", error.detail);
    if (error.kind == FilesError::Kind::unavailable) return failure(Kind::unavailable, "files_unavailable", error.detail);
    return failure(Kind::invalid, "bad_file", error.detail);
}

inline server::Outcome judged(const PortMapError& error) {
    const bool is_exhausted = error.kind == PortMapError::Kind::exhausted;
    return failure(is_exhausted ? server::Failure::Kind::exhausted : server::Failure::Kind::unavailable,
                   is_exhausted ? "no_port" : "ports_unavailable", error.detail);
}

inline server::Outcome judged(const Error& error) {
    using Kind = server::Failure::Kind;
    switch (error.kind) {
    case Error::Kind::exhausted: return failure(Kind::exhausted, error.code, error.message);
    case Error::Kind::unavailable:
    case Error::Kind::internal: return failure(Kind::unavailable, error.code, error.message);
    default: break;
    }
    auto detail = error.message;
    for (const auto& field : error.fields) detail += "; " + field.pointer + ": " + field.detail;
    return failure(Kind::invalid, error.code, std::move(detail));
}

}  // namespace gk::app
