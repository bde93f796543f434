#include "domain/watch/incident.hpp"

namespace gk::watch {
namespace {

Value or_null(const std::optional<Time>& time) { return time ? Value(rfc3339(*time)) : Value(); }

}  // namespace

Value to_value(const Delivery& it) {
    return Value::object({{"channel", name_of(it.address.channel)},
                          {"to", it.address.to},
                          {"says_over", it.says_over},
                          {"attempts", std::int64_t{it.attempts}},
                          {"next_at", or_null(it.next_at)},
                          {"delivered_at", or_null(it.delivered_at)},
                          {"answer", it.answer}});
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Delivery& out) {
    ObjectReader in(value, pointer, errors);
    in.required("channel", out.address.channel);
    in.required("to", out.address.to);
    in.optional("says_over", out.says_over);
    in.optional("attempts", out.attempts);
    in.optional("next_at", out.next_at);
    in.optional("delivered_at", out.delivered_at);
    in.optional("answer", out.answer);
    return in.finish_lenient();
}

Value to_value(const Incident& incident) {
    Value::Array deliveries;
    for (const auto& it : incident.deliveries) deliveries.push_back(to_value(it));
    return Value::object({{"id", incident.id},
                          {"kind", incident.kind},
                          {"uid", incident.server.text()},
                          {"server", incident.server_id},
                          {"namespace", incident.space},
                          {"tenant", incident.tenant},
                          {"subject", incident.subject},
                          {"text", incident.text},
                          {"since", rfc3339(incident.since)},
                          {"over_at", or_null(incident.over_at)},
                          {"deliveries", std::move(deliveries)}});
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Incident& out) {
    ObjectReader in(value, pointer, errors);
    in.required("id", out.id);
    in.required("kind", out.kind);
    std::string uid;
    in.required("uid", uid);
    const auto server = ServerUid::parse(uid);
    if (!server) in.fail("uid", "bad_format", "a UUID is expected here");
    out.server = server.value_or(ServerUid());
    in.optional("server", out.server_id);
    in.optional("namespace", out.space);
    in.optional("tenant", out.tenant);
    in.required("subject", out.subject);
    in.optional("text", out.text);
    in.required("since", out.since);
    in.optional("over_at", out.over_at);
    in.optional("deliveries", out.deliveries);
    return in.finish_lenient();
}

}  // namespace gk::watch
