#pragma once

#include "base/value.hpp"
#include "domain/server/record.hpp"

namespace gk::server {

// What a record would be declared as, in the words in which people order servers (the body of a create, the spec of a GameServer): what was chosen
// and is not the default. `replicas` is 1 while it is wanted to run.
Value declared(const Record& record);

}  // namespace gk::server
