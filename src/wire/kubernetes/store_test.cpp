#include "wire/kubernetes/store.hpp"

#include <gtest/gtest.h>

namespace gk::wire::kubernetes {
namespace {

using Kind = WatchEvent::Kind;

ObjectPtr object(const char* name, const char* version, const char* uid = "u1") {
    auto metadata = Value::object({{"namespace", "a"}, {"name", name}, {"resourceVersion", version}, {"uid", uid}});
    return std::make_shared<const Value>(Value::object({{"metadata", std::move(metadata)}}));
}

// "+castle" new, "~castle" changed, "-castle" gone.
std::string text(const std::vector<Store::Change>& changes) {
    std::string out;
    for (const auto& change : changes) out += (change.after == nullptr ? "-" : change.before == nullptr ? "+" : "~") + change.key.name;
    return out;
}

TEST(ClusterStore, ReplacingSaysWhatIsNewChangedAndGone) {
    Store store;
    EXPECT_FALSE(store.has_synced());
    EXPECT_EQ(text(store.replace({object("castle", "1"), object("farm", "2"), object("mine", "3")})), "+castle+farm+mine");
    EXPECT_TRUE(store.has_synced());

    EXPECT_EQ(text(store.replace({object("castle", "1"), object("farm", "5"), object("port", "6")})), "~farm+port-mine");
    EXPECT_EQ(store.all().size(), 3u);
}

TEST(ClusterStore, EventsChangeIt) {
    Store store;

    EXPECT_EQ(text(store.apply({Kind::added, object("castle", "1")})), "+castle");
    EXPECT_EQ(text(store.apply({Kind::modified, object("castle", "2")})), "~castle");
    EXPECT_EQ(version_of(*store.find({"a", "castle"})), "2");
    EXPECT_EQ(text(store.apply({Kind::deleted, object("castle", "3")})), "-castle");
    EXPECT_EQ(store.find({"a", "castle"}), nullptr);
}

TEST(ClusterStore, RepeatedEventsChangeNothing) {
    Store store;
    store.apply({Kind::added, object("castle", "1")});

    EXPECT_EQ(text(store.apply({Kind::added, object("castle", "1")})), "");
    EXPECT_EQ(text(store.apply({Kind::deleted, object("castle", "2")})), "-castle");
    EXPECT_EQ(text(store.apply({Kind::deleted, object("castle", "2")})), "");
}

TEST(ClusterStore, ANameThatIsUsedAgainIsAnotherObject) {
    Store store;
    store.apply({Kind::added, object("castle", "1", "u1")});

    EXPECT_EQ(text(store.replace({object("castle", "1", "u2")})), "~castle");
}

TEST(ClusterStore, ObjectsThatSomebodyHoldsDoNotChange) {
    Store store;
    store.apply({Kind::added, object("castle", "1")});
    const auto held = store.find({"a", "castle"});

    store.apply({Kind::modified, object("castle", "2")});
    store.replace({});

    EXPECT_EQ(version_of(*held), "1");
}

TEST(WatchEventDecode, RefusesWhatCannotBeFollowed) {
    const auto named = [](const char* type, Value inner) { return Value::object({{"type", type}, {"object", std::move(inner)}}); };
    EXPECT_TRUE(watch_event_of(named("ADDED", *object("castle", "1"))));
    EXPECT_TRUE(watch_event_of(named("ERROR", Value::object({{"code", 410}}))));
    EXPECT_FALSE(watch_event_of(named("RENAMED", *object("castle", "1"))));
    EXPECT_FALSE(watch_event_of(named("ADDED", Value())));
    EXPECT_FALSE(watch_event_of(named("ADDED", Value::object({{"metadata", Value::object({{"name", "castle"}})}}))));
    EXPECT_FALSE(watch_event_of(Value()));
}

TEST(ObjectPath, NamesEveryLevel) {
    const Resource pods{.group = "", .version = "v1", .plural = "pods"};
    const Resource servers{.group = "gamekeeper.dev", .version = "v1alpha1", .plural = "gameservers"};
    const Resource nodes{.group = "", .version = "v1", .plural = "nodes", .has_spaces = false};

    EXPECT_EQ(path_of(pods, {"a", "b"}, "status"), "/api/v1/namespaces/a/pods/b/status");
    EXPECT_EQ(path_of(servers, {"a", ""}), "/apis/gamekeeper.dev/v1alpha1/namespaces/a/gameservers");
    EXPECT_EQ(path_of(servers, {}), "/apis/gamekeeper.dev/v1alpha1/gameservers");
    EXPECT_EQ(path_of(nodes, {"", "n1"}), "/api/v1/nodes/n1");
    EXPECT_EQ(path_of(pods, {"a", "b/../c?d#e"}), "/api/v1/namespaces/a/pods/b%2F..%2Fc%3Fd%23e");
}

}  // namespace
}  // namespace gk::wire::kubernetes
