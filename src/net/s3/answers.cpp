#include "net/s3/answers.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/text.hpp"
#include "net/s3/xml.hpp"

namespace gk::net::s3 {
namespace {

using Kind = StoreError::Kind;

struct Meaning {
    std::string_view code;
    Kind kind;
    std::string_view text;
};
constexpr auto meanings = std::to_array<Meaning>({
    {"NoSuchKey", Kind::not_found, "there is no such object"},
    {"NoSuchBucket", Kind::denied, "there is no such bucket; make it, or correct vault.place"},
    {"SignatureDoesNotMatch", Kind::denied, "the secret key does not belong to the key id; correct vault.s3.secret_file"},
    {"InvalidAccessKeyId", Kind::denied, "the store does not know the key id; correct vault.s3.key_id"},
    {"AccessDenied", Kind::denied, "the key may not do this; it needs to list, read, write and delete objects in this bucket"},
    {"RequestTimeTooSkewed", Kind::denied, "this machine's clock differs from the store's by more than 15 minutes; set it right"},
    {"AuthorizationHeaderMalformed", Kind::denied, "the store expects another region or form of keys; correct vault.s3.region"},
    {"PermanentRedirect", Kind::denied, "the bucket lies in another region; correct vault.place and vault.s3.region"},
    {"QuotaExceeded", Kind::unavailable, "the store's quota is used up"},
    {"SlowDown", Kind::unavailable, "the store asks for fewer requests"},
});

std::string shortened(std::string_view text) { return std::string(trimmed(text).substr(0, 300)); }

// By status alone: an answer to HEAD has no body, and whatever stands before a store may answer as it likes.
Kind kind_of(int status) {
    if (status == 404) return Kind::not_found;
    const bool for_now = status == 408 || status == 425 || status == 429;
    return status >= 300 && status < 500 && !for_now ? Kind::denied : Kind::unavailable;
}

StoreError error_of(int status, const XmlElement& said) {
    const auto code = said.text_of("Code");
    const auto message = shortened(said.text_of("Message"));
    const auto* meaning = std::ranges::find(meanings, code, &Meaning::code);
    if (meaning != meanings.end()) return {meaning->kind, fmt::format("{} ({}: {})", meaning->text, code, message)};
    const bool is_fine = status >= 200 && status < 300;
    return {is_fine ? Kind::unavailable : kind_of(status), fmt::format("the store answered {} {}: {}", status, code, message)};
}

std::unexpected<StoreError> nonsense(std::string_view why) {
    return std::unexpected(StoreError{Kind::unavailable, fmt::format("the store's list makes no sense: {}", why)});
}

Result<Object, StoreError> object_of(const XmlElement& element) {
    Object object{.key = std::string(element.text_of("Key")), .size = 0, .changed_at = {}};
    const auto size = element.text_of("Size");
    const auto changed_at = parse_rfc3339(element.text_of("LastModified"));
    if (object.key.empty() || !changed_at) return nonsense("an object without key or time");
    if (std::from_chars(size.data(), size.data() + size.size(), object.size).ec != std::errc()) return nonsense("an object without a size");
    object.changed_at = *changed_at;
    return object;
}

}  // namespace

Result<Listing, StoreError> parse_listing(std::string_view body) {
    const auto root = parse_xml(body);
    if (!root) return nonsense(root.error());
    if (root->name != "ListBucketResult") return nonsense(fmt::format("it is called {}", shortened(root->name)));
    Listing listing;
    for (const auto& child : root->children) {
        if (child.name == "CommonPrefixes") listing.folders.emplace_back(child.text_of("Prefix"));
        if (child.name != "Contents") continue;
        TRY(object, object_of(child));
        listing.objects.push_back(std::move(object));
    }
    const auto truncated = root->text_of("IsTruncated");
    if (truncated != "true" && truncated != "false") return nonsense("it does not say whether that was all");
    listing.more = root->text_of("NextContinuationToken");
    if (truncated == "true" && listing.more.empty()) return nonsense("it does not say how it goes on");
    if (truncated == "false") listing.more.clear();
    return listing;
}

Result<Success, StoreError> judge(const ClientResponse& answer) {
    const bool is_fine = answer.status >= 200 && answer.status < 300;
    const auto body = trimmed(answer.body);
    // The body of an object may be anything, so only what calls itself an error is read as one.
    if (is_fine && (!body.starts_with("<") || !body.substr(0, 512).contains("<Error"))) return Success{};
    const auto said = parse_xml(body);
    if (said && said->name == "Error") return std::unexpected(error_of(answer.status, *said));
    if (is_fine) return Success{};
    const auto text = body.empty() ? std::string() : fmt::format(": {}", shortened(body));
    return std::unexpected(StoreError{kind_of(answer.status), fmt::format("the store answered {}{}", answer.status, text)});
}

}  // namespace gk::net::s3
