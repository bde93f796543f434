#include "api/context.hpp"
#include "api/decode.hpp"
#include "api/reply.hpp"
#include "app/watch/post.hpp"

namespace gk::api {
namespace {

// {to?: ADDRESS}
struct MailTestBody {
    std::optional<std::string> to;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, MailTestBody& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("to", out.to);
    return in.finish();
}

Value or_null(const std::optional<Time>& time) { return time ? Value(rfc3339(*time)) : Value(); }

std::string_view status_of(const watch::Delivery& delivery) {
    if (delivery.delivered_at) return "delivered";
    return delivery.has_failed() ? "failed" : "waiting";
}

Value render(const watch::Delivery& delivery) {
    return Value::object({{"channel", name_of(delivery.address.channel)},
                          {"to", delivery.address.to},
                          {"says_over", delivery.says_over},
                          {"status", status_of(delivery)},
                          {"attempts", std::int64_t{delivery.attempts}},
                          {"next_at", or_null(delivery.next_at)},
                          {"delivered_at", or_null(delivery.delivered_at)},
                          {"answer", delivery.answer}});
}

Value render(const watch::Incident& incident) {
    Value::Array deliveries;
    for (const auto& delivery : incident.deliveries) deliveries.push_back(render(delivery));
    return Value::object({{"id", incident.id},
                          {"kind", incident.kind},
                          {"server", incident.server_id.empty() ? Value() : Value(incident.server_id)},
                          {"namespace", incident.space.empty() ? Value() : Value(incident.space)},
                          {"subject", incident.subject},
                          {"text", incident.text},
                          {"since", rfc3339(incident.since)},
                          {"over_at", or_null(incident.over_at)},
                          {"deliveries", std::move(deliveries)}});
}

// GET /v1/incidents
Task<Outcome> list_incidents(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY(page, page_of(request));
    CO_TRY(incidents, co_await context.post->incidents(std::move(caller)));
    const auto id = [](const watch::Incident& it) { return it.id; };
    co_return list_reply(incidents, page, id, [](const watch::Incident& it) { return render(it); });
}

// POST /v1/mail/test
Task<Outcome> test_mail(Context& context, net::Request& request, app::Caller caller) {
    CO_TRY_OK(no_query(request));
    CO_TRY(body, read_body<MailTestBody>(request.body));
    CO_TRY(tried, co_await context.post->test_mail(std::move(caller), std::move(body.to)));
    Value::Array items;
    for (auto& one : tried)
        items.push_back(Value::object({{"to", std::move(one.to)}, {"delivered", one.delivered}, {"answer", std::move(one.answer)}}));
    co_return json_reply(200, Value::object({{"items", std::move(items)}}));
}

}  // namespace

void add_notice_routes(net::Router& router, Context& context) {
    if (context.post == nullptr) return;
    using enum net::Method;
    add_guarded(router, context, get, "/v1/incidents", list_incidents);
    add_guarded(router, context, post, "/v1/mail/test", test_mail);
}

}  // namespace gk::api
