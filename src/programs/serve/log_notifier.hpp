#pragma once

#include "base/log.hpp"
#include "ports/notifier.hpp"

namespace gk::programs {

// Notices go to the log, at the level that means a person should look.
class LogNotifier final : public Notifier {
public:
    Task<void> notify(Notice notice) override {
        log::error("notice", notice.subject, {{"kind", notice.kind}, {"server", notice.server}, {"text", notice.text}});
        co_return;
    }
};

}  // namespace gk::programs
