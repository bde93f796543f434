#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_client/client.hpp"
#include "tests/sim/ground.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::sim {

using wire::kubernetes::ObjectKey;
using wire::kubernetes::ObjectPtr;

// A defect of the cluster, or of how we speak with it, that is built in on purpose.
enum class ClusterPlant : std::uint8_t {
    none,
    versions_not_compared,
    leases_not_compared,
    lost_is_taken_for_done,
    lists_show_ghosts,
    order_is_lost,
    shims_obey_anybody,
    ports_given_twice,
    finalizers_ignored,
    own_writes_not_awaited,
    any_object_of_that_name,
    no_budget,
    lease_means_nothing,
    pages_are_lost,
    generations_forgotten,
};
inline constexpr auto cluster_plant_names = std::to_array<std::string_view>({
    "none",
    "versions_not_compared",
    "leases_not_compared",
    "lost_is_taken_for_done",
    "lists_show_ghosts",
    "order_is_lost",
    "shims_obey_anybody",
    "ports_given_twice",
    "finalizers_ignored",
    "own_writes_not_awaited",
    "any_object_of_that_name",
    "no_budget",
    "lease_means_nothing",
    "pages_are_lost",
    "generations_forgotten",
});
constexpr std::span<const std::string_view> names_of(ClusterPlant) { return cluster_plant_names; }

// The objects of one kind, and all that ever happened to them.
struct Table {
    struct Change {
        std::uint64_t version = 0;
        Time at{};
        ObjectPtr before;  // Null: it is new.
        ObjectPtr after;   // Null: it went.
        mutable std::string text;  // Of the object, as watches tell it: written for the first of them.
    };
    std::map<ObjectKey, ObjectPtr> objects;
    std::vector<Change> log;
    std::uint64_t compacted = 0;  // Watches begin behind it.

    // As it was at that version.
    std::map<ObjectKey, ObjectPtr> at_version(std::uint64_t version) const;
    // The newest version that this table had at that time.
    std::uint64_t version_at(Time when) const;
};

// Labels as a selector asks for them: "a=b,c".
bool is_selected(const Value& object, std::string_view labels);
// The same with the one field that is asked for: "metadata.name=a".
bool is_named(const Value& object, std::string_view fields);

// The target of a call, taken apart.
struct Target {
    std::string plural;
    ObjectKey key;  // An empty name: the collection.
    std::string subresource;
    std::map<std::string, std::string> query;

    std::string said(const std::string& name) const {
        const auto at = query.find(name);
        return at == query.end() ? std::string() : at->second;
    }
};
Target target_of(const std::string& text);

// What an API server keeps and decides: objects by kind, versions, optimistic concurrency, preconditions, finalizers, status beside spec, patches,
// pages, history. It answers at once and never fails: how calls reach it is the business of Line. Whatever changes is told by `changed`.
class Api {
public:
    Api(Ground& ground, ClusterPlant defect) : plant(defect), ground_(ground) {}

    // Any call but a watch.
    net::ClientResponse handle(const net::ClientRequest& request, Milliseconds behind = Milliseconds(0));
    // What the last answer said, for whoever does not want to read it again.
    struct Said {
        std::uint64_t complete_up_to = 0;  // Of a list, with its last page: everything of its kind, at this version.
        ObjectPtr object;                  // That was created or changed.
    };
    const Said& said() const { return said_; }

    // For controllers and kubelets, which are not simulated calls.
    const Table& table(const std::string& plural) { return tables_[plural]; }
    ObjectPtr find(const std::string& plural, const ObjectKey& key);
    using Edit = std::function<void(Value&)>;
    void edit(const std::string& plural, const ObjectKey& key, const Edit& edit);
    void put(const std::string& plural, Value object);
    // As a DELETE: marked as ending when there are finalizers, or when it is a pod with a grace.
    void remove(const std::string& plural, const ObjectKey& key, std::int64_t grace = 30);
    // What has no finalizer any more and is ending, or is simply over.
    void drop(const std::string& plural, const ObjectKey& key);
    void compact();

    std::uint64_t version() const { return version_; }
    // Refuses a new object: the answer's status and sentence.
    struct Refusal {
        int code = 0;
        std::string reason;
        std::string message;
    };
    std::function<std::optional<Refusal>(const std::string& plural, const Value& object)> admit;
    // After every change, with the state before and after it.
    std::function<void(const std::string& plural, const ObjectPtr& before, const ObjectPtr& after)> changed;
    ClusterPlant plant;

private:
    using Response = net::ClientResponse;
    Response list(const Target& target, Milliseconds behind);
    std::uint64_t version_for(const Target& target, Milliseconds behind);
    Response create(const Target& target, Value object);
    Response update(const Target& target, Value object);
    Response merge(const Target& target, const Value& patch);
    Response apply(const Target& target, Value intent);
    Response erase(const Target& target, const Value& options);
    Response written(const std::string& plural, const ObjectKey& key, Value next);
    std::optional<Response> misfit(const Value& now, const Value& said) const;
    void store(const std::string& plural, const ObjectPtr& before, Value next);
    void forget(const std::string& plural, const ObjectPtr& before);

    Ground& ground_;
    std::map<std::string, Table> tables_;
    std::uint64_t version_ = 1;
    std::uint64_t uids_ = 0;
    Said said_;
};

net::ClientResponse status_response(int code, std::string_view reason, std::string_view message);

}  // namespace gk::sim
