#pragma once

#include <functional>
#include <map>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/system/random.hpp"
#include "async/signal.hpp"
#include "domain/wake/seen_face.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "programs/edge/kept_table.hpp"

namespace gk::programs {

// Asks games that run what they tell lists of servers, for when they sleep: as soon as their route is up, then once a minute; who does not answer is
// asked again after ten seconds. They are no players' sessions, and keep nobody awake. What was seen is kept in the edge's folder: it outlives the
// server's sleep, this process, and a control plane that knows nothing of it. All of it is called by one thread.
class FaceWatch {
public:
    // `folder` and `clock` outlive it. Begins with what the folder has kept; what cannot be read there is asked anew.
    FaceWatch(boost::asio::any_io_executor executor, Clock& clock, EdgeFolder& folder);
    FaceWatch(const FaceWatch&) = delete;
    FaceWatch& operator=(const FaceWatch&) = delete;

    // From now on the games of this table are asked. What was seen of servers that it does not name is forgotten: who comes by their name later is
    // another one.
    void follow(const wake::RouteTable& table);
    // The table as it is to be shown.
    wake::RouteTable shown(wake::RouteTable table) const { return wake::with_seen(std::move(table), seen_); }
    // Until the task is cancelled. `on_change`: shown() says something else than before.
    Task<void> run(std::function<void()> on_change);

private:
    // A game that is up.
    struct Asked {
        wake::Endpoint at;
        std::optional<wake::GameProtocol> datagrams;  // Nothing: it is a stream of Minecraft.
        Time next{};
    };
    void ask_from_now_on(std::string key, const wake::Route& route, std::optional<wake::GameProtocol> datagrams, std::map<std::string, Asked>& all);
    Task<void> ask_those_due();
    Task<std::optional<wake::Face>> ask(Asked asked);
    Task<std::optional<wake::Face>> ask_by_datagram(wake::Endpoint at, wake::GameProtocol protocol);
    Task<std::optional<wake::Face>> ask_by_stream(wake::Endpoint at);
    void keep() const;

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    EdgeFolder& folder_;
    system::SystemRandom random_;
    wake::SeenFaces seen_;
    std::map<std::string, Asked> asked_;  // By face_key().
    bool has_news_ = false;  // That were not told yet.
    async::Signal changed_;
};

}  // namespace gk::programs
