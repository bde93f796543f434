#include "ports/ledger_codec.hpp"

namespace gk {
namespace {

template <class IdType>
void read_id(ObjectReader& in, std::string_view key, bool& good, IdType& out) {
    std::string text;
    in.required(key, text);
    const auto id = IdType::parse(text);
    if (id) out = *id;
    else in.fail(key, "bad_format", "a UUID is expected here");
    good &= id.has_value();
}

}  // namespace

Value to_value(const ApiKey& key) {
    auto value = Value::object({{"id", key.id.text()},
                                {"name", key.name},
                                {"scope", name_of(key.scope)},
                                {"tenant", key.tenant},
                                {"digest", key.digest},
                                {"created_at", rfc3339(key.created_at)}});
    if (key.revoked_at) value.set("revoked_at", rfc3339(*key.revoked_at));
    if (key.last_used_at) value.set("last_used_at", rfc3339(*key.last_used_at));
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, ApiKey& out) {
    ObjectReader in(value, pointer, errors);
    bool good = true;
    read_id(in, "id", good, out.id);
    in.required("name", out.name);
    in.required("scope", out.scope);
    in.required("tenant", out.tenant);
    in.required("digest", out.digest);
    in.required("created_at", out.created_at);
    in.optional("revoked_at", out.revoked_at);
    in.optional("last_used_at", out.last_used_at);
    return in.finish_lenient() && good;
}

Value to_value(const KeptWorld& world) {
    return Value::object({{"uid", world.uid.text()},
                          {"id", world.id},
                          {"space", world.space},
                          {"record", world.record},
                          {"deleted_at", rfc3339(world.deleted_at)},
                          {"until", rfc3339(world.until)}});
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, KeptWorld& out) {
    ObjectReader in(value, pointer, errors);
    bool good = true;
    read_id(in, "uid", good, out.uid);
    in.required("id", out.id);
    in.required("space", out.space);
    in.required("record", out.record);
    in.required("deleted_at", out.deleted_at);
    in.required("until", out.until);
    return in.finish_lenient() && good;
}

}  // namespace gk
