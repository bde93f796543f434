#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <boost/asio/any_io_executor.hpp>

#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "net/http/listener.hpp"
#include "ports/clock.hpp"
#include "programs/match_server/options.hpp"
#include "programs/match_server/room.hpp"

namespace gk::programs {

// Serves one match, or many, by the line protocol of wire/match. One loop; a connection costs a coroutine and the few bytes that wait for it.
class MatchServer {
public:
    static constexpr Milliseconds parting_time = std::chrono::seconds(1);  // For clients to hear the end and to close their side.

    MatchServer(boost::asio::any_io_executor executor, Clock& clock, MatchServerOptions options);
    MatchServer(const MatchServer&) = delete;
    MatchServer& operator=(const MatchServer&) = delete;
    // run() has ended before, or was never called.
    ~MatchServer();

    // Returns where it listens: with port 0 the kernel chooses. Clients are taken once run() is awaited.
    Result<net::Endpoint, net::NetError> listen();
    // A line of the input, see allocate(). Of a server that waits, one comes before run().
    Result<Success, std::string> take_match(std::string_view line) { return allocate(line, options_); }
    bool has_match() const { return options_.many || !options_.session.empty(); }
    // Until the match is over, with `many` until stop(), and everybody has been told or has had parting_time. Says why the match ended; with `many`
    // End::asked. Not to be cancelled: stop() ends it.
    Task<wire::match::End> run();
    // Ends every match.
    void stop();

private:
    using ClientPtr = std::shared_ptr<Client>;

    Task<void> run_until_over();
    Task<void> accept_loop();
    Task<void> serve(std::unique_ptr<net::Transport> transport);
    Task<void> read_lines(ClientPtr client);
    Task<void> keep_time();

    void take(const ClientPtr& client, const wire::match::Request& request);
    void introduce(const ClientPtr& client, const wire::match::Request& request);
    void show_token(const ClientPtr& client, const wire::match::Request& request);
    void enter(const ClientPtr& client);
    Room* room_for(const std::string& session);
    void dismiss(Client& client, std::string_view line);
    void settle(Room& room);
    void finish(Room& room);
    void remember(const std::string& session);

    std::optional<Time> next_due() const;
    void wake_for(Time due);
    void watch(Client& client, Watches& among, Milliseconds time);
    static void unwatch(Client& client);
    static void cut_late(Watches& among, Time now);
    void tick_rooms(Time now);
    std::size_t line_bytes_max() const;

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    MatchServerOptions options_;
    std::unique_ptr<net::Listener> listener_;
    std::unordered_map<std::string, std::unique_ptr<Room>> rooms_;
    std::unordered_set<std::string> over_;  // Matches that have ended, so that none begins twice; with `many`, the last ones of them.
    std::deque<std::string> over_in_order_;
    std::set<std::pair<Time, Room*>> deadlines_;
    // In each of them all wait equally long.
    Watches silent_;  // Have not said yet who they are, or anything at all.
    Watches parting_;  // Were told that it is over.
    std::optional<Time> awaited_;  // What keep_time() waits for.
    async::Signal earlier_;
    async::Signal all_over_;
    std::optional<wire::match::End> end_;
    bool stopping_ = false;
    async::TaskGroup keeping_;
    async::TaskGroup serving_;
};

}  // namespace gk::programs
