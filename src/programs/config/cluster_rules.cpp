#include "programs/config/cluster_rules.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"

namespace gk::programs {
namespace {

constexpr auto effects = std::to_array<std::string_view>({"NoSchedule", "PreferNoSchedule", "NoExecute"});

std::vector<std::string_view> items_of(std::string_view text) {
    std::vector<std::string_view> out;
    for (const auto part : split(text, ',')) {
        if (const auto item = trimmed(part); !item.empty()) out.push_back(item);
    }
    return out;
}

std::string read_toleration(std::string_view text, Toleration& out) {
    const auto colon = text.rfind(':');
    const auto taint = text.substr(0, colon);
    const auto equals = taint.find('=');
    out.key = taint.substr(0, equals);
    if (equals != std::string_view::npos) out.value = taint.substr(equals + 1);
    if (colon != std::string_view::npos) out.effect = text.substr(colon + 1);
    const bool has_effect = out.effect.empty() || std::ranges::find(effects, out.effect) != effects.end();
    if (!out.key.empty() && has_effect) return {};
    return fmt::format("'{}' is no taint; write KEY, KEY=VALUE or KEY=VALUE:EFFECT, with an effect of: {}", text, fmt::join(effects, ", "));
}

}  // namespace

std::string read_pod_security(std::string_view text, PodSecurity& out) {
    const auto said = from_name<PodSecurity>(text);
    if (!said) return fmt::format("'{}' is not one of: {}", text, fmt::join(pod_security_names, ", "));
    out = *said;
    return {};
}

std::string read_exposures(std::string_view text, std::vector<server::Exposure::Kind>& out) {
    out.clear();
    for (const auto item : items_of(text)) {
        const auto kind = from_name<server::Exposure::Kind>(item);
        if (!kind) return fmt::format("'{}' is not one of: {}", item, fmt::join(server::exposure_names, ", "));
        out.push_back(*kind);
    }
    return out.empty() ? fmt::format("name at least one of: {}", fmt::join(server::exposure_names, ", ")) : std::string();
}

std::string read_pairs(std::string_view text, Pairs& out) {
    out.clear();
    for (const auto item : items_of(text)) {
        const auto equals = item.find('=');
        if (equals == std::string_view::npos || equals == 0) return fmt::format("'{}' must be NAME=TEXT", item);
        out.insert_or_assign(std::string(item.substr(0, equals)), std::string(item.substr(equals + 1)));
    }
    return {};
}

std::string read_tolerations(std::string_view text, std::vector<Toleration>& out) {
    out.clear();
    for (const auto item : items_of(text)) {
        if (auto wrong = read_toleration(item, out.emplace_back()); !wrong.empty()) return wrong;
    }
    return {};
}

const std::string& players_host(const Config& config) { return config.cluster.node_host.empty() ? config.api.public_host : config.cluster.node_host; }

Value node_selector(const Pairs& labels) {
    Value out = Value::object();
    for (const auto& [name, text] : labels) out.set(name, text);
    return out;
}

Value tolerations(const std::vector<Toleration>& all) {
    Value::Array out;
    for (const auto& it : all) {
        auto toleration = Value::object({{"key", it.key}, {"operator", it.value ? "Equal" : "Exists"}});
        if (it.value) toleration.set("value", *it.value);
        if (!it.effect.empty()) toleration.set("effect", it.effect);
        out.push_back(std::move(toleration));
    }
    return Value(std::move(out));
}

}  // namespace gk::programs
