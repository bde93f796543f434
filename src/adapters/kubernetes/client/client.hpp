#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/kubernetes/client/api_server.hpp"
#include "adapters/kubernetes/client/watch.hpp"
#include "base/secret.hpp"
#include "wire/kubernetes/object.hpp"
#include "wire/kubernetes/reflector.hpp"
#include "wire/kubernetes/reports.hpp"

namespace gk::kubernetes {

using wire::kubernetes::Failure;
using wire::kubernetes::ObjectKey;
using wire::kubernetes::ObjectPtr;
using wire::kubernetes::Resource;

// Which objects of a kind. Selectors as the API writes them: "app=castle,tier!=test", "spec.nodeName=n1".
struct Selection {
    std::string space;  // Empty: all namespaces.
    std::string labels;
    std::string fields;
};

struct Listed {
    std::string version;
    std::vector<ObjectPtr> items;
};

// What must still be true for a delete to be carried out; the failure is `conflict`. Without the uid, a new object of the same name may be hit.
struct Preconditions {
    std::string uid;
    std::string version;
};

// The verbs of the API. Objects are documents as the API defines them; answers are the object as it is stored afterwards.
class Client {
public:
    // `field_manager` is who applies: its fields are ours.
    Client(ApiServer& server, std::string field_manager) : server_(server), manager_(std::move(field_manager)) {}

    Clock& clock() const { return server_.clock(); }

    Reply<Value> get(Resource resource, ObjectKey key);
    // All pages. A page that expires in between is a failure: the list begins afresh.
    Reply<Listed> list(Resource resource, Selection selection, wire::kubernetes::Reflector::List how);
    Reply<std::unique_ptr<WatchStream>> watch(Resource resource, Selection selection, wire::kubernetes::Reflector::Watch how);
    Reply<Value> create(Resource resource, Value object);
    // Nothing is stored: whether the cluster's rules would let it be made.
    Reply<Success> try_create(Resource resource, Value object);
    // On top of the version in the object: `conflict` when somebody else wrote since.
    Reply<Value> update(Resource resource, Value object, std::string subresource = {});
    // Server-side apply: these fields, and no others, are ours from now on; what we had before and leave out goes. Creates what is not there.
    // With `force` we take fields from other managers. Neither version nor managedFields may be in it.
    Reply<Value> apply(Resource resource, Value intent, bool force, std::string subresource = {});
    // RFC 7396: members replace, null removes, lists are replaced as a whole. With a metadata.resourceVersion in it, on top of that one only.
    Reply<Value> merge(Resource resource, ObjectKey key, Value patch, std::string subresource = {});
    // In the background: what it owns goes after it. `grace` is for pods.
    Reply<Success> remove(Resource resource, ObjectKey key, Preconditions preconditions, std::optional<std::chrono::seconds> grace = {});
    // What it owns stays, and belongs to nobody then.
    Reply<Success> remove_alone(Resource resource, ObjectKey key, Preconditions preconditions);
    // Who has that token, as the cluster says.
    Reply<wire::kubernetes::TokenOwner> review_token(Secret token);

    // The same by the urgent lane, each in at most that time.
    Client urgent(Milliseconds limit) const;

private:
    Reply<Success> remove_by(std::string_view policy, Resource resource, ObjectKey key, Preconditions preconditions,
                             std::optional<std::chrono::seconds> grace);
    Reply<Value> call(std::string method, std::string target, const Value& body = {}, std::string content_type = "application/json");

    ApiServer& server_;
    std::string manager_;
    std::optional<Milliseconds> urgent_limit_;
};

}  // namespace gk::kubernetes
