#include "programs/serve/cluster_keys.hpp"

#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "base/text.hpp"
#include "wire/kubernetes/base64.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::programs {
namespace {

using kubernetes::Failure;

const kubernetes::Resource secrets{.group = "", .version = "v1", .plural = "secrets"};
constexpr auto keys_name = "gamekeeper-keys";
constexpr auto vault_key = "vault";
constexpr auto recovery_key = "recovery";
constexpr auto admin_name = "gamekeeper-admin";
constexpr auto admin_key = "key";

Value document(const kubernetes::ObjectKey& key, Value data) {
    auto metadata = Value::object({{"name", key.name}, {"namespace", key.space}});
    metadata.set("labels", Value::object({{std::string(kubernetes::manager_label), kubernetes::manager}}));
    // No upgrade and no uninstall takes it away.
    metadata.set("annotations", Value::object({{"helm.sh/resource-policy", "keep"}}));
    return Value::object({{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", std::move(metadata)}, {"stringData", std::move(data)}});
}

// The Secret that is there; null: it was made of `data` now. Of several processes that come at once, one makes it.
Task<Result<Value, std::string>> keep(kubernetes::Client client, kubernetes::ObjectKey key, std::function<Value()> data) {
    const auto trouble = [&key](const Failure& failure) {
        return std::unexpected(fmt::format("the Secret {} can neither be read nor made: {}", key.text(), failure.detail));
    };
    auto found = co_await client.get(secrets, key);
    if (found) co_return std::move(*found);
    if (found.error().kind != Failure::Kind::not_found) co_return trouble(found.error());
    auto wanted = document(key, data());
    const auto created = co_await client.create(secrets, std::move(wanted));
    if (created) co_return Value();
    if (created.error().kind != Failure::Kind::exists) co_return trouble(created.error());
    auto theirs = co_await client.get(secrets, key);
    if (!theirs) co_return trouble(theirs.error());
    co_return std::move(*theirs);
}

std::optional<Secret> text_in(const Value& object, const char* which) {
    const auto text = wire::kubernetes::decode_base64(wire::kubernetes::text_at(object, {"data", which}));
    if (!text || trimmed(*text).empty()) return std::nullopt;
    return Secret(std::string(trimmed(*text)));
}

Result<Secret, std::string> key_in(const Value& object, const char* which) {
    if (auto text = text_in(object, which)) return std::move(*text);
    return std::unexpected(
        fmt::format("the Secret {} has no key '{}': put it back as it was, or every backup made with it is lost (its recovery key opens them too)",
                    keys_name, which));
}

Result<Keys, std::string> keys_in(const Value& object) {
    TRY(vault, key_in(object, vault_key));
    TRY(recovery, key_in(object, recovery_key));
    return Keys{.vault = std::move(vault), .recovery = std::move(recovery), .recovery_is_new = false};
}

// kubectl shows what lies in it.
std::string shown_by(const std::string& space, const char* name, const char* which) {
    return fmt::format("  kubectl -n {} get secret {} -o jsonpath='{{.data.{}}}' | base64 -d", space, name, which);
}

}  // namespace

Task<Result<Keys, std::string>> keep_cluster_keys(kubernetes::Client client, Random& random, std::string space) {
    auto made = make_keys(random);
    made.recovery_is_new = false;  // Logs of pods are kept by others: what lies in a Secret is never printed.
    std::function<Value()> data = [&made] { return Value::object({{vault_key, made.vault.reveal()}, {recovery_key, made.recovery.reveal()}}); };
    kubernetes::ObjectKey key{.space = std::move(space), .name = keys_name};
    CO_TRY(theirs, co_await keep(std::move(client), std::move(key), std::move(data)));
    if (theirs.is_null()) co_return made;
    co_return keys_in(theirs);
}

Task<Result<FirstKey, std::string>> keep_first_key(kubernetes::Client client, std::function<Secret()> make, std::string space) {
    auto mine = make();
    std::function<Value()> data = [&mine] { return Value::object({{admin_key, mine.reveal()}}); };
    kubernetes::ObjectKey key{.space = space, .name = admin_name};
    CO_TRY(theirs, co_await keep(std::move(client), std::move(key), std::move(data)));
    FirstKey out{.text = std::move(mine), .shown_by = shown_by(space, admin_name, admin_key) + "\n" + shown_by(space, keys_name, recovery_key)};
    if (theirs.is_null()) co_return out;
    auto text = text_in(theirs, admin_key);
    if (!text) {
        co_return std::unexpected(fmt::format("the Secret {}/{} has no key '{}', and nobody has a key yet: delete it, and start again to get one",
                                              space, admin_name, admin_key));
    }
    out.text = std::move(*text);
    co_return out;
}

}  // namespace gk::programs
