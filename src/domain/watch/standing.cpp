#include "domain/watch/standing.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "domain/server/cause.hpp"

namespace gk::watch {
namespace {

using server::Phase;
using server::Wanted;

constexpr std::string_view news = "server_";

}  // namespace

std::optional<Standing> standing_of(const server::Record& record) {
    if (record.phase == Phase::running && record.wanted == Wanted::running) return Standing::up;
    if (record.phase == Phase::paused && record.wanted == Wanted::paused) return Standing::asleep;
    const bool is_off = record.phase == Phase::stopped && record.wanted == Wanted::stopped;
    if (is_off || (record.phase == Phase::failed && record.given_up)) return Standing::down;
    return std::nullopt;
}

std::string kind_of(Standing standing) { return fmt::format("{}{}", news, name_of(standing)); }

bool is_news(std::string_view kind) { return kind.starts_with(news) && from_name<Standing>(kind.substr(news.size())).has_value(); }

std::string subject_of(const server::Record& record, Standing standing) { return fmt::format("Server '{}' is {}", record.id, name_of(standing)); }

std::string text_of(const server::Record& record, Standing standing) {
    auto text = fmt::format("{} since {}.", subject_of(record, standing), rfc3339(record.phase_since));
    if (standing == Standing::up && record.last_start) text += fmt::format(" It was started by {}.", server::text_of(record.last_start->cause));
    if (standing == Standing::asleep) text += " Its world is saved; it goes on where it was when it is started again.";
    if (!record.message.empty()) text += fmt::format(" {}", record.message);
    return text;
}

}  // namespace gk::watch
