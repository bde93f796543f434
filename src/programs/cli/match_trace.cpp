#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "net/http/target.hpp"
#include "programs/cli/match_rules.hpp"
#include "programs/cli/values.hpp"

// `gamekeeper queue trace`.
namespace gk::programs {

Done trace_queue(ApiClient& api, const TraceWish& wish) {
    auto path = fmt::format("/v1/queues/{}/trace?since={}", net::percent_encoded(wish.queue), net::percent_encoded(wish.since));
    if (wish.with_names) path += "&names=true";
    TRY(reply, api.call({.path = std::move(path)}));
    for (const auto& arrival : items_of(reply.body)) fmt::print("{}\n", to_json(arrival));
    return Success{};
}

void add_queue_trace(CLI::App& root, TraceWish& wish, const AsRemote& remote) {
    auto* trace = root.get_subcommand("queue")->add_subcommand("trace", "who came to a queue, for 'match rules simulate --trace'");
    trace->add_option("QUEUE", wish.queue)->required();
    trace->add_option("--since", wish.since, "how far back")->capture_default_str();
    trace->add_flag("--names", wish.with_names, "with the ids of players, which are left out otherwise");
    remote(trace, [&wish](ApiClient& api, const Output&) { return trace_queue(api, wish); });
}

}  // namespace gk::programs
