#include "programs/cli/sleep_wish.hpp"

#include <utility>

#include <fmt/format.h>

#include "domain/server/cause.hpp"
#include "domain/wake/address.hpp"
#include "programs/cli/values.hpp"
#include "programs/cli/words.hpp"

namespace gk::programs {
namespace {

Value wake_of(const SleepWish& wish) {
    auto wake = Value::object();
    if (!wish.wake.empty()) wake.set("admission", wish.wake);
    else if (!wish.allow.empty()) wake.set("admission", "allow-list");
    Value::Array names, addresses;
    for (const auto& entry : wish.allow) {
        // What is no address is somebody's name; one that is written wrongly the API tells from neither.
        if (entry.find('/') != std::string::npos || wake::Block::parse(entry)) addresses.emplace_back(entry);
        else names.emplace_back(entry);
    }
    if (!names.empty()) wake.set("names", std::move(names));
    if (!addresses.empty()) wake.set("addresses", std::move(addresses));
    return wake;
}

void add_entries(std::string& out, const Value& entries) {
    const auto* list = entries.as_array();
    if (list == nullptr) return;
    for (const auto& entry : *list) out += fmt::format("{}{}", out.empty() ? "" : ", ", entry.as_string() != nullptr ? *entry.as_string() : "");
}

}  // namespace

void add_sleep(Value& body, const SleepWish& wish) {
    if (!wish.wake.empty() || !wish.allow.empty()) body.set("wake", wake_of(wish));
    if (!wish.idle.empty()) body.set("idle", Value::object({{"after", wish.idle}}));
}

std::string wake_text(const Value& wake) {
    const auto admission = text_at(wake, "admission");
    if (admission == "never") return "by nobody who knocks";
    if (admission == "any") return "by whoever knocks";
    std::string out;
    add_entries(out, member(wake, "names"));
    add_entries(out, member(wake, "addresses"));
    return out.empty() ? out : "by " + out;
}

std::string idle_text(const Value& idle) {
    const auto after = text_at(idle, "after");
    return after.empty() || after == "never" ? after : fmt::format("after {} without players", after);
}

std::string started_by_text(const Value& started_by) {
    Errors ignored;
    server::Cause cause;
    if (started_by.as_object() == nullptr || !decode(started_by, "", ignored, cause)) return {};
    if (cause.kind == server::Cause::Kind::person) return {};
    return fmt::format("{}, {}", text_of(cause), when(text_at(started_by, "at")));
}

}  // namespace gk::programs
