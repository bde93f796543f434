#pragma once

#include <string>

#include "ports/ban_store.hpp"

namespace gk::programs {

// A file of JSON, replaced whole and synchronised: {"bans": [{"address": "203.0.113.0/24", "until": "2026-11-22T12:00:00Z" or null}]}.
class BanFile final : public BanStore {
public:
    // In a folder that is there.
    explicit BanFile(std::string path) : path_(std::move(path)) {}
    Result<std::vector<wake::Ban>, std::string> load() override;
    Result<Success, std::string> save(const std::vector<wake::Ban>& bans) override;

private:
    std::string path_;
};

}  // namespace gk::programs
