#pragma once

#include <string>

#include "base/id.hpp"
#include "ports/task.hpp"

namespace gk {

// Something a person should hear of: a failed backup, a crash loop.
struct Notice {
    std::string kind;  // Stable code; one notice is sent for each (kind, server) incident.
    ServerUid server;
    std::string subject;
    std::string text;
};

class Notifier {
public:
    virtual ~Notifier() = default;
    // Hands the notice over for delivery; delivery itself is retried by the notifier. Never fails for the caller.
    virtual Task<void> notify(Notice notice) = 0;
    // What was told of that kind and server is over: people are told that too, and the next notice is a new incident. Nothing happens when nobody
    // was told.
    virtual Task<void> is_over(std::string, ServerUid) { co_return; }
};

}  // namespace gk
