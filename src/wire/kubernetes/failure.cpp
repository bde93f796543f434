#include "wire/kubernetes/failure.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "wire/kubernetes/object.hpp"

namespace gk::wire::kubernetes {
namespace {

using enum Failure::Kind;

constexpr std::int64_t wait_max = 3600;  // Seconds; a server that asks for more is asked again then.

struct Row {
    int code;
    std::string_view reason;  // Empty: any.
    Failure::Kind kind;
};
// The first row that fits counts. 500 with reason "ServerTimeout" and 504 "Timeout" may have been done, or not.
constexpr auto rows = std::to_array<Row>({
    {404, "", not_found},
    {409, "AlreadyExists", exists},
    {409, "", conflict},
    {410, "", expired},
    {0, "Expired", expired},
    {0, "Gone", expired},
    {401, "", unauthorized},
    {403, "", forbidden},
    {429, "", busy},
});

Failure::Kind kind_of(int code, std::string_view reason) {
    for (const auto& row : rows) {
        if ((row.code == 0 || row.code == code) && (row.reason.empty() || row.reason == reason)) return row.kind;
    }
    return code >= 400 && code < 500 ? invalid : unavailable;
}

std::vector<Failure::Cause> causes_of(const Value& status) {
    std::vector<Failure::Cause> out;
    const auto* list = find_at(status, {"details", "causes"});
    if (list == nullptr || list->as_array() == nullptr) return out;
    for (const auto& cause : *list->as_array()) {
        out.push_back({std::string(text_at(cause, {"reason"})), std::string(text_at(cause, {"field"})), std::string(text_at(cause, {"message"}))});
    }
    return out;
}

std::optional<Milliseconds> seconds(std::int64_t count) {
    if (count <= 0) return std::nullopt;
    return std::chrono::seconds(std::min(count, wait_max));
}

// The header counts before the document, which proxies in between may not change.
std::optional<Milliseconds> wait_of(const Value& status, std::optional<std::string_view> header) {
    std::int64_t count = 0;
    if (header && std::from_chars(header->data(), header->data() + header->size(), count).ec == std::errc()) return seconds(count);
    const auto* said = find_at(status, {"details", "retryAfterSeconds"});
    return said != nullptr && said->as_int() != nullptr ? seconds(*said->as_int()) : std::nullopt;
}

// Said by a member of the control plane that lags behind the one that gave us the version.
bool lags(const Failure& failure) {
    const auto says_so = [](const Failure::Cause& cause) { return cause.reason == "ResourceVersionTooLarge"; };
    return std::ranges::any_of(failure.causes, says_so) || failure.detail.contains("Too large resource version");
}

}  // namespace

Failure failure_of(int code, const Value& status, std::optional<std::string_view> retry_after) {
    if (const auto* said = status.find("code"); said != nullptr && said->as_int() != nullptr) code = static_cast<int>(*said->as_int());
    const auto reason = text_at(status, {"reason"});
    Failure out{.kind = kind_of(code, reason),
                .detail = std::string(text_at(status, {"message"})),
                .code = code,
                .causes = causes_of(status),
                .retry_after = wait_of(status, retry_after)};
    if (lags(out)) out.kind = future_version;
    // A server that says when to come again has done nothing yet.
    else if (out.kind == unavailable && out.retry_after) out.kind = busy;
    if (out.detail.empty()) out.detail = fmt::format("the API server answered {}{}{}", code, reason.empty() ? "" : " ", reason);
    return out;
}

}  // namespace gk::wire::kubernetes
