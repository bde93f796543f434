#include "domain/server/secret_place.hpp"

namespace gk::server {
namespace {

const std::string* text_in(const Value& value, std::string_view key) {
    const auto* found = value.find(key);
    return found != nullptr ? found->as_string() : nullptr;
}

}  // namespace

std::optional<SecretPlace> secret_place(const Value& value) {
    const auto* secret = value.find("secret");
    if (secret == nullptr || secret->as_object() == nullptr || value.as_object()->size() != 1) return std::nullopt;
    const auto members = secret->as_object()->size();
    const auto* stored = text_in(*secret, "stored");
    if (stored != nullptr && members == 1 && !stored->empty()) return SecretPlace{.stored = *stored, .name = {}, .key = {}};
    const auto* name = text_in(*secret, "name");
    const auto* key = text_in(*secret, "key");
    if (name != nullptr && key != nullptr && members == 2) return SecretPlace{.stored = {}, .name = *name, .key = *key};
    return std::nullopt;
}

Value stored_secret(std::string_view word) { return Value::object({{"secret", Value::object({{"stored", word}})}}); }

std::string secret_key(std::string_view setting, const SecretPlace& place) {
    if (place.is_stored()) return std::string(stored_prefix) + place.stored;
    return std::string(named_prefix) + std::string(setting);
}

}  // namespace gk::server
