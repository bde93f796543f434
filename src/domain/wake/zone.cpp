#include "domain/wake/zone.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "domain/wake/rule_document.hpp"

namespace gk::wake {

namespace {

constexpr std::size_t name_size_max = 253;  // As text; RFC 1035 2.3.4.
constexpr std::size_t label_size_max = 63;

// Empty for a name without a dot.
std::string_view parent_of(std::string_view name) {
    const auto dot = name.find('.');
    return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

bool is_within(std::string_view name, std::string_view origin) {
    return name == origin || (name.size() > origin.size() && name.ends_with(origin) && name[name.size() - origin.size() - 1] == '.');
}

void check_name(ObjectReader& in, const char* key, std::string_view name) {
    if (is_domain_name(name)) return;
    in.fail(key, "bad_format",
            fmt::format("'{}' is no name; one like castle.example.org is expected, in lower case and without a dot at its end", name));
}

Value document_of(const ZoneName& name) {
    Value::Array addresses;
    for (const auto& address : name.addresses) addresses.emplace_back(address.text());
    Value::Array services;
    for (const auto& service : name.services) services.push_back(Value::object({{"name", service.name}, {"port", std::int64_t{service.port}}}));
    return Value::object({{"name", name.name},
                          {"addresses", std::move(addresses)},
                          {"services", std::move(services)},
                          {"server", name.server},
                          {"state", name_of(name.state)},
                          {"rule", name.rule ? document_of(*name.rule) : Value()}});
}

}  // namespace

bool is_domain_name(std::string_view name) {
    const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
    if (name.empty() || name.size() > name_size_max) return false;
    for (auto rest = name;; rest = parent_of(rest)) {
        const auto label = rest.substr(0, rest.find('.'));
        if (label.empty() || label.size() > label_size_max || !std::ranges::all_of(label, allowed)) return false;
        if (label.size() == rest.size()) return true;
    }
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, NamedService& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    check_name(in, "name", out.name);
    in.required("port", out.port);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, ZoneName& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    check_name(in, "name", out.name);
    std::vector<std::string> addresses;
    in.optional("addresses", addresses);
    for (const auto& text : addresses) {
        if (const auto address = Address::parse(text)) out.addresses.push_back(*address);
        else in.fail("addresses", "bad_format", fmt::format("'{}' is no address; one like 203.0.113.7 or 2001:db8::7 is expected", text));
    }
    in.optional("services", out.services);
    std::set<std::string_view> services;
    for (const auto& service : out.services) {
        if (!services.insert(service.name).second) in.fail("services", "not_allowed", fmt::format("'{}' is there twice", service.name));
    }
    in.optional("server", out.server);
    in.optional("state", out.state);
    in.optional("rule", out.rule);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Zone& out) {
    ObjectReader in(value, pointer, errors);
    in.required("origin", out.origin);
    check_name(in, "origin", out.origin);
    in.required("contact", out.contact);
    check_name(in, "contact", out.contact);
    in.required("name_servers", out.name_servers);
    if (out.name_servers.empty()) in.fail("name_servers", "out_of_range", "at least one is needed: the name of this edge");
    for (const auto& server : out.name_servers) check_name(in, "name_servers", server);
    in.optional("serial", out.serial);
    in.required("names", out.names);
    std::set<std::string_view> seen;
    for (const auto& name : out.names) {
        if (!is_within(name.name, out.origin)) in.fail("names", "not_allowed", fmt::format("'{}' is not within {}", name.name, out.origin));
        if (!seen.insert(name.name).second) in.fail("names", "not_allowed", fmt::format("'{}' is there twice", name.name));
    }
    for (const auto& server : out.name_servers) {
        // Nobody could find it: who asks has to know its address to ask for it.
        if (!is_within(server, out.origin) || seen.contains(server)) continue;
        in.fail("name_servers", "required", fmt::format("'{}' lies within the zone: give its addresses under names", server));
    }
    return in.finish_lenient();
}

Value document_of(const Zone& zone) {
    Value::Array names;
    for (const auto& name : zone.names) names.push_back(document_of(name));
    return Value::object({{"origin", zone.origin},
                          {"contact", zone.contact},
                          {"name_servers", Value::Array(zone.name_servers.begin(), zone.name_servers.end())},
                          {"serial", static_cast<std::int64_t>(zone.serial)},
                          {"names", std::move(names)}});
}

std::chrono::seconds time_to_live(const ZoneName& name) {
    using namespace std::chrono_literals;
    if (name.server.empty()) return lasting_time_to_live;
    return name.state == RouteState::up ? 60s : 5s;
}

ZoneIndex::ZoneIndex(std::vector<Zone> zones) : zones_(std::move(zones)) {
    for (const auto& zone : zones_) {
        names_.insert_or_assign(zone.origin, Finding{.zone = &zone, .exists = true});
        const auto put = [&](const std::string& name, const ZoneName& host, const NamedService* service) {
            auto& found = names_[name];
            found = {.zone = &zone, .exists = true, .name = &host, .service = service};
            for (auto parent = parent_of(name); is_within(parent, zone.origin); parent = parent_of(parent)) {
                names_.try_emplace(std::string(parent), Finding{.zone = &zone, .exists = true});
            }
        };
        for (const auto& name : zone.names) {
            put(name.name, name, nullptr);
            for (const auto& service : name.services) put(service.name + '.' + name.name, name, &service);
        }
    }
}

ZoneIndex::Finding ZoneIndex::find(std::string_view name) const {
    if (const auto known = names_.find(name); known != names_.end()) return known->second;
    return {.zone = zone_of(name)};
}

const Zone* ZoneIndex::zone_of(std::string_view name) const {
    // The innermost one: a zone may lie within another.
    const Zone* innermost = nullptr;
    for (const auto& zone : zones_) {
        if (is_within(name, zone.origin) && (innermost == nullptr || zone.origin.size() > innermost->origin.size())) innermost = &zone;
    }
    return innermost;
}

}  // namespace gk::wake
