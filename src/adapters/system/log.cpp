#include "adapters/system/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "base/text.hpp"
#include "base/value.hpp"

namespace gk::system {
namespace {

// A log must stay readable whatever a game or a client sent: bytes that are no text become question marks.
std::string readable(std::string_view text) {
    if (is_utf8(text)) return std::string(text);
    std::string out(text);
    for (auto& c : out) {
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
    return out;
}

void append(std::string& out, const log::FieldValue& value) {
    const auto text = std::get_if<std::string>(&value.data());
    if (text != nullptr) return append_json_string(out, readable(*text));
    std::visit(
        [&](const auto& plain) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(plain)>, std::string>) fmt::format_to(std::back_inserter(out), "{}", plain);
        },
        value.data());
}

Time wall_clock() { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }

}  // namespace

std::string json_line(const log::Line& line, Time at) {
    auto out = fmt::format(R"({{"at":"{}","level":"{}","module":)", rfc3339(at), name_of(line.level));
    append_json_string(out, readable(line.module));
    out += ",\"event\":";
    append_json_string(out, readable(line.event));
    for (const auto& field : line.fields) {
        out += ',';
        append_json_string(out, readable(field.name));
        out += ':';
        append(out, field.value);
    }
    out += '}';
    return out;
}

std::string text_line(const log::Line& line, Time at) {
    auto out = fmt::format("{} {:<7} {}: {}", rfc3339(at), name_of(line.level), line.module, readable(line.event));
    for (const auto& field : line.fields) {
        out += fmt::format(" {}=", field.name);
        append(out, field.value);
    }
    return out;
}

Result<std::unique_ptr<LogSink>, std::string> LogSink::open(Form form, const std::string& path) {
    try {
        spdlog::sink_ptr sink;
        if (path.empty()) sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        else sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
        auto logger = std::make_shared<spdlog::logger>("gamekeeper", std::move(sink));
        logger->set_pattern("%v");
        logger->set_level(spdlog::level::trace);
        logger->flush_on(spdlog::level::trace);
        return std::unique_ptr<LogSink>(new LogSink(form, std::move(logger)));
    } catch (const spdlog::spdlog_ex& error) {
        return std::unexpected(fmt::format("cannot write the log to {}: {}", path.empty() ? "standard error" : path, error.what()));
    }
}

LogSink::~LogSink() = default;

void LogSink::write(const log::Line& line) noexcept {
    // spdlog itself reports what it cannot write on standard error.
    const auto text = form_ == Form::json ? json_line(line, wall_clock()) : text_line(line, wall_clock());
    logger_->log(spdlog::level::info, spdlog::string_view_t(text));
}

}  // namespace gk::system
