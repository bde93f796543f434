#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/fleet/starter.hpp"
#include "app/match/match_servers.hpp"
#include "app/match/shift.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "async/watchers.hpp"
#include "domain/fleet/slots.hpp"
#include "ports/clock.hpp"
#include "ports/fleet_store.hpp"

namespace gk::app {

// Starts match servers ahead and for matches, hands them out, and ends them: one task for each server, from its first file to its last. What is
// stored says what each is for; what runs is observed. Works under the epoch of a matchmaker's shift, and takes over what an earlier one left behind.
class Fleets final : public MatchServers {
public:
    struct Ports {
        FleetStore& store;
        Runtime& runtime;
        Clock& clock;
        Starter& starter;
        // Told when a server that waited was given to a match, with the name of its fleet; for whoever measures.
        std::function<void(const std::string& fleet)> handed_out = {};
    };
    Fleets(boost::asio::any_io_executor loop, Ports ports);
    ~Fleets() override;

    // Reads what is there, then keeps every fleet as it is wanted. Ends with the shift, or throws when the task is cancelled; games go on.
    Task<void> work(Shift& shift) override;

    Answer<std::optional<match::MatchServer>> take(match::Match match, QueueRecord queue) override;
    Answer<match::MatchServer> start(match::Match match, QueueRecord queue, Time until) override;
    Task<void> admit(match::Match match) override;
    Task<void> release(MatchId match) override;
    Task<void> adopt(std::vector<match::Match> live) override;
    std::optional<std::vector<Held>> held() const override;
    std::shared_ptr<void> watch(Ended ended) override;

    // Ends match servers that no record knows; returns how many. It happens by itself too, at each start and every five minutes. Nothing where
    // nobody works.
    Task<std::optional<std::size_t>> remove_strays();
    // Read them anew: somebody has changed one here.
    void note_fleets();
    struct Counts {
        std::uint32_t starting = 0;
        std::uint32_t ready = 0;
        std::uint32_t allocated = 0;
        std::string limit;  // As fleet::Plan says; "no_room": this machine's memory is given away.
    };
    std::optional<Counts> counts(const std::string& fleet) const;
    // A server for what is no match of ours: the caller's word stands for it. `exhausted` when none waits.
    Answer<match::MatchServer> allocate(std::string fleet, MatchId match);

private:
    struct Entry;
    struct Kept;

    Task<void> keep();
    Task<bool> read_fleets();
    Task<bool> read_servers();
    Task<bool> hold_ports(const std::vector<FleetServer>& servers);
    void know_fleet(const std::string& name);
    Task<void> keep_fleets();
    Task<std::size_t> sweep();
    std::optional<Time> look_after_fleets();
    void carry_out(Kept& kept, const fleet::Plan& plan);

    Task<void> begin_for_fleet(FleetOrder order);
    Answer<Entry*> begin(FleetOrder order);
    Answer<match::MatchServer> wait_until_up(match::Match match, Time until);
    Answer<std::optional<match::MatchServer>> take_or_begin(match::Match match, const QueueRecord& queue);
    FleetOrder order_beside(const match::Match& match, const QueueRecord& queue) const;
    Entry& add(Starter::Prepared prepared, fleet::Slots::Hold slot);
    Task<void> tend(ServerUid uid, std::optional<FleetOrder> order);
    Task<void> bring_up(Entry& entry, FleetOrder order);
    Task<void> see_through(Entry& entry);
    Task<void> look(Entry& entry);
    Task<void> take_down(Entry& entry);
    Task<bool> store(FleetServer server);

    void become(Entry& entry, fleet::ServerState state);
    void note(const Entry& entry);
    void end(Entry& entry, std::string why);
    void end_of_itself(Entry& entry);
    void show(const Entry& entry);
    Task<void> show_match(ServerUid uid, MatchId match);
    Answer<match::MatchServer> address_of(ServerUid uid, match::Match match);
    Answer<std::optional<match::MatchServer>> take_ready(std::string fleet, match::Match match, bool is_foreign);
    Answer<match::MatchServer> hand_out(Entry& entry, match::Match match, bool is_foreign);
    Answer<match::MatchServer> take_foreign(std::string fleet, MatchId match);
    Entry* of_match(MatchId match);
    void forget_match(const Entry& entry);
    void end_if(const std::function<bool(const FleetServer&)>& is_wrong);
    Entry* oldest_ready(const std::string& fleet) const;
    Kept* fleet_of(const Entry& entry) const;

    Ports ports_;
    Shift* shift_ = nullptr;  // Null while nobody works.
    async::TaskGroup* tasks_ = nullptr;
    fleet::Slots slots_;
    std::unordered_map<ServerUid, std::unique_ptr<Entry>> entries_;
    std::unordered_map<MatchId, ServerUid> by_match_;
    std::map<std::string, std::unique_ptr<Kept>> fleets_;
    async::Watchers<MatchId, std::string> ended_;
    async::Signal changed_;
    async::WaitQueue begun_;
    async::WaitQueue room_;  // Matches whose server cannot be begun now.
    bool fleets_changed_ = false;
    Time strays_at_{};
    bool has_begun_ = false;  // What was there has been read.
};

}  // namespace gk::app
