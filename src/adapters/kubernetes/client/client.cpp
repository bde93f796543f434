#include "adapters/kubernetes/client/client.hpp"

#include <utility>

#include <fmt/format.h>

#include "net/http/target.hpp"
#include "wire/kubernetes/reports.hpp"

namespace gk::kubernetes {
namespace {

using namespace std::chrono_literals;
using wire::kubernetes::key_of;
using wire::kubernetes::path_of;
using wire::kubernetes::Reflector;
using wire::kubernetes::text_at;

// Beyond the time after which the server ends a watch by itself.
constexpr auto watch_grace = 30s;

// Appends "?name=value", or "&name=value" when there is one already; nothing for an empty value.
void add_query(std::string& target, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    target += target.contains('?') ? '&' : '?';
    target += name;
    target += '=';
    target += net::percent_encoded(value);
}

std::string collection(const Resource& resource, const Selection& selection) {
    auto target = path_of(resource, {.space = selection.space, .name = {}});
    add_query(target, "labelSelector", selection.labels);
    add_query(target, "fieldSelector", selection.fields);
    return target;
}

// Items of a list come without the kind, which the list says once for all; readers of an object want it there.
void take_items(Value page, std::vector<ObjectPtr>& out) {
    const auto version = std::string(text_at(page, {"apiVersion"}));
    auto kind = std::string(text_at(page, {"kind"}));
    if (kind.ends_with("List")) kind.resize(kind.size() - 4);
    for (auto& [name, member] : *page.as_object()) {
        if (name != "items" || member.as_array() == nullptr) continue;
        for (auto& item : *member.as_array()) {
            item.set("apiVersion", version);
            item.set("kind", kind);
            out.push_back(std::make_shared<const Value>(std::move(item)));
        }
    }
}

}  // namespace

Reply<Value> Client::get(Resource resource, ObjectKey key) { return call("GET", path_of(resource, key)); }

Reply<Listed> Client::list(Resource resource, Selection selection, Reflector::List how) {
    Listed out;
    std::string next;
    do {
        auto target = collection(resource, selection);
        // A page's token holds the version of the first one.
        if (next.empty()) add_query(target, "resourceVersion", how.version);
        if (how.page_size > 0) add_query(target, "limit", std::to_string(how.page_size));
        add_query(target, "continue", next);
        CO_TRY(page, co_await call("GET", std::move(target)));
        if (page.as_object() == nullptr || text_at(page, {"metadata", "resourceVersion"}).empty()) {
            co_return std::unexpected(Failure{.kind = Failure::Kind::unavailable, .detail = "the API server's list has no version"});
        }
        out.version = text_at(page, {"metadata", "resourceVersion"});
        next = text_at(page, {"metadata", "continue"});
        take_items(std::move(page), out.items);
    } while (!next.empty());
    co_return out;
}

Reply<std::unique_ptr<WatchStream>> Client::watch(Resource resource, Selection selection, Reflector::Watch how) {
    auto target = collection(resource, selection);
    add_query(target, "watch", "true");
    add_query(target, "allowWatchBookmarks", "true");
    add_query(target, "resourceVersion", how.version);
    add_query(target, "timeoutSeconds", std::to_string(how.timeout.count()));
    Call call{.target = std::move(target)};
    auto& clock = server_.clock();
    const auto deadline = clock.now() + how.timeout + watch_grace;
    CO_TRY(stream, co_await server_.open(std::move(call)));
    co_return std::make_unique<WatchStream>(clock, std::move(stream), deadline);
}

Reply<Value> Client::create(Resource resource, Value object) {
    const auto key = key_of(object);
    auto target = path_of(resource, {.space = key.space, .name = {}});
    add_query(target, "fieldManager", manager_);
    return call("POST", std::move(target), object);
}

Reply<Success> Client::try_create(Resource resource, Value object) {
    const auto key = key_of(object);
    auto target = path_of(resource, {.space = key.space, .name = {}});
    add_query(target, "fieldManager", manager_);
    add_query(target, "dryRun", "All");
    const auto made = co_await call("POST", std::move(target), object);
    if (!made) co_return std::unexpected(made.error());
    co_return Success{};
}

Reply<Value> Client::update(Resource resource, Value object, std::string subresource) {
    auto target = path_of(resource, key_of(object), subresource);
    add_query(target, "fieldManager", manager_);
    return call("PUT", std::move(target), object);
}

Reply<Value> Client::apply(Resource resource, Value intent, bool force, std::string subresource) {
    auto target = path_of(resource, key_of(intent), subresource);
    add_query(target, "fieldManager", manager_);
    if (force) add_query(target, "force", "true");
    return call("PATCH", std::move(target), intent, "application/apply-patch+yaml");  // JSON is YAML.
}

Reply<Value> Client::merge(Resource resource, ObjectKey key, Value patch, std::string subresource) {
    auto target = path_of(resource, key, subresource);
    add_query(target, "fieldManager", manager_);
    return call("PATCH", std::move(target), patch, "application/merge-patch+json");
}

Reply<Success> Client::remove(Resource resource, ObjectKey key, Preconditions preconditions, std::optional<std::chrono::seconds> grace) {
    return remove_by("Background", std::move(resource), std::move(key), std::move(preconditions), grace);
}

Reply<Success> Client::remove_alone(Resource resource, ObjectKey key, Preconditions preconditions) {
    return remove_by("Orphan", std::move(resource), std::move(key), std::move(preconditions), std::nullopt);
}

Reply<Success> Client::remove_by(std::string_view policy, Resource resource, ObjectKey key, Preconditions preconditions,
                                 std::optional<std::chrono::seconds> grace) {
    auto options = Value::object({{"apiVersion", "v1"}, {"kind", "DeleteOptions"}, {"propagationPolicy", policy}});
    auto must = Value::object();
    if (!preconditions.uid.empty()) must.set("uid", preconditions.uid);
    if (!preconditions.version.empty()) must.set("resourceVersion", preconditions.version);
    if (!must.as_object()->empty()) options.set("preconditions", std::move(must));
    if (grace) options.set("gracePeriodSeconds", std::int64_t{grace->count()});
    CO_TRY_OK(co_await call("DELETE", path_of(resource, key), options));
    co_return Success{};
}

Reply<wire::kubernetes::TokenOwner> Client::review_token(Secret token) {
    const Resource reviews{.group = "authentication.k8s.io", .version = "v1", .plural = "tokenreviews", .has_spaces = false};
    auto document = wire::kubernetes::token_review_document(token);
    CO_TRY(review, co_await create(reviews, std::move(document)));
    co_return wire::kubernetes::token_owner_of(review);
}

Client Client::urgent(Milliseconds limit) const {
    auto out = *this;
    out.urgent_limit_ = limit;
    return out;
}

Reply<Value> Client::call(std::string method, std::string target, const Value& body, std::string content_type) {
    Call call{.method = std::move(method), .target = std::move(target), .content_type = {}, .body = {}, .is_urgent = urgent_limit_.has_value()};
    if (!body.is_null()) {
        call.content_type = std::move(content_type);
        call.body = to_json(body);
    }
    if (urgent_limit_) return server_.call(std::move(call), *urgent_limit_);
    return server_.call(std::move(call));
}

}  // namespace gk::kubernetes
