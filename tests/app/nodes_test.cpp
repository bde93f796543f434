#include "app/nodes/nodes.hpp"

#include <algorithm>

#include "tests/app/household.hpp"

namespace gk::apptest {
namespace {

// Three nodes: one for each state.
class ThreeNodes final : public Nodes {
public:
    Answer<std::vector<Node>> list() override { co_return all; }
    Answer<Success> confirm_dead(std::string name, std::string note) override {
        notes.push_back(note);
        auto& node = *std::ranges::find(all, name, &Node::name);
        if (comes_back) co_return std::unexpected(RuntimeError{RuntimeError::Kind::invalid, "the node answers"});
        node.state = Node::State::dead;
        co_return Success{};
    }

    std::vector<Node> all = {{.name = "dead", .state = Node::State::dead, .servers = {}},
                             {.name = "silent", .state = Node::State::unreachable, .servers = {}},
                             {.name = "up", .state = Node::State::up, .servers = {}}};
    std::vector<std::string> notes;
    bool comes_back = false;
};

class ConfirmDead : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
        nodes.all[1].servers = {house.record("castle").uid, house.random.id<ServerUid>()};
    }
    Result<app::NodeCare::Shown, app::Error> confirm(const std::string& name, app::Caller caller = {.name = "key:anna"}) {
        return house.wait(care.confirm_dead(std::move(caller), name));
    }
    std::vector<std::string> told() {
        std::vector<std::string> out;
        const auto events = house.wait(house.ledger.events_after(0, 100));
        for (const auto& event : *events) {
            if (event.type.find("confirmed_dead") != std::string::npos) out.push_back(event.type + " " + event.server_id + to_json(event.data));
        }
        return out;
    }

    Household house;
    ThreeNodes nodes;
    app::NodeCare care{&nodes, house.store, house.ledger, house.clock};
};

TEST_F(ConfirmDead, IsWrittenDownWithWhoSaidItAndWhichServersAreLetGo) {
    const auto shown = confirm("silent");

    ASSERT_TRUE(shown);
    EXPECT_EQ(shown->node.state, Node::State::dead);
    ASSERT_EQ(shown->servers.size(), 1U);
    EXPECT_EQ(shown->servers.front().id, "castle");
    EXPECT_EQ(told(), (std::vector<std::string>{R"(node.confirmed_dead {"node":"silent","by":"key:anna"})",
                                                R"(server.node_confirmed_dead castle{"node":"silent","by":"key:anna"})"}));
    ASSERT_EQ(nodes.notes.size(), 1U);
    EXPECT_TRUE(nodes.notes.front().ends_with(" by key:anna")) << nodes.notes.front();
}

TEST_F(ConfirmDead, ASecondTimeChangesNothing) {
    ASSERT_TRUE(confirm("silent"));
    ASSERT_TRUE(confirm("silent"));
    ASSERT_TRUE(confirm("dead"));

    EXPECT_EQ(nodes.notes.size(), 1U);
    EXPECT_EQ(told().size(), 2U);
}

TEST_F(ConfirmDead, ANodeThatAnswersIsNotDeadWhoeverSaysSo) {
    const auto up = confirm("up");
    ASSERT_FALSE(up);
    EXPECT_EQ(up.error().code, "node_answers");

    nodes.comes_back = true;  // In the moment in which it was said.
    const auto back = confirm("silent");
    ASSERT_FALSE(back);
    EXPECT_EQ(back.error().code, "node_answers");
}

TEST_F(ConfirmDead, IsForThoseWhoLookAfterTheCluster) {
    EXPECT_EQ(confirm("nothing").error().kind, app::Error::Kind::not_found);
    EXPECT_EQ(confirm("silent", {.name = "reader", .only_reads = true}).error().kind, app::Error::Kind::forbidden);
    EXPECT_FALSE(confirm("silent", {.name = "guest", .tenant = "another"}));
    EXPECT_TRUE(nodes.notes.empty());
    EXPECT_TRUE(told().empty());
}

TEST_F(ConfirmDead, OnOneMachineThereAreNoNodes) {
    app::NodeCare alone{nullptr, house.store, house.ledger, house.clock};

    EXPECT_EQ(house.wait(alone.list({.name = "anna"})).error().code, "not_supported_here");
    EXPECT_EQ(house.wait(alone.confirm_dead({.name = "anna"}, "silent")).error().code, "not_supported_here");
}

}  // namespace
}  // namespace gk::apptest
