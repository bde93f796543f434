#pragma once

#include <string>

#include "adapters/kubernetes/client/api_server.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"

namespace gk::kubernetes {

// Every verb of the client against a real API server, in that namespace. Prints what is not as it should be; 0 when nothing is.
Task<int> try_verbs(Clock& clock, ApiServer& server, std::string space);

}  // namespace gk::kubernetes
