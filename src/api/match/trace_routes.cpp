#include "api/match/match_context.hpp"
#include "api/query.hpp"
#include "api/reply.hpp"
#include "app/match/recording.hpp"

namespace gk::api {
namespace {

constexpr Milliseconds since_usual = std::chrono::hours(1);

// GET /v1/queues/{queue}/trace?since=1h&names=false
Task<Outcome> trace(MatchContext& context, net::Request& request, app::Visitor visitor) {
    QueryReader query(request);
    const auto since = query.text("since");
    const auto with_names = query.flag("names");
    const auto duration = query.has("since") ? parse_duration(since) : since_usual;
    if (!duration) query.fail("since", "bad_format", "a duration is expected here, such as 1h");
    CO_TRY_OK(query.finish());
    CO_TRY(queue, co_await context.queues.find(visitor.caller, std::string(request.parameter("queue"))));
    app::RecordingWish wish{.queue = queue.name, .since = context.api.clock.now() - *duration, .with_names = with_names};
    CO_TRY(arrivals, co_await app::record(context.store, std::move(visitor.caller), std::move(wish)));
    Value::Array items;
    items.reserve(arrivals.size());
    for (const auto& arrival : arrivals) items.push_back(to_value(arrival));
    co_return json_reply(200, Value::object({{"items", std::move(items)}, {"next_cursor", Value()}}));
}

}  // namespace

void add_trace_routes(net::Router& router, MatchContext& context) {
    add_visited(router, context, net::Method::get, "/v1/queues/{queue}/trace", trace);
}

}  // namespace gk::api
