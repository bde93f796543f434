#include "domain/server/cause.hpp"

#include <utility>

#include <fmt/format.h>

namespace gk::server {

std::string text_of(const Cause& cause) {
    switch (cause.kind) {
    case Cause::Kind::person: return "a person";
    case Cause::Kind::schedule: return "a schedule";
    case Cause::Kind::knock:
        return fmt::format("a knock{}{}{}", cause.player.empty() ? "" : fmt::format(" by {}", cause.player),
                           cause.source.empty() ? "" : fmt::format(" from {}", cause.source),
                           cause.trace.empty() ? "" : fmt::format(", trace {}", cause.trace));
    case Cause::Kind::idle: return "nobody playing";
    case Cause::Kind::watchdog: return "the watchdog";
    }
    std::unreachable();
}

Value to_value(const Cause& cause) {
    auto out = Value::object({{"kind", name_of(cause.kind)}});
    if (!cause.player.empty()) out.set("player", cause.player);
    if (!cause.source.empty()) out.set("source", cause.source);
    if (!cause.trace.empty()) out.set("trace", cause.trace);
    return out;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Cause& out) {
    ObjectReader in(value, pointer, errors);
    in.required("kind", out.kind);
    in.optional("player", out.player);
    in.optional("source", out.source);
    in.optional("trace", out.trace);
    return in.finish_lenient();
}

}  // namespace gk::server
