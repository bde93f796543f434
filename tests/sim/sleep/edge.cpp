#include "tests/sim/sleep/edge.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

constexpr Milliseconds report_every = 15s;
constexpr Milliseconds connect_every = 1s;

}  // namespace

SimLine::SimLine(SimEdge& edge) : edge_(edge) { edge_.opened(*this); }
SimLine::~SimLine() { edge_.closed(*this); }

void SimLine::publish(wake::RouteTable table) {
    newest_ = std::move(table);
    edge_.published(*this);
}

std::shared_ptr<void> SimLine::listen(Heard heard) {
    heard_ = std::move(heard);
    return std::shared_ptr<void>(nullptr, [this](void*) { heard_ = nullptr; });
}

SimEdge::SimEdge(Ground& ground, std::uint64_t seed, StreetPlant plant, Sessions sessions)
    : ground_(ground),
      dice_(seed, 11),
      plant_(plant),
      sessions_(std::move(sessions)),
      measured_at_(ground.now) {}

void SimEdge::opened(SimLine& line) { lines_.push_back(&line); }

void SimEdge::closed(SimLine& line) {
    std::erase(lines_, &line);
    if (connected_ == &line) disconnect();
}

void SimEdge::published(SimLine& line) {
    if (connected_ == &line) on_the_way_.push_back({.table = *line.newest(), .arrives = ground_.now + dice_.between(1ms, 50ms)});
}

void SimEdge::disconnect() {
    if (connected_ != nullptr) connected_->say(connection_, nullptr);
    connected_ = nullptr;
    on_the_way_.clear();
    next_connect_ = ground_.now + connect_every;
}

void SimEdge::die(Milliseconds back_in) {
    ground_.note("the edge dies");
    disconnect();
    knockers_.clear();
    doormen_.clear();
    datagrams_.clear();
    down_since_ = ground_.now;
    down_until_ = ground_.now + back_in;
}

void SimEdge::cut(Milliseconds how_long) {
    ground_.note("the stream to the edge is cut");
    disconnect();
    cut_until_ = ground_.now + how_long;
}

void SimEdge::heal() {
    down_until_ = std::min(down_until_, ground_.now);
    cut_until_ = still_until_ = Time();
}

void SimEdge::try_to_connect() {
    next_connect_ = ground_.now + connect_every;
    if (ground_.now < cut_until_ || lines_.empty() || !lines_.back()->is_open()) return;
    connected_ = lines_.back();
    ++connection_;
    ground_.note("the edge is connected", {}, connection_);
    if (connected_->newest()) published(*connected_);
    next_report_ = ground_.now;
}

void SimEdge::settle() {
    if (!is_up()) return;
    if (connected_ == nullptr && ground_.now >= next_connect_) try_to_connect();
    while (!on_the_way_.empty() && on_the_way_.front().arrives <= ground_.now) {
        auto table = std::move(on_the_way_.front().table);
        on_the_way_.pop_front();
        take(std::move(table));
    }
    if (connected_ != nullptr && ground_.now >= std::max(next_report_, still_until_)) report();
}

std::optional<Time> SimEdge::next_event() const {
    if (!is_up()) return down_until_;
    if (connected_ == nullptr) return next_connect_;
    auto next = std::max(next_report_, still_until_);
    if (!on_the_way_.empty()) next = std::min(next, on_the_way_.front().arrives);
    return next;
}

void SimEdge::take(wake::RouteTable table) {
    if (plant_ == StreetPlant::edge_keeps_old_table && table_.number != 0) return;
    if (!wake::may_follow(table, table_)) return ground_.note("an older table is not taken", {}, table.epoch);
    table_ = std::move(table);
    ground_.note("the edge takes a table", {}, table_.number);
    std::set<std::string_view> asleep;
    for (const auto& route : table_.datagrams) {
        if (route.state == wake::RouteState::asleep) asleep.insert(route.server);
        if (const auto doorman = doormen_.find(route.server); doorman != doormen_.end())
            doorman->second.follow(route.rule, route.state == wake::RouteState::asleep);
    }
    std::erase_if(knockers_, [&](const auto& entry) { return !asleep.contains(entry.first); });
}

void SimEdge::report() {
    next_report_ = ground_.now + report_every;
    front::Report said{.epoch = table_.epoch, .number = table_.number, .pid = 1};
    if (plant_ != StreetPlant::knocks_dropped) {
        for (const auto& [server, knocker] : knockers_) said.knockers.push_back(knocker);
    }
    const auto sessions = sessions_();
    measure(sessions);
    for (const auto& route : table_.datagrams) {
        const auto playing = sessions.find(route.server);
        // Where it is up, somebody's list of servers asks it now and then, too.
        said.uses.push_back({.server = route.server,
                             .listen = route.listen,
                             .is_stream = false,
                             .sessions = (playing == sessions.end() ? 0 : playing->second) + (wake::is_reachable(route) ? 1 : 0),
                             .held = 0,
                             .counts = {{"from_players", static_cast<std::uint64_t>(datagrams_[route.server])}}});
    }
    connected_->say(connection_, &said);
}

void SimEdge::measure(const std::map<std::string, std::uint64_t>& sessions) {
    constexpr double of_a_player = 20;  // Datagrams a second,
    constexpr double of_noise = 0.2;    // and those of a list of servers.
    const auto seconds = static_cast<double>((ground_.now - measured_at_).count()) / 1000;
    measured_at_ = ground_.now;
    for (const auto& route : table_.datagrams) datagrams_[route.server] += of_noise * seconds;
    for (const auto& [server, playing] : sessions) datagrams_[server] += of_a_player * seconds * static_cast<double>(playing);
}

const wake::Route* SimEdge::route_of(const std::string& server) const {
    const auto at = std::ranges::find(table_.datagrams, server, &wake::Route::server);
    return at == table_.datagrams.end() ? nullptr : &*at;
}

SimEdge::Answer SimEdge::join(const std::string& server, const wake::Address& from) {
    if (!is_up()) return Answer::nothing;
    const auto* route = route_of(server);
    if (route == nullptr) return Answer::unknown;
    if (wake::is_reachable(*route)) return Answer::relayed;
    const auto now = Milliseconds(ground_.now.time_since_epoch());
    auto& doorman = doormen_.try_emplace(server, route->rule, wake::DoorLimits(), now).first->second;
    const auto verdict = doorman.judge({.intent = wake::Intent::join, .proved = true}, from, wake::sleeper_of(*route), now);
    if (verdict.wake && knockers_.emplace(server, front::Knocker{.server = server, .source = {.address = from, .port = 4711}}).second) {
        ground_.note("a knock is believed");
        next_report_ = ground_.now;
    }
    return verdict.reply == wake::Reply::hold ? Answer::waits : Answer::refused;
}

}  // namespace gk::sim
