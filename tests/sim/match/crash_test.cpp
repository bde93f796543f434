#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/deaths.hpp"
#include "tests/sim/match/world.hpp"
#include "tests/sim/seeds.hpp"
#include "tests/sim/world.hpp"

// One day of an installation that makes matches, without any other fault, and with a death of the control plane in each of its waits. What happens
// between two calls of ports is lost with the memory it was in: a death there is one in the wait before it.
namespace gk::matchsim {
namespace {

using namespace std::chrono_literals;
using match::TicketState;

const app::Caller an_operator{.name = "operator"};

app::Visitor as(const std::string& player) { return {.caller = {.name = "player:" + player, .scope = Scope::player}, .player = player}; }

template <class T>
using Asked = Task<Result<T, app::Error>>;

template <class T>
Task<void> carry(Asked<T> request, std::shared_ptr<std::optional<Result<T, app::Error>>> answer) {
    auto heard = co_await std::move(request);
    answer->emplace(std::move(heard));
}

// What was done by the try before, whose answer was lost, is refused now.
Asked<Success> done_by_now(app::Error::Kind means_done, app::Error error) {
    if (error.kind == means_done) co_return Success{};
    co_return std::unexpected(std::move(error));
}

Asked<Success> become_better(Life& life, TicketId ticket) {
    std::vector<match::Player> players{{.id = "paul", .attributes = {{"skill", 110.0}}, .latencies = {}, .blocked = {}}};
    auto changed = co_await life.tickets().change(as("paul"), ticket, std::move(players));
    if (changed) co_return Success{};
    co_return co_await done_by_now(app::Error::Kind::conflict, std::move(changed.error()));  // It has been matched by then.
}

Asked<Success> remove_quad(Life& life) {
    auto removed = co_await life.queues().remove(an_operator, "quad");
    if (removed) co_return Success{};
    co_return co_await done_by_now(app::Error::Kind::not_found, std::move(removed.error()));
}

// People who ask again what a death left unanswered, as programs with sense do.
class Day {
public:
    explicit Day(std::set<std::uint64_t> deaths) {
        hall().faults = Faults();
        hall().quiet = true;  // Players ask after their tickets, and nothing else happens by chance.
        hall().deaths = std::move(deaths);
        auto& warm = hall().fleets->fleets.at("warm");
        warm.ready = 1;
        warm.most = 3;
    }
    // What went wrong; empty when everything came about.
    std::string run();
    Hall& hall() { return world_.hall(); }
    std::string last_steps() { return hall().trace.last_steps(); }

private:
    bool goes_on() const { return wrong_.empty() && world_.breach().empty(); }
    template <class T>
    void insist(const std::string& what, const std::function<Asked<T>(Life&)>& ask);
    void until(const std::string& what, const std::function<bool()>& holds);
    void join(const std::vector<std::string>& players, const std::string& queue, double skill = 0);
    const match::Ticket& ticket_of(const std::string& player) { return hall().matches->tickets.at(tickets_.at(player)).ticket; }
    MatchId match_of(const std::string& player) { return ticket_of(player).match.value_or(MatchId{}); }
    void until_all_are(TicketState state, std::initializer_list<std::string> players);
    void until_all_play(std::initializer_list<std::string> players);

    void warm_servers();
    void parties_and_leavers();
    void servers_of_their_own();
    void acceptance();
    void equals_who_change();
    void queues_change();
    void servers_that_do_not_start();
    void nobody_else_comes();

