#pragma once

#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "base/secret.hpp"
#include "ports/task.hpp"
#include "programs/config/config.hpp"
#include "programs/serve/rights.hpp"

namespace gk::programs {

// What a first start shows once.
struct FirstStart {
    Secret admin_key;        // Empty: there were keys already, or it lies elsewhere.
    Secret recovery_key;     // Empty: it was shown before, or it lies elsewhere.
    std::string shown_by{};  // The commands that show both; empty: they are to be shown now.
};

// Says that the API answers: after this line people may connect.
using Announce = std::function<void(const std::string& listening, const FirstStart& first)>;

// Wires every part of the configured shape on one loop and runs it until SIGTERM or SIGINT, then finishes requests under way and returns.
// Games go on. The returned text says why it could not start or go on; empty: it was asked to end.
Task<std::string> run_control_plane(boost::asio::io_context& loop, Config config, Rights rights, Announce announce);

}  // namespace gk::programs
