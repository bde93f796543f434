#include "domain/front/report.hpp"

#include <utility>

namespace gk::front {
namespace {

Value number(std::uint64_t count) { return static_cast<std::int64_t>(count); }

void read_endpoint(ObjectReader& in, std::string_view key, wake::Endpoint& out) {
    std::string text;
    in.required(key, text);
    if (const auto parsed = wake::Endpoint::parse(text)) out = *parsed;
    else in.fail(key, "bad_format", "an address with its port is expected here");
}

Value document_of(const RouteUse& use) {
    Value::Object counts;
    for (const auto& [name, count] : use.counts) counts.emplace_back(name, number(count));
    return Value::object({{"server", use.server},
                          {"listen", use.listen.text()},
                          {"stream", use.is_stream},
                          {"sessions", number(use.sessions)},
                          {"held", number(use.held)},
                          {"counts", std::move(counts)}});
}

Value document_of(const Knocker& knocker) {
    return Value::object({{"server", knocker.server}, {"source", knocker.source.text()}, {"name", knocker.name}, {"trace", knocker.trace}});
}

Value document_of(const Relayed& relayed) {
    return Value::object({{"server", relayed.server}, {"trace", relayed.trace}, {"at", rfc3339(relayed.at)}});
}

template <class T>
Value::Array list_of(const std::vector<T>& items) {
    Value::Array out;
    for (const auto& item : items) out.push_back(document_of(item));
    return out;
}

}  // namespace

bool decode(const Value& value, const std::string& pointer, Errors& errors, Knocker& out) {
    ObjectReader in(value, pointer, errors);
    const auto before = errors.list().size();
    in.required("server", out.server);
    read_endpoint(in, "source", out.source);
    in.optional("name", out.name);
    in.optional("trace", out.trace);
    return in.finish_lenient() && errors.list().size() == before;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Relayed& out) {
    ObjectReader in(value, pointer, errors);
    const auto before = errors.list().size();
    std::string at;
    in.required("server", out.server);
    in.required("trace", out.trace);
    in.required("at", at);
    if (const auto time = parse_rfc3339(at)) out.at = *time;
    else in.fail("at", "bad_format", "a time is expected here, like 2026-11-22T12:00:00.120Z");
    return in.finish_lenient() && errors.list().size() == before;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, RouteUse& out) {
    ObjectReader in(value, pointer, errors);
    const auto before = errors.list().size();
    in.optional("server", out.server);
    read_endpoint(in, "listen", out.listen);
    in.optional("stream", out.is_stream);
    in.optional("sessions", out.sessions);
    in.optional("held", out.held);
    in.optional("counts", out.counts);
    return in.finish_lenient() && errors.list().size() == before;
}

Value document_of(const Report& report) {
    return Value::object({{"epoch", number(report.epoch)},
                          {"number", number(report.number)},
                          {"pid", report.pid},
                          {"knockers", list_of(report.knockers)},
                          {"relayed", list_of(report.relayed)},
                          {"uses", list_of(report.uses)},
                          {"wrong", Value::Array(report.wrong.begin(), report.wrong.end())}});
}

// Newer edges may say more.
bool decode(const Value& value, const std::string& pointer, Errors& errors, Report& out) {
    ObjectReader in(value, pointer, errors);
    in.required("epoch", out.epoch);
    in.required("number", out.number);
    in.optional("pid", out.pid);
    in.optional("knockers", out.knockers);
    in.optional("relayed", out.relayed);
    in.optional("uses", out.uses);
    in.optional("wrong", out.wrong);
    return in.finish_lenient() && errors.empty();
}

}  // namespace gk::front