    World world_{1};
    std::string wrong_;
    std::map<std::string, TicketId> tickets_;  // Of players.
};

template <class T>
void Day::insist(const std::string& what, const std::function<Asked<T>(Life&)>& ask) {
    for (int tries = 0; tries < 20 && goes_on(); ++tries) {
        auto answer = std::make_shared<std::optional<Result<T, app::Error>>>();
        auto& life = world_.life();
        const auto number = world_.lives_made();
        life.spawn(carry<T>(ask(life), answer));
        for (int i = 0; i < 300 && !*answer && number == world_.lives_made(); ++i) world_.run_for(100ms);
        if (*answer && **answer) return;
        const bool is_refused = *answer && (**answer).error().kind != app::Error::Kind::unavailable;
        if (is_refused) wrong_ = fmt::format("{} is refused: {}", what, (**answer).error().message);
    }
    if (goes_on()) wrong_ = what + " is never answered";
}

void Day::until(const std::string& what, const std::function<bool()>& holds) {
    for (int i = 0; i < 1200 && goes_on(); ++i) {
        if (holds()) return;
        world_.run_for(500ms);
    }
    if (goes_on()) wrong_ = what + " has not come about in ten minutes";
}

void Day::join(const std::vector<std::string>& players, const std::string& queue, double skill) {
    app::JoinOrder order;
    for (const auto& name : players) order.players.push_back({.id = name, .attributes = {{"skill", skill}}, .latencies = {}, .blocked = {}});
    order.queues.push_back(queue);
    const auto key = "key of " + players.front();
    insist<app::Tickets::Joined>("the join of " + players.front(), [&](Life& life) -> Asked<app::Tickets::Joined> {
        return life.tickets().join({.caller = an_operator, .player = {}}, order, {.key = key, .digest = key});
    });
    if (!goes_on()) return;
    for (const auto& name : players) {
        // It may be over by now, as an answer that was lost is repeated when much has happened.
        const auto newest = hall().matches->newest_tickets.find({"default", name});
        if (newest == hall().matches->newest_tickets.end()) wrong_ = fmt::format("the join of {} was answered, and is stored nowhere", name);
        else tickets_[name] = newest->second;
    }
}

void Day::until_all_are(TicketState state, std::initializer_list<std::string> players) {
    for (const auto& player : players)
        until(fmt::format("the ticket of {} is {}", player, name_of(state)), [&] { return ticket_of(player).state == state; });
}

void Day::until_all_play(std::initializer_list<std::string> players) {
    for (const auto& player : players) {
        until(player + " plays", [&] {
            const auto match = hall().matches->matches.find(match_of(player));
            return match != hall().matches->matches.end() && match->second.match.state == match::MatchState::assigned;
        });
    }
}

// One match is ended by a player, the other one by its server.
void Day::warm_servers() {
    for (const auto* name : {"anna", "ben", "cora", "dan"}) join({name}, "duo");
    until_all_play({"anna", "ben"});
    if (goes_on()) insist<match::Match>("the end", [this](Life& life) { return life.matches().end(as("anna"), match_of("anna"), "asked"); });
    until_all_are(TicketState::ended, {"anna", "ben", "cora", "dan"});
}

void Day::parties_and_leavers() {
    join({"eva", "finn"}, "duo");
    until_all_play({"eva", "finn"});
    if (goes_on()) insist<match::Match>("the leave", [this](Life& life) { return life.matches().leave(as("eva"), match_of("eva"), {}); });
    until_all_are(TicketState::ended, {"eva", "finn"});
}

void Day::servers_of_their_own() {
    for (const auto* name : {"gus", "hanna", "ida", "jon"}) join({name}, "quad");
    until_all_play({"gus", "hanna", "ida", "jon"});
    until_all_are(TicketState::ended, {"gus", "hanna", "ida", "jon"});
}

// Who says no does not play; who was asked with it waits again, and goes.
void Day::acceptance() {
    join({"kim"}, "asked");
    join({"lea"}, "asked");
    until_all_play({"kim", "lea"});
    until_all_are(TicketState::ended, {"kim", "lea"});
    world_.players().unwilling.insert("nils");
    join({"mara"}, "asked");
    join({"nils"}, "asked");
    until_all_are(TicketState::cancelled, {"nils"});
    until("mara waits again", [this] { return ticket_of("mara").state == TicketState::queued && ticket_of("mara").put_back > 0; });
    if (goes_on()) insist<MatchStore::Left>("the cancel", [this](Life& life) { return life.tickets().cancel(as("mara"), tickets_.at("mara")); });
    until_all_are(TicketState::cancelled, {"mara"});
}

void Day::equals_who_change() {
    join({"olga"}, "ranked", 100);
    join({"paul"}, "ranked", 2000);
    if (goes_on()) insist<Success>("the change", [this](Life& life) { return become_better(life, tickets_.at("paul")); });
    until_all_play({"olga", "paul"});
    until_all_are(TicketState::ended, {"olga", "paul"});
}

void Day::queues_change() {
    insist<Success>("the removal of a queue", [](Life& life) { return remove_quad(life); });
    insist<app::Queues::Stored>("the queue", [](Life& life) { return life.queues().put(an_operator, queue_order("quad")); });
}

// They wait again with the time of their first join, until there is a server.
void Day::servers_that_do_not_start() {
    hall().faults.start_fails = 1;
    for (const auto* name : {"rosa", "sam", "tina", "uwe"}) join({name}, "quad");
    until("rosa is put back", [this] { return ticket_of("rosa").put_back > 0; });
    hall().faults.start_fails = 0;
    until_all_play({"rosa", "sam", "tina", "uwe"});
    until_all_are(TicketState::ended, {"rosa", "sam", "tina", "uwe"});
}

void Day::nobody_else_comes() {
    join({"vera"}, "duo");
    until_all_are(TicketState::expired, {"vera"});
}

std::string Day::run() {
    for (const auto part : {&Day::warm_servers, &Day::parties_and_leavers, &Day::servers_of_their_own, &Day::acceptance, &Day::equals_who_change,
                            &Day::queues_change, &Day::servers_that_do_not_start, &Day::nobody_else_comes}) {
        if (goes_on()) (this->*part)();
    }
    if (!goes_on()) return world_.breach().empty() ? wrong_ : world_.breach();
    return world_.settle_down();
}

// What a control plane asks for where nothing happens.
const std::set<std::string> looks = {"ticket", "match", "observe", "events", "touch", "servers", "fleets", "list servers", "queues"};

TEST(MatchCrashAtEveryAwait, IsSurvivedOnceAndAgainWhileRecovering) {
    Day whole({~0ULL});
    ASSERT_EQ(whole.run(), "") << whole.last_steps();
    const auto waits = sim::waits_of_work(whole.hall().waits, looks);
    sim::print_counts(whole.hall().waits, waits);

    const auto all = sim::deaths_to_try(waits, 6);
    std::vector<std::uint64_t> numbers(all.size());
    std::ranges::generate(numbers, [next = 0U]() mutable { return next++; });
    const auto failure = sim::run_seeds(numbers, [&](std::uint64_t number) -> std::string {
        Day day(all[number]);
        const auto wrong = day.run();
        if (wrong.empty()) return {};
        return fmt::format("{}\n{} ({})\n{}", wrong, sim::replay_of(all[number]), whole.hall().waits.at(*all[number].begin() - 1), day.last_steps());
    });
    EXPECT_EQ(failure, "");
    fmt::print("{} runs\n", all.size());
}

// Every call with an effect that matches need; one that is missing is not tried.
TEST(MatchCrashAtEveryAwait, CoversEveryEffect) {
    Day whole({~0ULL});
    ASSERT_EQ(whole.run(), "");

    for (const auto* name : {"next epoch", "put queue", "remove queue", "join", "cancel", "change", "commit", "advance", "expire", "touch",
                             "put server", "remove server", "reserve ports", "release ports", "launch", "stop", "clean", "forget", "command"}) {
        EXPECT_TRUE(std::ranges::find(whole.hall().waits, name) != whole.hall().waits.end()) << name;
    }
}

}  // namespace
}  // namespace gk::matchsim
