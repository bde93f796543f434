#include "edge/dns_reader.hpp"

#include <algorithm>

namespace gk::edge {

namespace {
namespace dns = wire::dns;

// For secondary servers, of which there are none of ours: the usual values (RFC 1912 2.2).
constexpr std::uint32_t refresh = 7200, retry = 900, expire = 1'209'600;

std::uint32_t seconds(std::chrono::seconds time) { return static_cast<std::uint32_t>(time.count()); }

dns::Record start_of_authority(const wake::Zone& zone) {
    // The TTL is the minimum, too: it says how long a "no" is remembered (RFC 2308 5).
    return {.name = zone.origin,
            .ttl = seconds(wake::negative_time_to_live),
            .data = dns::StartOfAuthority{.primary = zone.name_servers.front(),
                                          .contact = zone.contact,
                                          .serial = zone.serial,
                                          .refresh = refresh,
                                          .retry = retry,
                                          .expire = expire,
                                          .minimum = seconds(wake::negative_time_to_live)}};
}

dns::Record address_record(const wake::ZoneName& name, const wake::Address& address) {
    dns::Record record{.name = name.name, .ttl = seconds(wake::time_to_live(name)), .data = address.bytes()};
    if (address.is_v4()) {
        dns::AddressV4 last{};
        std::ranges::copy(address.bytes().end() - 4, address.bytes().end(), last.begin());
        record.data = last;
    }
    return record;
}

bool wants(const dns::Query& query, dns::Type type) { return query.type == type; }

void put_addresses(const dns::Query& query, const wake::ZoneName& name, dns::Reply& reply) {
    for (const auto& address : name.addresses) {
        if (wants(query, address.is_v4() ? dns::Type::a : dns::Type::aaaa)) reply.answers.push_back(address_record(name, address));
    }
}

void put_apex(const dns::Query& query, const wake::Zone& zone, dns::Reply& reply) {
    if (wants(query, dns::Type::soa)) reply.answers.push_back(start_of_authority(zone));
    if (!wants(query, dns::Type::ns)) return;
    for (const auto& server : zone.name_servers) {
        reply.answers.push_back({.name = zone.origin, .ttl = seconds(wake::lasting_time_to_live), .data = dns::NameServer{server}});
    }
}

void put_service(const dns::Query& query, const wake::ZoneIndex::Finding& found, dns::Reply& reply) {
    if (!wants(query, dns::Type::srv)) return;
    reply.answers.push_back({.name = query.name,
                             .ttl = seconds(wake::time_to_live(*found.name)),
                             .data = dns::Service{.priority = 0, .weight = 0, .port = found.service->port, .target = found.name->name}});
}

// RFC 8482 4.1: who asks for all gets one kind of what there is.
dns::Query chosen_of_any(dns::Query query, const wake::ZoneIndex::Finding& found) {
    if (query.type != dns::Type::any) return query;
    if (found.service != nullptr) query.type = dns::Type::srv;
    else if (query.name == found.zone->origin) query.type = dns::Type::soa;
    else if (found.name != nullptr && !found.name->addresses.empty())
        query.type = found.name->addresses.front().is_v4() ? dns::Type::a : dns::Type::aaaa;
    return query;
}

bool asks_for_what_is_ours(const dns::Query& query, const wake::ZoneIndex::Finding& found) {
    const bool is_internet = query.klass == dns::Class::in || query.klass == dns::Class::any;
    return found.zone != nullptr && is_internet && !wants(query, dns::Type::axfr) && !wants(query, dns::Type::ixfr);
}
}  // namespace

DnsReading read_question(const dns::Query& query, const wake::ZoneIndex& zones) {
    if (query.trouble != dns::Code::ok) return {.reply = {.code = query.trouble}};
    const auto found = zones.find(query.name);
    if (!asks_for_what_is_ours(query, found)) return {.reply = {.code = dns::Code::refused}};
    DnsReading out{.reply = {.code = found.exists ? dns::Code::ok : dns::Code::name_error, .is_authoritative = true}};
    const auto chosen = chosen_of_any(query, found);
    if (query.name == found.zone->origin) put_apex(chosen, *found.zone, out.reply);
    if (found.service != nullptr) put_service(chosen, found, out.reply);
    else if (found.name != nullptr) {
        put_addresses(chosen, *found.name, out.reply);
        const bool is_for_its_place = wants(query, dns::Type::a) || wants(query, dns::Type::aaaa);
        if (is_for_its_place && !found.name->server.empty()) out.asked = found.name;
    }
    if (out.reply.answers.empty()) out.reply.authorities.push_back(start_of_authority(*found.zone));
    return out;
}

}  // namespace gk::edge
