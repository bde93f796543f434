#include "programs/cli/progress.hpp"

#include <array>

#include <fmt/format.h>

#include "base/time.hpp"
#include "programs/cli/table.hpp"

namespace gk::programs {
namespace {

std::string text_of(const Value* value) { return value != nullptr && value->as_string() != nullptr ? *value->as_string() : std::string(); }

std::string human_step(std::string name) {
    for (auto& c : name) {
        if (c == '_') c = ' ';
    }
    return name;
}

std::string took(const Value& step) {
    const auto* ms = step.find("ms");
    if (ms == nullptr || ms->as_int() == nullptr) return {};
    const auto count = *ms->as_int();
    return count < 1000 ? fmt::format("{} ms", count) : fmt::format("{:.1f} s", static_cast<double>(count) / 1000);
}

std::string error_of(const Value& step) {
    const auto* error = step.find("error");
    return error != nullptr ? text_of(error->find("detail")) : std::string();
}

}  // namespace

void Progress::show(const Value& operation) {
    if (style_ == Style::silent) return;
    const auto* steps = operation.find("steps");
    if (steps == nullptr || steps->as_array() == nullptr) return;
    std::string running;
    for (std::size_t i = 0; i < steps->as_array()->size(); ++i) {
        const auto& step = (*steps->as_array())[i];
        const auto status = text_of(step.find("status"));
        const auto name = human_step(text_of(step.find("name")));
        if (status == "running") {
            running = name;
            continue;
        }
        if (!shown_.insert(fmt::format("{}:{}", i, status)).second) continue;
        if (status == "failed") line(fmt::format("  {:<22} failed after {}: {}", name, took(step), printable(error_of(step))));
        else line(fmt::format("  {:<22} {}", name, status == "skipped" ? "not needed" : took(step)));
    }
    const bool goes_on = text_of(operation.find("finished_at")).empty();
    if (style_ == Style::terminal && goes_on) {
        fmt::print(out_, "\r\x1b[K  {} ...", running.empty() ? "working" : running);
        std::fflush(out_);
        open_line_ = true;
    }
}

void Progress::line(const std::string& text) {
    finish();
    fmt::print(out_, "{}\n", text);
    std::fflush(out_);
}

void Progress::finish() {
    if (open_line_) fmt::print(out_, "\r\x1b[K");
    open_line_ = false;
}

std::string timings(const Value& operation) {
    Table table({"STEP", "STATUS", "MS"});
    const auto* steps = operation.find("steps");
    if (steps != nullptr && steps->as_array() != nullptr) {
        for (const auto& step : *steps->as_array()) {
            const auto* ms = step.find("ms");
            table.add({human_step(text_of(step.find("name"))), text_of(step.find("status")),
                       ms != nullptr && ms->as_int() != nullptr ? std::to_string(*ms->as_int()) : "-"});
        }
    }
    const auto created = parse_rfc3339(text_of(operation.find("created_at")));
    const auto finished = parse_rfc3339(text_of(operation.find("finished_at")));
    if (created && finished) table.add({"total", text_of(operation.find("status")), std::to_string((*finished - *created).count())});
    return table.text("no steps", {});
}

}  // namespace gk::programs
