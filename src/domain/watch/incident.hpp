#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decode.hpp"
#include "base/enum_names.hpp"
#include "base/id.hpp"
#include "base/time.hpp"
#include "domain/server/record.hpp"

// What people are told of: one letter for each incident and person, and one more when it is over. Pure, so that who hears what, how often and how
// late can be tested by the table.
namespace gk::watch {

enum class Channel : std::uint8_t { mail, webhook };
inline constexpr auto channel_names = std::to_array<std::string_view>({"mail", "webhook"});
constexpr std::span<const std::string_view> names_of(Channel) { return channel_names; }

// Whom to tell: a mail address, or the URL of a webhook.
struct Address {
    Channel channel = Channel::mail;
    std::string to;
    bool operator==(const Address&) const = default;
};

// One letter to one address.
struct Delivery {
    Address address;
    bool says_over = false;             // That the incident is over, rather than that it has begun.
    std::uint32_t attempts = 0;
    std::optional<Time> next_at;        // When it is tried next; absent: never again.
    std::optional<Time> delivered_at;
    std::string answer;                 // What came of the last try, in the receiver's words.
    bool operator==(const Delivery&) const = default;

    bool is_settled() const { return !next_at; }
    bool has_failed() const { return !next_at && !delivered_at; }
};

struct Incident {
    std::string id;       // Of this incident alone: letters that are sent twice can be told by it.
    std::string kind;     // Stable code: "crash_loop", "backup_failed", ...
    ServerUid server;     // Nil: it is about none.
    std::string server_id;
    std::string space;
    std::string tenant;
    std::string subject;  // One line of UTF-8.
    std::string text;
    Time since{};
    std::optional<Time> over_at;
    std::vector<Delivery> deliveries;
    bool operator==(const Incident&) const = default;
};

// Oldest first.
using Incidents = std::vector<Incident>;

struct DeliveryLimits {
    Milliseconds retry_first = std::chrono::seconds(30);  // After the first failure, doubling ...
    Milliseconds retry_most = std::chrono::hours(1);      // ... up to this ...
    Milliseconds give_up = std::chrono::days(3);          // ... for so long.
    std::size_t kept_most = 200;                          // Incidents.
    Milliseconds kept_for = std::chrono::days(30);        // After they are over.
    Milliseconds news_kept_for = std::chrono::days(1);    // Of what was no incident.
    Milliseconds told_again = std::chrono::days(7);       // Of those whose end nobody sees, when they are noticed still.
};

// Who hears of this server: whom the installation tells of everything, and those whom it names itself. Nobody twice, however his address is written.
std::vector<Address> people_of(std::span<const Address> installation, const server::Record& record);

// The incident of that kind and server that is not over yet; null: there is none.
Incident* find_open(Incidents& incidents, std::string_view kind, ServerUid server);
// Adds the incident, with a letter to each of the addresses that is due at once. Makes room for it: those that are over go first, the oldest of
// them first. Whatever is not over stays; then, at `kept_most`, false: nothing was added, and nobody will be told.
bool raise(Incidents& incidents, Incident incident, std::span<const Address> addresses, const DeliveryLimits& limits);
// Says that it is over: who has been told that it began, or still will be, is told that too.
void end(Incident& incident, Time now);
// Drops what has been over for long and is settled, and what nobody will ever say the end of (a damaged vault, a world that no record knows) once it
// is old: if it is noticed again, people hear of it again.
void forget_old(Incidents& incidents, const DeliveryLimits& limits, Time now);

// The letter that is to be tried next and when; that of an end is behind that of its beginning. Null: all are settled.
struct Due {
    Incident* incident = nullptr;
    Delivery* delivery = nullptr;
    Time at{};
};
Due next_due(Incidents& incidents);

void note_delivered(Delivery& delivery, std::string answer, Time now);
// `is_final`: the receiver will not take it, however often it is tried.
void note_failed(const Incident& incident, Delivery& delivery, bool is_final, std::string answer, const DeliveryLimits& limits, Time now);

// Whether what the keeper has told of a server is over, as far as its record shows. Others than the keeper say so themselves.
bool is_over(std::string_view kind, const server::Record& record);

// The stored form.
Value to_value(const Delivery& delivery);
Value to_value(const Incident& incident);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Delivery& out);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Incident& out);

}  // namespace gk::watch
