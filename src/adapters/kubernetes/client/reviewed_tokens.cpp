#include "adapters/kubernetes/client/reviewed_tokens.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.hpp"
#include "tls/digest.hpp"

namespace gk::kubernetes {
namespace {

constexpr Milliseconds lifetime = std::chrono::seconds(10);
constexpr Milliseconds patience = std::chrono::seconds(5);
constexpr std::size_t token_size_max = 16 * 1024;
constexpr std::size_t known_max = 1000;
// Strangers' tokens cost the API server no more than that.
constexpr work::Budget::Limits reviews{.per_second = 10, .burst = 20};

using wire::kubernetes::TokenOwner;

std::unexpected<IdentityError> unknown(std::string detail) { return std::unexpected(IdentityError{IdentityError::Kind::unknown, std::move(detail)}); }
std::unexpected<IdentityError> unavailable(std::string detail) {
    return std::unexpected(IdentityError{IdentityError::Kind::unavailable, std::move(detail)});
}

bool names(const std::vector<std::string>& entries, const TokenOwner& owner) {
    return std::ranges::any_of(entries, [&owner](const std::string& entry) {
        constexpr std::string_view user = "user:";
        if (entry.starts_with(user)) return std::string_view(entry).substr(user.size()) == owner.name;
        return std::ranges::find(owner.groups, entry) != owner.groups.end();
    });
}

}  // namespace

ReviewedTokens::ReviewedTokens(Client client, Rights rights) : client_(std::move(client)), rights_(std::move(rights)), budget_(reviews) {}

Task<Result<Identities::Identity, IdentityError>> ReviewedTokens::identify(Secret token) {
    auto& clock = client_.clock();
    if (token.reveal().size() > token_size_max) co_return unknown("this is no token of the cluster");
    auto digest = tls::hex(tls::sha256(as_byte_span(token.reveal())));
    if (const auto found = known_.find(digest); found != known_.end() && clock.now() < found->second.until) co_return found->second.answer;
    if (last_turn_ > clock.now() + patience) co_return unavailable("too many tokens wait to be reviewed");
    last_turn_ = budget_.reserve(clock.now());
    co_await clock.sleep_until(last_turn_);
    auto owner = co_await client_.review_token(std::move(token));
    if (!owner) co_return unavailable("TokenReview: " + owner.error().detail);
    const auto answer = owner->is_known ? Answer(with_role(*owner))
                                        : Answer(unknown("the cluster does not know this token, or not any more; send a key of ours, "
                                                         "'Authorization: Bearer gk_...', or a new token"));
    remember(std::move(digest), answer);
    co_return answer;
}

Identities::Identity ReviewedTokens::with_role(const TokenOwner& owner) const {
    const auto role = names(rights_.admins, owner) ? Role::admin : names(rights_.readers, owner) ? Role::reader : Role::none;
    return {.name = owner.name, .role = role};
}

void ReviewedTokens::remember(std::string digest, const Answer& answer) {
    const auto now = client_.clock().now();
    if (known_.size() >= known_max) std::erase_if(known_, [now](const auto& entry) { return entry.second.until <= now; });
    // So many at once are strangers': then nobody is remembered for a while.
    if (known_.size() < known_max) known_.insert_or_assign(std::move(digest), Known{.answer = answer, .until = now + lifetime});
}

}  // namespace gk::kubernetes
