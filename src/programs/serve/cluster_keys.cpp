#include "programs/serve/cluster_keys.hpp"

#include <fmt/format.h>

#include "adapters/kubernetes/names.hpp"
#include "base/text.hpp"
#include "wire/kubernetes/base64.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::programs {
namespace {

using kubernetes::Failure;

const kubernetes::Resource secrets{.group = "", .version = "v1", .plural = "secrets"};
constexpr auto name = "gamekeeper-keys";
constexpr auto vault_key = "vault";
constexpr auto recovery_key = "recovery";

Value document(const std::string& space, const Keys& keys) {
    auto metadata = Value::object({{"name", name}, {"namespace", space}});
    metadata.set("labels", Value::object({{std::string(kubernetes::manager_label), kubernetes::manager}}));
    // No upgrade and no uninstall takes it away.
    metadata.set("annotations", Value::object({{"helm.sh/resource-policy", "keep"}}));
    auto data = Value::object({{vault_key, keys.vault.reveal()}, {recovery_key, keys.recovery.reveal()}});
    return Value::object({{"apiVersion", "v1"}, {"kind", "Secret"}, {"metadata", std::move(metadata)}, {"stringData", std::move(data)}});
}

Result<Secret, std::string> key_in(const Value& object, const char* which) {
    const auto text = wire::kubernetes::decode_base64(wire::kubernetes::text_at(object, {"data", which}));
    if (text && !trimmed(*text).empty()) return Secret(std::string(trimmed(*text)));
    return std::unexpected(fmt::format(
        "the Secret {} has no key '{}': put it back as it was, or every backup made with it is lost (its recovery key opens them too)", name, which));
}

Result<Keys, std::string> keys_in(const Value& object) {
    TRY(vault, key_in(object, vault_key));
    TRY(recovery, key_in(object, recovery_key));
    return Keys{.vault = std::move(vault), .recovery = std::move(recovery), .recovery_is_new = false};
}

std::string trouble(const std::string& space, const Failure& failure) {
    return fmt::format("the Secret {}/{} with the keys of all backups can neither be read nor made: {}", space, name, failure.detail);
}

}  // namespace

Task<Result<Keys, std::string>> keep_cluster_keys(kubernetes::Client client, Random& random, std::string space) {
    const kubernetes::ObjectKey key{.space = space, .name = name};
    const auto found = co_await client.get(secrets, key);
    if (found) co_return keys_in(*found);
    if (found.error().kind != Failure::Kind::not_found) co_return std::unexpected(trouble(space, found.error()));
    auto made = make_keys(random);
    auto wanted = document(space, made);
    const auto created = co_await client.create(secrets, std::move(wanted));
    if (created) co_return made;
    if (created.error().kind != Failure::Kind::exists) co_return std::unexpected(trouble(space, created.error()));
    // Another one of us was faster.
    const auto theirs = co_await client.get(secrets, key);
    if (!theirs) co_return std::unexpected(trouble(space, theirs.error()));
    co_return keys_in(*theirs);
}

}  // namespace gk::programs
