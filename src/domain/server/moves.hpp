#pragma once

#include "base/time.hpp"
#include "domain/server/lifecycle.hpp"
#include "domain/server/record.hpp"

// How a record changes when its phase or progress does. For the files of this folder only.
namespace gk::server {

// Follows the edge of the table; that there is one is the caller's duty.
void move(Record& record, Event on, Time now);
void set_progress(Record& record, Progress progress, Time now);

}  // namespace gk::server
