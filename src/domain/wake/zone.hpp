#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decode.hpp"
#include "domain/wake/route.hpp"

// The names under which players find servers, where a domain was delegated to the edge.
namespace gk::wake {

// "_minecraft._tcp" of a server, and the port that leads to it (SRV).
struct NamedService {
    std::string name;
    std::uint16_t port = 0;
};

struct ZoneName {
    std::string name{};  // Whole and in lower case: "castle.example.org".
    // What is told now: where players come to; of a server that cannot be reached while it is down, an address where nobody is.
    std::vector<Address> addresses{};
    std::vector<NamedService> services{};
    std::string server{};  // Whose name it is; empty: nobody's, and what is told of it does not change.
    RouteState state = RouteState::up;
    std::optional<Rule> rule{};  // By which a question for the name wakes its server; absent: none does.
};

struct Zone {
    std::string origin{};                     // "example.org".
    std::string contact{};                    // The person to write to, as a name: "hostmaster.example.org".
    std::vector<std::string> name_servers{};  // At least one; the first is the primary. Those within the zone are among `names`.
    std::uint32_t serial = 0;                 // Grows with what changes.
    std::vector<ZoneName> names{};
};

// How long what is told of a name may be remembered: short while a player who comes again soon has to be told something else.
std::chrono::seconds time_to_live(const ZoneName& name);
inline constexpr std::chrono::seconds lasting_time_to_live{300};  // Of what is told of the zone itself.
// How long it may be remembered that there is nothing: a server of that name may be made at any time.
inline constexpr std::chrono::seconds negative_time_to_live{5};

// Letters in lower case, digits, '-' and '_' between dots, without one at the end; RFC 1035, 2.3.4.
bool is_domain_name(std::string_view name);

Value document_of(const Zone& zone);
// Every name lies within its zone and is there once, and so is that of each name server that does; names are of small letters, digits, '-' and '_'.
bool decode(const Value& value, const std::string& pointer, Errors& errors, Zone& out);

// All zones, by the names that may be asked for.
class ZoneIndex {
public:
    ZoneIndex() = default;
    explicit ZoneIndex(std::vector<Zone> zones);
    // Findings point into it.
    ZoneIndex(ZoneIndex&&) = default;
    ZoneIndex& operator=(ZoneIndex&&) = default;

    struct Finding {
        const Zone* zone = nullptr;  // None: the name is of no zone of ours.
        bool exists = false;         // Also as a mere parent of names.
        const ZoneName* name = nullptr;
        const NamedService* service = nullptr;  // The question was for this service of `name`.
    };
    // `name` in lower case.
    Finding find(std::string_view name) const;
    const std::vector<Zone>& zones() const { return zones_; }

private:
    const Zone* zone_of(std::string_view name) const;

    std::vector<Zone> zones_;
    std::map<std::string, Finding, std::less<>> names_;
};

}  // namespace gk::wake
