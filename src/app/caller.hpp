#pragma once

#include <string>
#include <string_view>

#include "app/error.hpp"
#include "ports/ledger.hpp"

namespace gk::app {

// Who asks. Made by the API from a key or a socket's peer uid, and by our own tasks.
struct Caller {
    std::string name;                // For operations' `cause` and the log: "key:ci", "local:root", "schedule".
    Scope scope = Scope::admin;
    std::string tenant = "default";
    bool only_reads = false;         // Whoever is known to others only, and was given nothing more.
};

enum class Action : std::uint8_t { read, operate, administer };

// The one place that decides who may do what with something of `tenant`. A foreign tenant's things do not exist for the caller.
Result<Success, Error> may(const Caller& caller, Action action, std::string_view tenant);

}  // namespace gk::app
