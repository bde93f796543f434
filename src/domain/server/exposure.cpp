#include "domain/server/exposure.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace gk::server {
namespace {

constexpr std::size_t label_size_max = 63;     // RFC 1035.
constexpr std::size_t address_size_max = 253;  // A whole name.

bool is_one_of(char c, std::string_view marks) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.contains(c);
}

bool is_address(std::string_view text) {
    return text.size() <= address_size_max && std::ranges::all_of(text, [](char c) { return is_one_of(c, ".-:"); });
}

bool is_dns_label(std::string_view text) {
    const auto is_plain = [](char c) { return c == '-' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const bool starts_well = text.front() >= 'a' && text.front() <= 'z';
    return text.size() >= 3 && text.size() <= label_size_max && starts_well && text.back() != '-' && std::ranges::all_of(text, is_plain);
}

}  // namespace

bool needs_restart(const std::optional<Exposure>& from, const std::optional<Exposure>& to) {
    using enum Exposure::Kind;
    return (kind_of(from) == host_port) != (kind_of(to) == host_port);
}

Value to_value(const Exposure& exposure) {
    auto out = Value::object({{"type", name_of(exposure.kind)}});
    if (!exposure.address.empty()) out.set("address", exposure.address);
    if (!exposure.dns_label.empty()) out.set("dns_label", exposure.dns_label);
    if (!exposure.static_address.empty()) out.set("static_address", exposure.static_address);
    return out;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Exposure& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("type", out.kind);
    in.optional("address", out.address);
    in.optional("dns_label", out.dns_label);
    in.optional("static_address", out.static_address);
    return in.finish_lenient();
}

void check(const Exposure& exposure, const std::string& pointer, Errors& errors) {
    const bool is_balanced = exposure.kind == Exposure::Kind::load_balancer;
    if (!is_address(exposure.address)) errors.add(pointer + "/address", "bad_format", "write a host name or an IP address");
    if (!is_balanced && !exposure.dns_label.empty()) errors.add(pointer + "/dns_label", "not_allowed", "only a loadBalancer has a dns_label");
    if (!is_balanced && !exposure.static_address.empty())
        errors.add(pointer + "/static_address", "not_allowed", "only a loadBalancer has a static_address");
    if (!exposure.dns_label.empty() && !is_dns_label(exposure.dns_label)) {
        errors.add(pointer + "/dns_label", "bad_format",
                   "a dns_label has 3 to 63 lower-case letters, digits and '-'; it begins with a letter and does not end with '-'");
    }
    if (!is_address(exposure.static_address)) errors.add(pointer + "/static_address", "bad_format", "write an IP address");
}

}  // namespace gk::server
