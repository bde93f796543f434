#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/value.hpp"

namespace gk::server {

// Where the value of a secret setting is: Record::settings says that, and never what it is.
//   {secret: {stored: WORD}}           with the server's own secrets; another word for every value, so that a change shows
//   {secret: {name: NAME, key: KEY}}   in a Secret of the server's namespace that people keep (clusters only)
// Records from before have the value itself, which goes on counting until the settings are changed.
struct SecretPlace {
    std::string stored;
    std::string name;
    std::string key;
    bool is_stored() const { return !stored.empty(); }
    bool operator==(const SecretPlace&) const = default;
};

// Nothing when the value is no such document.
std::optional<SecretPlace> secret_place(const Value& value);
Value stored_secret(std::string_view word);

// Under which name Record::secrets has the value: "setting.WORD" for one that is stored, "named.motd" for one that was read from where people keep
// it. The latter is never stored by us. With the word in it, a new value never takes the place of one that a record still means.
inline constexpr std::string_view stored_prefix = "setting.";
inline constexpr std::string_view named_prefix = "named.";
std::string secret_key(std::string_view setting, const SecretPlace& place);

}  // namespace gk::server
