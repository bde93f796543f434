#include "domain/match/engine.hpp"

#include <utility>
#include <variant>

#include "domain/match/pool/pool.hpp"
#include "domain/match/rules/search.hpp"

namespace gk::match {
namespace {

using Way = std::variant<Pool, Search>;

}  // namespace

// Lines of tickets when the rules are plain, else the search.
class Engine::State {
public:
    State(const std::vector<Stage>& stages, Options options) : way_(way_of(stages, options)) {}

    template <class Call>
    decltype(auto) with(Call call) {
        return std::visit(std::move(call), way_);
    }

private:
    static Way way_of(const std::vector<Stage>& stages, Options options) {
        auto plain = plain_rules(stages);
        return plain ? Way(std::in_place_type<Pool>, std::move(*plain), options) : Way(std::in_place_type<Search>, stages, options);
    }

    Way way_;
};

Engine::Engine(std::vector<Stage> stages, Options options) : state_(std::make_unique<State>(stages, options)) {}
Engine::~Engine() = default;

Result<Handle, std::string> Engine::add(const Ticket& ticket) {
    return state_->with([&](auto& way) { return way.add(ticket); });
}
void Engine::remove(Handle handle) {
    state_->with([&](auto& way) { way.remove(handle); });
}
void Engine::release(Handle handle) {
    state_->with([&](auto& way) { way.release(handle); });
}
void Engine::put(Backfill backfill) {
    state_->with([&](auto& way) { way.put(std::move(backfill)); });
}
void Engine::remove_backfill(MatchId match) {
    state_->with([&](auto& way) { way.remove_backfill(match); });
}
std::vector<Proposal> Engine::pass(Time now) {
    return state_->with([&](auto& way) { return way.pass(now); });
}
bool Engine::is_cut_short() const {
    return state_->with([](const auto& way) { return way.is_cut_short(); });
}
std::optional<Time> Engine::next_pass() const {
    return state_->with([](const auto& way) { return way.next_pass(); });
}
Explanation Engine::explain(Handle handle, Time now) const {
    return state_->with([&](const auto& way) { return way.explain(handle, now); });
}
std::size_t Engine::waiting() const {
    return state_->with([](const auto& way) { return way.waiting(); });
}
std::span<const std::string> Engine::team_names() const {
    return state_->with([](const auto& way) { return way.team_names(); });
}

}  // namespace gk::match
