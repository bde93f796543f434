#pragma once

#include <memory>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace spdlog {
class logger;
}  // namespace spdlog

namespace gk::system {

// Writes each line as one JSON object to standard error or a file:
//     {"at":"2026-11-21T03:04:05.678Z","level":"info","module":"keeper","event":"server changed its phase","server":"..."}
// or, for people at a terminal, as text. From any thread.
class LogSink final : public log::Sink {
public:
    enum class Form : std::uint8_t { json, text };

    // An empty path means standard error.
    static Result<std::unique_ptr<LogSink>, std::string> open(Form form, const std::string& path);
    ~LogSink() override;
    void write(const log::Line& line) noexcept override;

private:
    LogSink(Form form, std::shared_ptr<spdlog::logger> logger) : form_(form), logger_(std::move(logger)) {}
    Form form_;
    std::shared_ptr<spdlog::logger> logger_;
};

std::string json_line(const log::Line& line, Time at);
std::string text_line(const log::Line& line, Time at);

}  // namespace gk::system
