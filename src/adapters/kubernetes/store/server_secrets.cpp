#include "adapters/kubernetes/store/server_secrets.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include "adapters/kubernetes/objects/names.hpp"
#include "wire/kubernetes/base64.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::decode_base64;
using wire::kubernetes::encode_base64;
using wire::kubernetes::text_at;
using wire::kubernetes::uid_of;

constexpr std::string_view game_prefix = "game.";

Resource secrets() { return {.group = "", .version = "v1", .plural = "secrets"}; }

ObjectKey secret_of(const ObjectKey& server) { return {.space = server.space, .name = object_name(server.name)}; }

ServerKeys keys_in(const Value& secret) {
    ServerKeys out;
    const auto* data = secret.find("data");
    if (data == nullptr || data->as_object() == nullptr) return out;
    for (const auto& [name, value] : *data->as_object()) {
        auto bytes = value.as_string() != nullptr ? decode_base64(*value.as_string()) : std::nullopt;
        if (!bytes) continue;
        Secret key(std::move(*bytes));
        if (name == "shim") out.shim = std::move(key);
        else if (name == "tools") out.tools = std::move(key);
        else if (name.starts_with(game_prefix)) out.game.emplace(name.substr(game_prefix.size()), std::move(key));
    }
    return out;
}

// A patch that names them as null takes them away.
void drop_others(Value& secret, const std::map<std::string, Secret>& kept) {
    auto data = *secret.find("data");
    for (const auto& [name, unused] : kept) {
        const auto key = std::string(game_prefix) + name;
        if (data.find(key) == nullptr) data.set(key, Value());
    }
    secret.set("data", std::move(data));
}

}  // namespace

Secret ServerSecrets::random_key() {
    std::array<std::byte, 32> bytes{};
    random_.fill(bytes);
    std::string text;
    for (const auto byte : bytes) text += static_cast<char>(byte);
    return Secret(std::move(text));
}

Value ServerSecrets::document(const Value& owner, const server::Record& record, const ServerKeys& keys) const {
    const ObjectKey server{.space = record.space, .name = record.id};
    auto reference = Value::object({{"apiVersion", group_version}, {"kind", "GameServer"}, {"name", record.id}, {"uid", uid_of(owner)}});
    auto data = Value::object({{"shim", encode_base64(keys.shim.reveal())}, {"tools", encode_base64(keys.tools.reveal())}});
    for (const auto& [name, secret] : record.secrets) data.set(std::string(game_prefix) + name, encode_base64(secret.reveal()));
    auto labels = Value::object({{std::string(server_label), record.uid.text()}, {std::string(manager_label), manager}});
    return Value::object({{"apiVersion", "v1"},
                          {"kind", "Secret"},
                          {"type", "Opaque"},
                          {"metadata", Value::object({{"namespace", server.space},
                                                      {"name", object_name(server.name)},
                                                      {"labels", std::move(labels)},
                                                      {"ownerReferences", Value::array({std::move(reference)})}})},
                          {"data", std::move(data)}});
}

Reply<Success> ServerSecrets::make(ObjectPtr owner, server::Record record) {
    const ObjectKey server{.space = record.space, .name = record.id};
    known_.erase(server);
    ServerKeys keys{.game = record.secrets, .shim = random_key(), .tools = random_key()};
    auto made = co_await client_.create(secrets(), document(*owner, record, keys));
    if (!made && made.error().kind == Failure::Kind::exists) {
        CO_TRY(there, co_await client_.get(secrets(), secret_of(server)));
        auto kept = keys_in(there);
        if (!kept.shim.empty()) keys.shim = std::move(kept.shim);
        if (!kept.tools.empty()) keys.tools = std::move(kept.tools);
        auto written = document(*owner, record, keys);
        drop_others(written, kept.game);
        CO_TRY_OK(co_await client_.merge(secrets(), secret_of(server), std::move(written)));
    } else if (!made) {
        co_return std::unexpected(std::move(made).error());
    }
    known_.insert_or_assign(server, std::move(keys));
    co_return Success{};
}

Reply<ServerKeys> ServerSecrets::read(ObjectKey server) {
    if (const auto found = known_.find(server); found != known_.end()) co_return found->second;
    CO_TRY(secret, co_await client_.get(secrets(), secret_of(server)));
    auto keys = keys_in(secret);
    known_.insert_or_assign(server, keys);
    co_return keys;
}

Reply<std::optional<Secret>> ServerSecrets::read_named(ObjectKey secret, std::string key) {
    const auto got = co_await client_.get(secrets(), std::move(secret));
    if (!got && got.error().kind == Failure::Kind::not_found) co_return std::nullopt;
    if (!got) co_return std::unexpected(got.error());
    const auto* labels = wire::kubernetes::find_at(*got, {"metadata", "labels"});
    const auto* label = labels != nullptr ? labels->find(settings_label) : nullptr;
    const auto* data = got->find("data");
    const auto* value = data != nullptr ? data->find(key) : nullptr;
    if (label == nullptr || *label != Value("true") || value == nullptr || value->as_string() == nullptr) co_return std::nullopt;
    auto bytes = decode_base64(*value->as_string());
    if (!bytes) co_return std::nullopt;
    co_return Secret(std::move(*bytes));
}

}  // namespace gk::kubernetes
