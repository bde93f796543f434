#include "domain/match/simulate/arrival.hpp"

#include "domain/match/codec.hpp"

namespace gk::match {

Value to_value(const Arrival& arrival) {
    auto value = Value::object({{"at", duration_text(arrival.at)}, {"players", list_of(arrival.players)}});
    if (arrival.priority != 0) value.set("priority", std::int64_t{arrival.priority});
    if (arrival.leaves_after) value.set("leaves_after", duration_text(*arrival.leaves_after));
    if (arrival.expires_after) value.set("expires_after", duration_text(*arrival.expires_after));
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Arrival& out) {
    ObjectReader in(value, pointer, errors);
    in.required("at", out.at);
    in.required("players", out.players);
    in.optional("priority", out.priority);
    in.optional("leaves_after", out.leaves_after);
    in.optional("expires_after", out.expires_after);
    const bool is_read = in.finish();
    if (is_read && out.players.empty()) in.fail("players", "required", "a ticket is of at least one player");
    return is_read && !out.players.empty();
}

}  // namespace gk::match
