#include "net/s3/bucket.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "net/http/target.hpp"
#include "tls/digest.hpp"

namespace gk::net::s3 {
namespace {

using Kind = StoreError::Kind;

constexpr std::size_t idle_max = 4;
constexpr std::size_t pages_max = 100'000;  // Of a list, 1,000 objects each: a store that goes on for ever is stopped.
constexpr std::size_t beginning_max = 1024;

std::string key_below(const Location& location, std::string_view key) {
    return location.prefix.empty() ? std::string(key) : fmt::format("{}/{}", location.prefix, key);
}

std::uint32_t chance(Random& random) {
    std::array<std::byte, 4> bytes{};
    random.fill(bytes);
    std::uint32_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    return number;
}

}  // namespace

Bucket::Bucket(boost::asio::any_io_executor executor, Clock& clock, Random& random, BucketOptions options, std::optional<tls::Context> trust)
    : executor_(std::move(executor)),
      clock_(clock),
      random_(random),
      options_(std::move(options)),
      trust_(std::move(trust)) {}

std::unique_ptr<HttpClient> Bucket::take_client() {
    if (idle_.empty()) return std::make_unique<HttpClient>(executor_, clock_, options_.location.remote, trust_);
    auto client = std::move(idle_.back());
    idle_.pop_back();
    return client;
}

void Bucket::give_back(std::unique_ptr<HttpClient> client) {
    if (idle_.size() < idle_max) idle_.push_back(std::move(client));
}

// The key "" means the bucket itself.
Unsigned Bucket::request(std::string method, std::string key) const {
    Unsigned request;
    request.method = std::move(method);
    request.host = options_.location.remote.host;
    request.path = "/" + options_.location.bucket;
    if (!key.empty()) request.path += "/" + key_below(options_.location, key);
    return request;
}

ClientRequest Bucket::signed_request(const Unsigned& request) const {
    ClientRequest out{.method = request.method, .target = target_of(request), .headers = request.headers, .content_type = {}, .body = {}};
    auto added = sign(request, options_.credentials, options_.region, clock_.calendar());
    out.headers.insert(out.headers.end(), added.begin(), added.end());
    out.body = request.body;
    return out;
}

StoreError Bucket::away(const NetError& error) const { return {Kind::unavailable, fmt::format("{}: {}", options_.location.text(), error.detail)}; }

Bucket::Answer<ClientResponse> Bucket::ask_once(const Unsigned& request, const std::string& body) {
    auto complete = request;
    complete.body = body;
    auto client = take_client();
    auto sent = signed_request(complete);
    auto answer = co_await client->send(std::move(sent), options_.patience.answer);
    give_back(std::move(client));
    if (!answer) co_return std::unexpected(away(answer.error()));
    if (auto judged = judge(*answer); !judged) {
        judged.error().detail = fmt::format("{}: {}", options_.location.text(), judged.error().detail);
        co_return std::unexpected(std::move(judged).error());
    }
    co_return std::move(*answer);
}

// Whether to try again, when it is time to.
Task<bool> Bucket::pause_after(int failed, const StoreError& error) {
    if (error.kind != Kind::unavailable || failed >= options_.patience.tries) co_return false;
    const auto longest = std::min(options_.patience.pause_max, options_.patience.first_pause * (1 << std::min(failed - 1, 20)));
    co_await clock_.sleep(Milliseconds(1 + chance(random_) % static_cast<std::uint32_t>(longest.count())));
    co_return true;
}

Bucket::Answer<ClientResponse> Bucket::ask(Unsigned request, std::string body) {
    for (int failed = 1;; ++failed) {
        auto answer = co_await ask_once(request, body);
        if (answer || !co_await pause_after(failed, answer.error())) co_return answer;
    }
}

Bucket::Answer<std::string> Bucket::get(std::string key) {
    auto wanted = request("GET", std::move(key));
    CO_TRY(answer, co_await ask(std::move(wanted), std::string()));
    co_return std::move(answer.body);
}

Bucket::Answer<Success> Bucket::put(std::string key, std::string body) {
    auto wanted = request("PUT", std::move(key));
    CO_TRY_OK(co_await ask(std::move(wanted), std::move(body)));
    co_return Success{};
}

Bucket::Answer<Success> Bucket::copy(std::string from, std::string to) {
    auto wanted = request("PUT", std::move(to));
    Unsigned source = request("GET", std::move(from));
    wanted.headers.emplace_back("x-amz-copy-source", target_of(source));
    CO_TRY_OK(co_await ask(std::move(wanted), std::string()));
    co_return Success{};
}

Bucket::Answer<Success> Bucket::remove(std::string key) {
    auto wanted = request("DELETE", std::move(key));
    const auto answer = co_await ask(std::move(wanted), std::string());
    if (answer || answer.error().kind == Kind::not_found) co_return Success{};
    co_return std::unexpected(answer.error());
}

Bucket::Answer<std::string> Bucket::hash_of(std::string key) {
    for (int failed = 1;; ++failed) {
        auto hash = co_await hash_once(key);
        if (hash || !co_await pause_after(failed, hash.error())) co_return hash;
    }
}

Bucket::Answer<std::string> Bucket::hash_once(const std::string& key) {
    auto client = take_client();
    auto sent = signed_request(request("GET", key));
    const auto stream = co_await client->open(std::move(sent), options_.patience.answer);
    if (!stream) co_return std::unexpected(away(stream.error()));
    tls::Sha256Stream hash;
    ClientResponse seen{.status = (*stream)->head().status, .headers = {}, .body = {}};
    for (std::string bytes;; bytes.clear()) {
        const auto more = co_await (*stream)->read_some(bytes, options_.patience.silence);
        if (!more) co_return std::unexpected(away(more.error()));
        if (!*more) break;
        hash.add(as_byte_span(bytes));
        if (seen.body.size() < beginning_max) seen.body += bytes.substr(0, beginning_max - seen.body.size());
    }
    give_back(std::move(client));
    CO_TRY_OK(judge(seen));
    co_return tls::hex(hash.finish());
}

Bucket::Answer<Listing> Bucket::list_once(Unsigned request) {
    for (int failed = 1;; ++failed) {
        const auto answer = co_await ask_once(request, std::string());
        auto listing = answer ? parse_listing(answer->body) : Result<Listing, StoreError>(std::unexpected(answer.error()));
        if (listing || !co_await pause_after(failed, listing.error())) co_return listing;
    }
}

Bucket::Answer<Listing> Bucket::list_all(std::string prefix, bool folders_only) {
    const auto above = key_below(options_.location, "");
    Listing all;
    for (std::size_t page = 0; page < pages_max; ++page) {
        auto wanted = request("GET", "");
        wanted.query = {{"list-type", "2"}, {"prefix", above + prefix}};
        if (folders_only) wanted.query.emplace_back("delimiter", "/");
        if (!all.more.empty()) wanted.query.emplace_back("continuation-token", all.more);
        CO_TRY(listing, co_await list_once(std::move(wanted)));
        for (auto& object : listing.objects) {
            if (!object.key.starts_with(above)) continue;
            object.key.erase(0, above.size());
            all.objects.push_back(std::move(object));
        }
        for (auto& folder : listing.folders) {
            if (folder.starts_with(above)) all.folders.push_back(folder.substr(above.size()));
        }
        all.more = std::move(listing.more);
        if (all.more.empty()) co_return std::move(all);
    }
    co_return std::unexpected(StoreError{Kind::unavailable, fmt::format("{}: the list has no end", options_.location.text())});
}

Bucket::Answer<std::vector<Object>> Bucket::list(std::string prefix) {
    CO_TRY(all, co_await list_all(std::move(prefix), false));
    co_return std::move(all.objects);
}

Bucket::Answer<std::vector<std::string>> Bucket::folders() {
    CO_TRY(all, co_await list_all(std::string(), true));
    for (auto& folder : all.folders) folder.resize(folder.size() - (folder.ends_with('/') ? 1 : 0));
    co_return std::move(all.folders);
}

}  // namespace gk::net::s3
