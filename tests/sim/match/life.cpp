#include "tests/sim/match/life.hpp"

#include "base/assert.hpp"

namespace gk::matchsim {

Life::Life(Hall& hall, std::uint64_t seed, std::uint64_t number)
    : hall_(hall),
      clock_(hall.now),
      way_(hall, clock_),
      random_(seed * 1'000 + number),
      stored_matches_(io_.get_executor(), hall.matches),
      stored_fleets_(io_.get_executor(), hall.fleets, hall.matches),
      stored_ports_(hall.records, clock_, {.range = {.first = Port{32000}, .last = Port{32999}}}),
      store_(way_, stored_matches_),
      fleet_store_(way_, stored_fleets_),
      port_map_(way_, stored_ports_),
      runtime_(io_.get_executor(), way_),
      starter_({.runtime = runtime_,
                .port_map = port_map_,
                .random = random_,
                .games = games_,
                .public_host = "192.0.2.1",
                .resources = [](const std::string&, const std::string&) { return std::optional(server::Resources()); }}),
      fleets_(io_.get_executor(), {fleet_store_, runtime_, clock_, starter_}),
      maker_({.store = store_, .servers = fleets_, .clock = clock_, .random = random_, .off_loop = here}, {}),
      feed_(store_, clock_),
      presence_(store_, clock_),
      tickets_({.store = store_,
                .feed = feed_,
                .clock = clock_,
                .random = random_,
                .key = Secret("sesame"),
                .stored = [this](const match::Ticket& ticket) { maker_.note(ticket); },
                .seen =
                    [this](TicketId ticket) {
                        maker_.note_seen(ticket);
                        presence_.note(ticket);
                    }}),
      matches_({.store = store_, .clock = clock_}),
      queues_({.store = store_,
               .is_known_game = [](const std::string&) { return true; },
               .is_known_fleet = [](std::string) -> Task<Result<bool, app::Error>> { co_return true; },
               .changed = [this] { maker_.note_queues(); }}) {
    hall_.note("a life begins");
    auto done = [this](const std::exception_ptr&) { ended_ = true; };
    boost::asio::co_spawn(io_, live(), boost::asio::bind_cancellation_slot(cancel_.slot(), done));
}

Life::~Life() {
    if (!ended_) end();
}

Task<void> Life::here(std::function<void()> work) {
    work();
    co_return;
}

Task<void> Life::live() {
    tasks_.spawn("feed", feed_.run());
    tasks_.spawn("presence", presence_.run());
    tasks_.spawn("matchmaker", make_matches());
    auto body = never_.wait();
    co_await async::run_with(tasks_, std::move(body));
}

Task<void> Life::make_matches() {
    const auto why = co_await maker_.run();
    hall_.note("superseded: " + why);
    is_superseded_ = true;
}

std::size_t Life::poll() {
    io_.restart();
    return io_.poll();
}

void Life::advance(Time now) {
    clock_.set_skew(hall_.skew);
    clock_.advance(now - clock_.now());
}

void Life::end() {
    hall_.note("the life ends");
    cancel_.emit(boost::asio::cancellation_type::terminal);
    poll();
    ASSERT(ended_, "a cancelled life ends at once");
}

}  // namespace gk::matchsim
