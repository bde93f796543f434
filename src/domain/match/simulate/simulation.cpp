#include "domain/match/simulate/simulation.hpp"

#include <algorithm>
#include <queue>
#include <tuple>
#include <unordered_map>

namespace gk::match {
namespace {

class Replay {
public:
    Replay(std::span<const Arrival> arrivals, const std::vector<Stage>& stages, const SimulationOptions& options)
        : arrivals_(arrivals),
          options_(options),
          engine_(stages, options.engine),
          handles_(arrivals.size()) {
        out_.ended_at = options.until.value_or(arrivals.empty() ? Milliseconds(0) : arrivals.back().at);
    }

    // What falls together happens in this order: tickets end, others come, the engine looks.
    Simulation run() {
        for (auto at = next(); at && *at <= out_.ended_at; at = next()) {
            now_ = *at;
            while (!ends_.empty() && ends_.top().at <= now_) end_next();
            while (arrived_ < arrivals_.size() && arrivals_[arrived_].at <= now_) take_in(arrived_++);
            if (due_ && *due_ <= now_) look();
        }
        now_ = out_.ended_at;
        for (std::size_t i = 0; i < arrived_; ++i) {
            if (handles_[i]) leave(i, Simulation::Left::How::waiting);
        }
        return std::move(out_);
    }

private:
    struct End {
        Milliseconds at{};
        std::size_t arrival = 0;
        Simulation::Left::How how = Simulation::Left::How::expired;
        bool operator>(const End& other) const { return std::tie(at, arrival) > std::tie(other.at, other.arrival); }
    };

    std::optional<Milliseconds> next() const {
        std::optional<Milliseconds> first = due_;
        const auto consider = [&](Milliseconds at) { first = std::min(first.value_or(at), at); };
        if (arrived_ < arrivals_.size()) consider(arrivals_[arrived_].at);
        if (!ends_.empty()) consider(ends_.top().at);
        return first;
    }

    void take_in(std::size_t arrival) {
        const auto& one = arrivals_[arrival];
        Ticket ticket;
        ticket.players = one.players;
        ticket.priority = one.priority;
        ticket.joined_at = Time(one.at);
        const auto handle = engine_.add(ticket);
        if (!handle) {
            out_.left.push_back({.arrival = arrival, .how = Simulation::Left::How::unfit, .waited = {}, .why = handle.error()});
            return;
        }
        handles_[arrival] = *handle;
        arrival_of_[*handle] = arrival;
        const auto expires = one.expires_after.value_or(options_.ticket_ttl);
        const bool is_cancelled = one.leaves_after && *one.leaves_after < expires;
        ends_.push({.at = one.at + (is_cancelled ? *one.leaves_after : expires),
                    .arrival = arrival,
                    .how = is_cancelled ? Simulation::Left::How::cancelled : Simulation::Left::How::expired});
        look_by(now_);
    }

    void end_next() {
        const auto end = ends_.top();
        ends_.pop();
        if (!handles_[end.arrival]) return;
        leave(end.arrival, end.how);
        look_by(now_);
    }

    void look_by(Milliseconds at) {
        const auto soonest = std::max(at, not_before_);
        due_ = std::min(due_.value_or(soonest), soonest);
    }

    void look() {
        due_.reset();
        not_before_ = now_ + options_.between_looks;
        for (const auto& proposal : engine_.pass(Time(now_))) {
            auto& made = out_.made.emplace_back();
            made.at = now_;
            made.region = proposal.region;
            made.quality = proposal.quality;
            for (const auto& [handle, team] : proposal.placed) {
                made.placed.push_back({.arrival = arrival_of_.at(handle), .team = team});
                forget(made.placed.back().arrival);
            }
        }
        if (engine_.is_cut_short()) look_by(now_);
        else if (const auto next = engine_.next_pass()) look_by(next->time_since_epoch());
    }

    void leave(std::size_t arrival, Simulation::Left::How how) {
        Simulation::Left left{.arrival = arrival, .how = how, .waited = now_ - arrivals_[arrival].at, .why = {}};
        if (how != Simulation::Left::How::cancelled) explain(left);
        forget(arrival);
        out_.left.push_back(std::move(left));
    }

    // Only of those who have waited longest so far, because to explain one is to look at all others.
    void explain(Simulation::Left& left) {
        const auto is_shorter = [&](std::size_t other) { return out_.left[other].waited < left.waited; };
        if (explained_.size() == explained_most) {
            const auto shortest = std::ranges::min_element(explained_, {}, [&](std::size_t other) { return out_.left[other].waited; });
            if (!is_shorter(*shortest)) return;
            out_.left[*shortest].explanation.reset();
            explained_.erase(shortest);
        }
        left.explanation = engine_.explain(*handles_[left.arrival], Time(now_));
        explained_.push_back(out_.left.size());
    }

    void forget(std::size_t arrival) {
        engine_.remove(*handles_[arrival]);
        arrival_of_.erase(*handles_[arrival]);
        handles_[arrival].reset();
    }

    std::span<const Arrival> arrivals_;
    const SimulationOptions& options_;
    Engine engine_;
    Milliseconds now_{};
    Milliseconds not_before_{};
    std::optional<Milliseconds> due_;  // When the engine looks next.
    std::size_t arrived_ = 0;
    std::vector<std::optional<Handle>> handles_;  // By arrival; none: it does not wait.
    std::unordered_map<Handle, std::size_t> arrival_of_;
    std::priority_queue<End, std::vector<End>, std::greater<>> ends_;
    std::vector<std::size_t> explained_;  // Places in out_.left.
    Simulation out_;
};

}  // namespace

Simulation simulate(std::span<const Arrival> arrivals, const std::vector<Stage>& stages, const SimulationOptions& options) {
    return Replay(arrivals, stages, options).run();
}

}  // namespace gk::match
