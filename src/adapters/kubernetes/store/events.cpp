#include "adapters/kubernetes/store/events.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/conditions.hpp"
#include "base/log.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::Report;
using wire::kubernetes::report_document;
using wire::kubernetes::text_at;

Resource events() { return {.group = "events.k8s.io", .version = "v1", .plural = "events"}; }

std::string random_suffix(Random& random) {
    std::array<std::byte, 8> bytes{};
    random.fill(bytes);
    std::string out;
    for (const auto byte : bytes) out += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    return out;
}

bool is_trouble(std::string_view phase) { return phase == "failed" || phase == "backup_failed"; }

}  // namespace

void EventTeller::tell(ObjectPtr about, Report report) {
    waiting_.send({.about = std::move(about), .report = std::move(report), .at = client_.clock().now()});
}

void EventTeller::tell_change(const Value& before, ObjectPtr after) {
    if (text_at(before, {"status", "state"}).empty()) return;
    const auto phase = text_at(*after, {"status", "phase"});
    const auto reason = text_at(*after, {"status", "reason"});
    const bool is_news = text_at(*after, {"status", "state"}) != text_at(before, {"status", "state"}) || is_trouble(phase);
    if (!is_news && reason == text_at(before, {"status", "reason"})) return;
    if (phase == text_at(before, {"status", "phase"}) && reason == text_at(before, {"status", "reason"})) return;
    const auto message = text_at(*after, {"status", "message"});
    auto note = fmt::format("{} ({})", text_at(*after, {"status", "state"}), phase);
    if (!message.empty()) note += fmt::format(": {}", message);
    Report report{.reason = camel_case(phase), .note = std::move(note), .is_warning = is_trouble(phase) || !reason.empty(), .action = "Keep"};
    tell(std::move(after), std::move(report));
}

Task<void> EventTeller::run() {
    for (;;) {
        auto telling = co_await waiting_.receive();
        if (!telling) co_return;
        auto document = report_document(*telling->about, telling->report, telling->at, instance_, random_suffix(random_));
        const auto told = co_await client_.create(events(), std::move(document));
        if (!told) log::debug("kubernetes", "an event was not taken", {{"reason", told.error().detail}});
    }
}

}  // namespace gk::kubernetes
