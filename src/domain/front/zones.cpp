#include "domain/front/zones.hpp"

#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "domain/front/routing.hpp"

namespace gk::front {
namespace {

constexpr const char* minecraft_service = "_minecraft._tcp";

class Names {
public:
    explicit Names(const ZoneRules& rules) : rules_(rules) {
        for (const auto& server : rules.name_servers) {
            if (server.ends_with("." + rules.origin)) names_[server] = {.name = server, .addresses = rules.addresses};
        }
    }

    void add(const wake::Route& route, std::optional<wake::NamedService> service) {
        const auto name = fmt::format("{}.{}", place_of(route.server).second, rules_.origin);
        auto& entry = names_.try_emplace(name, wake::ZoneName{.name = name, .addresses = rules_.addresses, .server = route.server}).first->second;
        if (entry.server != route.server) return;
        entry.state = route.state;
        if (service && entry.services.empty()) entry.services.push_back(std::move(*service));
        if (rules_.wakes.contains(route.server) && route.rule.admission != wake::Admission::never) entry.rule = asked_once(route.rule);
    }

    std::vector<wake::ZoneName> take() && {
        std::vector<wake::ZoneName> out;
        for (auto& [name, entry] : names_) out.push_back(std::move(entry));
        return out;
    }

private:
    // A resolver remembers what it was told, and does not ask twice.
    static wake::Rule asked_once(wake::Rule rule) {
        rule.knocks_needed = 1;
        return rule;
    }

    const ZoneRules& rules_;
    std::map<std::string, wake::ZoneName> names_;
};

}  // namespace

void add_zone(wake::RouteTable& table, const ZoneRules& rules) {
    if (rules.origin.empty()) return;
    Names names(rules);
    for (const auto& route : table.datagrams) names.add(route, std::nullopt);
    for (const auto& listener : table.streams) {
        const bool is_minecraft = listener.protocol == wake::StreamProtocol::minecraft;
        for (const auto& route : listener.routes) {
            const wake::NamedService service{.name = minecraft_service, .port = route.listen.port};
            names.add(route, is_minecraft ? std::optional(service) : std::nullopt);
        }
    }
    table.dns = rules.listen;
    table.zones.push_back({.origin = rules.origin,
                           .contact = rules.contact.empty() ? "hostmaster." + rules.origin : rules.contact,
                           .name_servers = rules.name_servers,
                           .serial = 0,
                           .names = std::move(names).take()});
}

}  // namespace gk::front
