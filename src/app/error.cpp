#include "app/error.hpp"

namespace gk::app {

Error invalid(std::vector<FieldError> fields) {
    std::string message = fields.size() == 1 ? "one field is wrong" : std::to_string(fields.size()) + " fields are wrong";
    return {.kind = Error::Kind::invalid, .code = "invalid", .message = std::move(message) + "; nothing was changed", .fields = std::move(fields)};
}

Error not_found(std::string message) { return {.kind = Error::Kind::not_found, .code = "not_found", .message = std::move(message)}; }

Error from(const StoreError& error) {
    switch (error.kind) {
    case StoreError::Kind::conflict:
        return {.kind = Error::Kind::conflict,
                .code = "changed_meanwhile",
                .message = "somebody else changed it at the same time; read it again and repeat",
                .detail = error.detail};
    case StoreError::Kind::not_found:
        return {.kind = Error::Kind::not_found, .code = "not_found", .message = "there is no such object", .detail = error.detail};
    case StoreError::Kind::unavailable:
        return {.kind = Error::Kind::unavailable,
                .code = "store_unavailable",
                .message = "the database cannot be written or read at the moment (a full disk is the usual cause); try again",
                .detail = error.detail};
    case StoreError::Kind::fenced:
        return {.kind = Error::Kind::unavailable,
                .code = "not_in_charge",
                .message = "another process of the control plane has taken over; try again",
                .detail = error.detail};
    case StoreError::Kind::corrupt:
        return {.kind = Error::Kind::internal,
                .code = "store_corrupt",
                .message = "a stored record is damaged; run 'gamekeeper doctor' on the machine",
                .detail = error.detail};
    }
    std::unreachable();
}

Error from(const RuntimeError& error) {
    switch (error.kind) {
    case RuntimeError::Kind::unavailable:
    case RuntimeError::Kind::refused:
        return {.kind = Error::Kind::unavailable,
                .code = "runtime_unavailable",
                .message = "the server's process cannot be reached at the moment: " + error.detail};
    case RuntimeError::Kind::not_found: return {.kind = Error::Kind::conflict, .code = "not_running", .message = error.detail};
    case RuntimeError::Kind::exhausted: return {.kind = Error::Kind::exhausted, .code = "machine_exhausted", .message = error.detail};
    case RuntimeError::Kind::invalid: return {.kind = Error::Kind::unprocessable, .code = "cannot_run", .message = error.detail};
    }
    std::unreachable();
}

Error from(const PortMapError& error) {
    if (error.kind == PortMapError::Kind::exhausted) return {.kind = Error::Kind::exhausted, .code = "ports_exhausted", .message = error.detail};
    return {.kind = Error::Kind::unavailable,
            .code = "store_unavailable",
            .message = "ports cannot be reserved at the moment; try again",
            .detail = error.detail};
}

Error from(const VaultError& error) {
    switch (error.kind) {
    case VaultError::Kind::unavailable:
        return {.kind = Error::Kind::unavailable, .code = "vault_unavailable", .message = "the vault cannot be used at the moment: " + error.detail};
    case VaultError::Kind::corrupt:
        return {.kind = Error::Kind::internal, .code = "vault_corrupt", .message = "the vault is damaged: " + error.detail};
    case VaultError::Kind::not_found: return {.kind = Error::Kind::not_found, .code = "not_found", .message = error.detail};
    case VaultError::Kind::unreadable:
        return {.kind = Error::Kind::internal, .code = "world_unreadable", .message = "the world cannot be read: " + error.detail};
    case VaultError::Kind::fenced:
        return {
            .kind = Error::Kind::unavailable, .code = "not_in_charge", .message = "another process of the control plane has taken over; try again"};
    }
    std::unreachable();
}

Error from(const FilesError& error) {
    switch (error.kind) {
    case FilesError::Kind::not_found: return {.kind = Error::Kind::not_found, .code = "not_found", .message = error.detail};
    case FilesError::Kind::escapes: return {.kind = Error::Kind::forbidden, .code = "path_escapes", .message = error.detail};
    case FilesError::Kind::exists:
    case FilesError::Kind::not_a_file:
    case FilesError::Kind::not_a_directory: return {.kind = Error::Kind::conflict, .code = "wrong_file_type", .message = error.detail};
    case FilesError::Kind::too_large: return {.kind = Error::Kind::unprocessable, .code = "too_large", .message = error.detail};
    case FilesError::Kind::no_space: return {.kind = Error::Kind::exhausted, .code = "disk_full", .message = error.detail};
    case FilesError::Kind::unavailable: return {.kind = Error::Kind::unavailable, .code = "files_unavailable", .message = error.detail};
    }
    std::unreachable();
}

}  // namespace gk::app
