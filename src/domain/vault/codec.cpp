#include "domain/vault/codec.hpp"

namespace gk::vault {
namespace {

template <class IdType>
bool decode_id(ObjectReader& in, std::string_view key, IdType& out) {
    std::string text;
    in.required(key, text);
    const auto id = IdType::parse(text);
    if (id) out = *id;
    else in.fail(key, "bad_format", "a UUID is expected here");
    return id.has_value();
}

}  // namespace

Value to_value(const Snapshot& snapshot) {
    return Value::object({{"id", snapshot.id.text()},
                          {"server", snapshot.server.text()},
                          {"status", name_of(snapshot.status)},
                          {"consistency", name_of(snapshot.consistency)},
                          {"trigger", name_of(snapshot.trigger)},
                          {"created_at", rfc3339(snapshot.created_at)},
                          {"sequence", snapshot.sequence},
                          {"bytes", snapshot.bytes},
                          {"files", snapshot.files},
                          {"engine_id", snapshot.engine_id},
                          {"reason", snapshot.reason}});
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Snapshot& out) {
    ObjectReader in(value, pointer, errors);
    bool good = decode_id(in, "id", out.id);
    good &= decode_id(in, "server", out.server);
    in.required("status", out.status);
    in.required("consistency", out.consistency);
    in.required("trigger", out.trigger);
    in.required("created_at", out.created_at);
    in.required("sequence", out.sequence);
    in.optional("bytes", out.bytes);
    in.optional("files", out.files);
    in.optional("engine_id", out.engine_id);
    in.optional("reason", out.reason);
    return in.finish_lenient() && good;
}

}  // namespace gk::vault
