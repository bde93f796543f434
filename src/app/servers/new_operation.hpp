#pragma once

#include "app/caller.hpp"
#include "domain/operation/operation.hpp"
#include "domain/server/record.hpp"

namespace gk::app {

// What is known of a request's operation when it is asked for.
inline Operation operation_for(const server::Record& record, const server::Request& request, const Caller& caller) {
    Operation operation;
    operation.id = request.operation;
    operation.server = record.uid;
    operation.server_id = record.id;
    operation.space = record.space;
    operation.tenant = record.tenant;
    operation.verb = request.verb;
    operation.cause = caller.name;
    operation.force = request.force;
    operation.created_at = request.asked_at;
    return operation;
}

}  // namespace gk::app
