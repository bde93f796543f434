#include "programs/config/cluster_rules.hpp"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/text.hpp"

namespace gk::programs {
namespace {

std::vector<std::string_view> items_of(std::string_view text) {
    std::vector<std::string_view> out;
    for (const auto part : split(text, ',')) {
        if (const auto item = trimmed(part); !item.empty()) out.push_back(item);
    }
    return out;
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

std::string read_tolerations(std::string_view text, std::vector<server::Toleration>& out) {
    out.clear();
    for (const auto item : items_of(text)) {
        auto read = server::parse_toleration(item);
        if (!read) return std::move(read).error();
        out.push_back(std::move(*read));
    }
    return {};
}

const std::string& players_host(const Config& config) { return config.cluster.node_host.empty() ? config.api.public_host : config.cluster.node_host; }

Value node_selector(const Pairs& labels) {
    Value out = Value::object();
    for (const auto& [name, text] : labels) out.set(name, text);
    return out;
}

}  // namespace gk::programs
