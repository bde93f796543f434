#include "wire/kubernetes/watch_event.hpp"

#include <array>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "base/enum_names.hpp"

namespace gk::wire::kubernetes {

static constexpr auto kind_names = std::to_array<std::string_view>({"ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"});
// Found by argument-dependent lookup, so not in the unnamed namespace.
static constexpr std::span<const std::string_view> names_of(WatchEvent::Kind) { return kind_names; }

Result<WatchEvent, std::string> watch_event_of(const Value& frame) {
    const auto type = text_at(frame, {"type"});
    const auto kind = from_name<WatchEvent::Kind>(type);
    if (!kind) return std::unexpected(fmt::format("a frame of the watch has the type '{}', which is not known", type));
    const auto* object = frame.find("object");
    if (object == nullptr || object->as_object() == nullptr) return std::unexpected(fmt::format("a frame {} of the watch has no object", type));
    if (*kind != WatchEvent::Kind::error && version_of(*object).empty())
        return std::unexpected(fmt::format("the object of a frame {} has no version", type));
    return WatchEvent{*kind, std::make_shared<const Value>(*object)};
}

}  // namespace gk::wire::kubernetes
