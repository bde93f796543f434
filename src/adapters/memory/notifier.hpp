#pragma once

#include <vector>

#include "ports/notifier.hpp"

namespace gk::memory {

// Keeps every notice for whoever looks.
class MemoryNotifier final : public Notifier {
public:
    Task<void> notify(Notice notice) override {
        notices_.push_back(std::move(notice));
        co_return;
    }
    const std::vector<Notice>& notices() const { return notices_; }

private:
    std::vector<Notice> notices_;
};

}  // namespace gk::memory
