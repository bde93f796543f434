#include <array>
#include <string>

#include <fmt/format.h>

#include "async/this_executor.hpp"
#include "programs/load/front.hpp"
#include "programs/load/load.hpp"
#include "programs/load/player.hpp"

namespace gk::programs {
namespace {

// Players of different runs never meet as the same person.
std::string prefix_of_run(Random& random) {
    std::array<std::byte, 4> bits{};
    random.fill(bits);
    std::string out = "load-";
    for (const auto byte : bits) out += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
    return out;
}

Task<void> live_again_and_again(LoadRun run, std::string client) {
    for (std::size_t round = 0; round < run.options.rounds; ++round) {
        auto player = run.options.rounds == 1 ? client : fmt::format("{}-{}", client, round + 1);
        co_await live_once(run, std::move(player));
    }
}

Task<void> spawn_clients(LoadRun run, async::TaskGroup& clients, std::string prefix) {
    const auto begun_at = run.clock.now();
    for (std::size_t i = 0; i < run.options.clients; ++i) {
        if (run.options.spawn_rate > 0) {
            const auto after = Milliseconds(static_cast<std::int64_t>(static_cast<double>(i) * 1000 / run.options.spawn_rate));
            co_await run.clock.sleep_until(begun_at + after);
        }
        clients.spawn("client", live_again_and_again(run, fmt::format("{}-{}", prefix, i + 1)));
    }
    co_await clients.done();
}

}  // namespace

Task<void> run_load(const LoadOptions& options, Clock& clock, Random& random, std::optional<tls::Context> secured, Tally& tally) {
    const auto executor = co_await async::this_executor;
    Connections connections(executor, clock, options.target, std::move(secured), options.connections);
    const auto front = options.api == LoadApi::original ? make_original_front(connections, options.wait, options.key)
                                                        : make_v1_front(connections, options.wait, options.key, options.queue);
    const LoadRun run{.options = options, .executor = executor, .clock = clock, .front = *front, .tally = tally};
    async::TaskGroup clients(executor);
    auto spawning = spawn_clients(run, clients, prefix_of_run(random));
    co_await async::run_with(clients, std::move(spawning));
}

}  // namespace gk::programs
