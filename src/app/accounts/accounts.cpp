#include "app/accounts/accounts.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <ranges>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "tls/digest.hpp"

namespace gk::app {
namespace {

constexpr std::string_view prefix = "gk_";
constexpr std::size_t id_digits = 32;
constexpr std::size_t secret_digits = 64;
constexpr std::size_t check_digits = 8;
constexpr std::size_t text_size = prefix.size() + id_digits + secret_digits + check_digits;

// CRC-32 of ISO 3309, bit by bit: keys are short and made or mistyped rarely.
std::string crc32_hex(std::string_view text) {
    std::uint32_t crc = ~0u;
    for (const char c : text) {
        crc ^= static_cast<unsigned char>(c);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0xEDB88320u : 0u);
    }
    return fmt::format("{:08x}", ~crc);
}

std::string digest_of(std::string_view secret) { return tls::hex(tls::sha256(as_byte_span(secret))); }

std::string id_hex(KeyId id) {
    auto text = id.text();
    std::erase(text, '-');
    return text;
}

std::optional<KeyId> parse_id_hex(std::string_view digits) {
    std::string text(digits);
    for (const std::size_t at : {20u, 16u, 12u, 8u}) text.insert(at, 1, '-');
    return KeyId::parse(text);
}

Error unauthenticated(std::string message) {
    return {.kind = Error::Kind::unauthenticated, .code = "unauthenticated", .message = std::move(message)};
}

Error last_admin_key() {
    return {.kind = Error::Kind::conflict,
            .code = "last_admin_key",
            .message = "this is the last admin key; create another one first, or nobody could administer Gamekeeper over the network"};
}

}  // namespace

bool Accounts::is_last_admin(const ApiKey& key) const {
    const auto admits = [&key](const ApiKey& other) { return other.scope == Scope::admin && !other.revoked_at && other.tenant == key.tenant; };
    return admits(key) && std::ranges::count_if(keys_ | std::views::values, admits) == 1;
}

Accounts::Answer<Success> Accounts::load() {
    auto keys = co_await ledger_.keys();
    if (!keys) co_return std::unexpected(from(keys.error()));
    keys_.clear();
    for (auto& key : *keys) keys_.emplace(key.id, std::move(key));
    co_return Success{};
}

Accounts::Answer<Accounts::Created> Accounts::create(Caller caller, std::string name, Scope scope, Idempotency once) {
    CO_TRY_OK(may(caller, Action::administer, caller.tenant));
    CO_TRY_OK(co_await take_only_turn(ledger_, clock_.now(), caller, std::move(once), random_.id<OperationId>(),
                                      "a key's text is shown once; revoke that key and create another one"));
    std::array<std::byte, secret_digits / 2> bytes{};
    random_.fill(bytes);
    const auto secret = tls::hex(bytes);
    ApiKey key{.id = random_.id<KeyId>(),
               .name = std::move(name),
               .scope = scope,
               .tenant = caller.tenant,
               .digest = digest_of(secret),
               .created_at = clock_.now(),
               .revoked_at = {},
               .last_used_at = {}};
    if (auto stored = co_await ledger_.put(key); !stored) co_return std::unexpected(from(stored.error()));
    keys_.insert_or_assign(key.id, key);
    const auto body = std::string(prefix) + id_hex(key.id) + secret;
    co_return Created{.key = key, .text = Secret(body + crc32_hex(body))};
}

Accounts::Answer<std::vector<ApiKey>> Accounts::list(Caller caller) {
    CO_TRY_OK(may(caller, Action::administer, caller.tenant));
    std::vector<ApiKey> mine;
    for (const auto& key : keys_ | std::views::values) {
        if (key.tenant == caller.tenant) mine.push_back(key);
    }
    std::ranges::sort(mine, {}, [](const ApiKey& key) { return std::pair(key.created_at, key.id); });
    co_return mine;
}

Accounts::Answer<Success> Accounts::revoke(Caller caller, KeyId id) {
    CO_TRY_OK(may(caller, Action::administer, caller.tenant));
    const auto found = keys_.find(id);
    if (found == keys_.end() || found->second.tenant != caller.tenant) co_return std::unexpected(not_found("there is no such key"));
    if (found->second.revoked_at) co_return Success{};
    if (is_last_admin(found->second)) co_return std::unexpected(last_admin_key());
    auto revoked = found->second;
    revoked.revoked_at = clock_.now();
    if (auto stored = co_await ledger_.put(revoked); !stored) co_return std::unexpected(from(stored.error()));
    keys_.insert_or_assign(id, std::move(revoked));
    co_return Success{};
}

Result<Caller, Error> Accounts::authenticate(std::string_view key_text) const {
    if (key_text.size() != text_size || !key_text.starts_with(prefix)) {
        return std::unexpected(unauthenticated("this is no Gamekeeper key; send 'Authorization: Bearer gk_...'"));
    }
    const auto body = key_text.substr(0, text_size - check_digits);
    if (crc32_hex(body) != key_text.substr(body.size())) return std::unexpected(unauthenticated("the key was mistyped or cut off"));
    const auto id = parse_id_hex(body.substr(prefix.size(), id_digits));
    const auto digest = digest_of(body.substr(prefix.size() + id_digits));
    const auto found = id ? keys_.find(*id) : keys_.end();
    const auto& expected = found != keys_.end() ? found->second.digest : digest;
    const bool same = tls::equal_in_constant_time(as_byte_span(digest), as_byte_span(expected));
    if (found == keys_.end() || !same) return std::unexpected(unauthenticated("this key is not known here"));
    if (found->second.revoked_at) return std::unexpected(unauthenticated("this key was revoked"));
    return Caller{.name = "key:" + found->second.name, .scope = found->second.scope, .tenant = found->second.tenant};
}

}  // namespace gk::app
