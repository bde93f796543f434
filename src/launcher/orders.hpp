#pragma once

#include <optional>

#include "launcher/cgroup.hpp"
#include "launcher/options.hpp"
#include "wire/launcher/messages.hpp"

namespace gk::launcher {

// The server that the order is about; the nil uid where there is none.
ServerUid server_of(const wire::launcher::Order& order);
// Whether it must be alone with its server.
bool changes_server(const wire::launcher::Order& order);
// Whether it runs so long or so hard that only a few may at once.
bool is_slow(const wire::launcher::Order& order);
// Whether programs that use this server's disks must end first.
bool takes_disk_away(const wire::launcher::Order& order);

// Carries it out, in a process of its own. Not for Cancel and OpenFiles.
wire::launcher::Outcome carry_out(const Options& options, const Cgroup& cgroup, const wire::launcher::Order& order);

}  // namespace gk::launcher
