#include "wire/kubernetes/reports.hpp"

#include "wire/kubernetes/lease.hpp"

namespace gk::wire::kubernetes {
namespace {

constexpr std::size_t note_max = 1024;

// Not in the middle of a character.
std::string cut(std::string text) {
    if (text.size() <= note_max) return text;
    auto end = note_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    return text;
}

}  // namespace

Value report_document(const Value& about, const Report& report, Time now, const std::string& instance, const std::string& suffix) {
    const auto key = key_of(about);
    // Events of objects without a namespace live in "default".
    const auto space = key.space.empty() ? std::string("default") : key.space;
    auto regarding = Value::object({{"apiVersion", text_at(about, {"apiVersion"})},
                                    {"kind", text_at(about, {"kind"})},
                                    {"name", key.name},
                                    {"uid", uid_of(about)},
                                    {"resourceVersion", version_of(about)}});
    if (!key.space.empty()) regarding.set("namespace", key.space);
    return Value::object({{"apiVersion", "events.k8s.io/v1"},
                          {"kind", "Event"},
                          {"metadata", Value::object({{"namespace", space}, {"name", key.name + "." + suffix}})},
                          {"eventTime", micro_time(now)},
                          {"reportingController", "gamekeeper.dev/keeper"},
                          {"reportingInstance", instance},
                          {"type", report.is_warning ? "Warning" : "Normal"},
                          {"reason", report.reason},
                          {"action", report.action},
                          {"note", cut(report.note)},
                          {"regarding", std::move(regarding)}});
}

Value token_review_document(const Secret& token) {
    return Value::object({{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenReview"}, {"spec", Value::object({{"token", token.reveal()}})}});
}

TokenOwner token_owner_of(const Value& review) {
    TokenOwner out;
    const auto* known = find_at(review, {"status", "authenticated"});
    out.is_known = known != nullptr && known->as_bool() != nullptr && *known->as_bool();
    out.why_not = text_at(review, {"status", "error"});
    if (!out.is_known) return out;
    out.name = text_at(review, {"status", "user", "username"});
    out.uid = text_at(review, {"status", "user", "uid"});
    const auto* groups = find_at(review, {"status", "user", "groups"});
    if (groups == nullptr || groups->as_array() == nullptr) return out;
    for (const auto& group : *groups->as_array()) {
        if (group.as_string() != nullptr) out.groups.push_back(*group.as_string());
    }
    return out;
}

}  // namespace gk::wire::kubernetes
