#pragma once

#include "launcher/places.hpp"
#include "launcher/rules/sandbox.hpp"

namespace gk::launcher {

// Writes config.json, etc/ and rootfs/ into the server's bundle folder, replacing what was there. World and folders of the machine are filled
// in here.
Outcome<Success> write_bundle(const Options& options, ServerUid server, Sandbox sandbox);

}  // namespace gk::launcher
