#include "app/accounts/accounts.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <ranges>
#include <tuple>

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
// Strangers with keys of the right form cost the ledger no more than that.
constexpr Milliseconds between_looks = std::chrono::milliseconds(100);
constexpr Milliseconds between_readings = std::chrono::seconds(5);

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

// What a key's text says.
struct SaidKey {
    KeyId id;
    std::string digest;  // Of its secret part.
};

Result<SaidKey, Error> read_key(std::string_view text) {
    if (text.size() != text_size || !text.starts_with(prefix)) {
        return std::unexpected(unauthenticated("this is no Gamekeeper key; send 'Authorization: Bearer gk_...'"));
    }
    const auto body = text.substr(0, text_size - check_digits);
    const auto id = parse_id_hex(body.substr(prefix.size(), id_digits));
    if (!id || crc32_hex(body) != text.substr(body.size())) return std::unexpected(unauthenticated("the key was mistyped or cut off"));
    return SaidKey{.id = *id, .digest = digest_of(body.substr(prefix.size() + id_digits))};
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

Task<void> Accounts::keep_up() {
    for (;;) {
        co_await clock_.sleep(between_readings);
        // While the ledger is away, the keys that are known stay good.
        std::ignore = co_await load();
    }
}

Secret Accounts::new_text(Random& random) {
    std::array<std::byte, secret_digits / 2> bytes{};
    random.fill(bytes);
    const auto body = std::string(prefix) + id_hex(random.id<KeyId>()) + tls::hex(bytes);
    return Secret(body + crc32_hex(body));
}

Accounts::Answer<Success> Accounts::admit_first(Secret text) {
    CO_TRY(said, read_key(text.reveal()));
    ApiKey key{.id = said.id, .name = "admin", .digest = std::move(said.digest), .created_at = clock_.now(), .revoked_at = {}, .last_used_at = {}};
    if (auto stored = co_await ledger_.put(key); !stored) co_return std::unexpected(from(stored.error()));
    keys_.insert_or_assign(key.id, std::move(key));
    co_return Success{};
}

Accounts::Answer<Accounts::Created> Accounts::create(Caller caller, std::string name, Scope scope, Idempotency once) {
    CO_TRY_OK(may(caller, Action::administer, caller.tenant));
    CO_TRY_OK(co_await take_only_turn(ledger_, clock_.now(), caller, std::move(once), random_.id<OperationId>(),
                                      "a key's text is shown once; revoke that key and create another one"));
    auto text = new_text(random_);
    CO_TRY(said, read_key(text.reveal()));
    ApiKey key{.id = said.id,
               .name = std::move(name),
               .scope = scope,
               .tenant = caller.tenant,
               .digest = std::move(said.digest),
               .created_at = clock_.now(),
               .revoked_at = {},
               .last_used_at = {}};
    if (auto stored = co_await ledger_.put(key); !stored) co_return std::unexpected(from(stored.error()));
    keys_.insert_or_assign(key.id, key);
    co_return Created{.key = std::move(key), .text = std::move(text)};
}

Accounts::Answer<std::vector<ApiKey>> Accounts::list(Caller caller) {
    CO_TRY_OK(may(caller, Action::administer, caller.tenant));
    CO_TRY_OK(co_await load());
    std::vector<ApiKey> mine;
    for (const auto& key : keys_ | std::views::values) {
        if (key.tenant == caller.tenant) mine.push_back(key);
    }
    std::ranges::sort(mine, {}, [](const ApiKey& key) { return std::pair(key.created_at, key.id); });
    co_return mine;
}

Accounts::Answer<Success> Accounts::revoke(Caller caller, KeyId id) {
    CO_TRY_OK(may(caller, Action::administer, caller.tenant));
    CO_TRY_OK(co_await load());  // Another process may have made it, or revoked the other ones.
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

// One look, which ends even when its task is cancelled.
class Accounts::Look {
public:
    explicit Look(Accounts& accounts) : accounts_(accounts) { accounts_.is_looking_ = true; }
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;
    ~Look() {
        accounts_.is_looking_ = false;
        accounts_.looked_.wake_all();
    }

private:
    Accounts& accounts_;
};

Task<void> Accounts::look() {
    const Look looking(*this);
    co_await clock_.sleep_until(next_look_);
    next_look_ = clock_.now() + between_looks;
    const auto number = ++looks_begun_;
    auto loaded = co_await load();
    look_failed_ = loaded ? std::nullopt : std::optional(std::move(loaded).error());
    looks_ended_ = number;
}

// Returns after a look that began when the caller was here already: it sees every key that anybody may have told them.
Task<void> Accounts::look_again() {
    const auto wanted = looks_begun_ + 1;
    while (looks_ended_ < wanted) {
        if (is_looking_) co_await looked_.wait();
        else co_await look();
    }
}

Accounts::Answer<Caller> Accounts::identify(std::string key_text) {
    CO_TRY(said, read_key(key_text));
    if (!keys_.contains(said.id)) {
        co_await look_again();
        if (look_failed_ && !keys_.contains(said.id)) co_return std::unexpected(*look_failed_);
    }
    co_return authenticate(key_text);
}

Result<Caller, Error> Accounts::authenticate(std::string_view key_text) const {
    TRY(said, read_key(key_text));
    const auto found = keys_.find(said.id);
    const auto& expected = found != keys_.end() ? found->second.digest : said.digest;
    const bool same = tls::equal_in_constant_time(as_byte_span(said.digest), as_byte_span(expected));
    if (found == keys_.end() || !same) return std::unexpected(unauthenticated("this key is not known here"));
    if (found->second.revoked_at) return std::unexpected(unauthenticated("this key was revoked"));
    return Caller{.name = "key:" + found->second.name, .scope = found->second.scope, .tenant = found->second.tenant};
}

}  // namespace gk::app
