#include "app/match/queue_rules.hpp"

#include <fmt/format.h>

#include "domain/match/rules/native.hpp"

namespace gk::app {

Result<QueueRules, std::string> queue_rules(const Value& document) {
    Errors errors;
    auto stages = match::read_either_rules(document, errors);
    if (stages) return QueueRules{.stages = std::move(*stages), .acceptance = {}};
    std::string all;
    for (const auto& error : errors.list()) all += fmt::format("{}{}: {}", all.empty() ? "" : "; ", error.pointer, error.detail);
    return std::unexpected(std::move(all));
}

}  // namespace gk::app
