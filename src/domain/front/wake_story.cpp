#include "domain/front/wake_story.hpp"

#include <fmt/format.h>

#include "domain/wake/trace.hpp"

namespace gk::front {

namespace {
// "12:00:00.120", out of "2026-11-22T12:00:00.120Z".
std::string time_of_day(Time time) {
    auto text = rfc3339(time);
    text.erase(0, text.find('T') + 1);
    text.pop_back();
    return text;
}
}  // namespace

std::optional<std::string> wake_story(const server::Record& record, std::optional<Time> relayed) {
    if (!record.last_start || record.last_start->cause.kind != server::Cause::Kind::knock) return std::nullopt;
    const auto& trace = record.last_start->cause.trace;
    const auto heard = wake::time_of_trace(trace);
    if (!heard) return std::nullopt;
    auto story = fmt::format("Trace {}: first packet {}, asked {}", trace, time_of_day(*heard), time_of_day(record.last_start->asked_at));
    // After a crash another process is up, which has nothing to do with the wake.
    const auto ready = record.started_at;
    if (ready && (!relayed || *ready <= *relayed)) story += fmt::format(", ready {}", time_of_day(*ready));
    if (relayed) story += fmt::format(", first byte relayed {}", time_of_day(*relayed));
    return story + " (UTC).";
}

}  // namespace gk::front
