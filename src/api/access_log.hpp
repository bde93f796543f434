#pragma once

#include "net/http/server.hpp"

namespace gk::api {

// One line for each request that was answered. Changes and our own failures are worth keeping (info); what was only read or refused is not
// (debug), so that a stranger's requests cannot fill a disk.
void log_access(const net::Access& access);

}  // namespace gk::api
