#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace gk {

// A password, key or token. It formats as "[secret]"; reveal() is the only way to its text, so that grep finds every use.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    const std::string& reveal() const { return text_; }
    bool empty() const { return text_.empty(); }
    bool operator==(const Secret&) const = default;

private:
    std::string text_;
};

}  // namespace gk

template <>
struct fmt::formatter<gk::Secret> : fmt::formatter<std::string_view> {
    auto format(const gk::Secret&, fmt::format_context& out) const { return fmt::formatter<std::string_view>::format("[secret]", out); }
};
