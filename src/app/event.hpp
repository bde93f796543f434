#pragma once

#include <string>
#include <utility>

#include "base/time.hpp"
#include "base/value.hpp"
#include "domain/operation/operation.hpp"
#include "domain/server/record.hpp"

namespace gk::app {

// What happened to a server, for the outbox. Use cases make events here and nowhere else, so that each says whose it is.
inline Event event_about(const server::Record& record, Time at, std::string type, Value data) {
    return {.at = at,
            .type = std::move(type),
            .server = record.uid,
            .server_id = record.id,
            .space = record.space,
            .tenant = record.tenant,
            .data = std::move(data)};
}

inline Event event_about(const Operation& operation, Time at, std::string type, Value data) {
    return {.at = at,
            .type = std::move(type),
            .server = operation.server,
            .server_id = operation.server_id,
            .space = operation.space,
            .tenant = operation.tenant,
            .data = std::move(data)};
}

}  // namespace gk::app
