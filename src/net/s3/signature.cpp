#include "net/s3/signature.hpp"

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "base/text.hpp"
#include "net/http/target.hpp"
#include "tls/digest.hpp"

namespace gk::net::s3 {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

// "20130524T000000Z".
std::string compact(Time at) {
    std::string text;
    for (const char c : rfc3339(at).substr(0, 19)) {
        if (c != '-' && c != ':') text += c;
    }
    return text + "Z";
}

// Encodes everything but the slashes.
std::string encoded_path(std::string_view path) {
    std::string out;
    for (const auto part : split(path, '/')) out += fmt::format("{}/", percent_encoded(part));
    out.pop_back();
    return out;
}

// Sorted by encoded name, as it must be signed; sent in the same order.
std::string encoded_query(const Pairs& query) {
    std::vector<std::string> parts;
    for (const auto& [name, value] : query) parts.push_back(fmt::format("{}={}", percent_encoded(name), percent_encoded(value)));
    std::ranges::sort(parts);
    return joined(parts, "&");
}

std::string lower(std::string text) {
    for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

struct Canonical {
    std::string request;
    std::string signed_headers;
};

Canonical canonical(const Unsigned& request, Pairs headers, std::string_view body_hash) {
    headers.emplace_back("host", request.host);
    for (auto& [name, value] : headers) {
        name = lower(name);
        value = trimmed(value);
    }
    std::ranges::sort(headers);
    std::string lines;
    std::vector<std::string> names;
    for (const auto& [name, value] : headers) {
        lines += fmt::format("{}:{}\n", name, value);
        names.push_back(name);
    }
    const auto signed_headers = joined(names, ";");
    return {.request = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, encoded_path(request.path), encoded_query(request.query), lines,
                                   signed_headers, body_hash),
            .signed_headers = signed_headers};
}

tls::Sha256 chained(ByteSpan key, std::string_view text) { return tls::hmac_sha256(key, as_byte_span(text)); }

}  // namespace

Pairs sign(const Unsigned& request, const Credentials& credentials, std::string_view region, Time at) {
    const auto moment = compact(at);
    const auto day = moment.substr(0, 8);
    const auto body_hash = tls::hex(tls::sha256(as_byte_span(request.body)));
    Pairs added{{"x-amz-content-sha256", body_hash}, {"x-amz-date", moment}};
    auto headers = request.headers;
    headers.insert(headers.end(), added.begin(), added.end());
    const auto form = canonical(request, std::move(headers), body_hash);

    const auto scope = fmt::format("{}/{}/s3/aws4_request", day, region);
    const auto to_sign = fmt::format("{}\n{}\n{}\n{}", algorithm, moment, scope, tls::hex(tls::sha256(as_byte_span(form.request))));
    const auto start = "AWS4" + credentials.secret.reveal();
    const auto key = chained(chained(chained(chained(as_byte_span(start), day), region), "s3"), "aws4_request");
    added.emplace_back("Authorization", fmt::format("{} Credential={}/{},SignedHeaders={},Signature={}", algorithm, credentials.key_id, scope,
                                                    form.signed_headers, tls::hex(chained(key, to_sign))));
    return added;
}

std::string target_of(const Unsigned& request) {
    const auto path = encoded_path(request.path);
    return request.query.empty() ? path : fmt::format("{}?{}", path, encoded_query(request.query));
}

}  // namespace gk::net::s3
