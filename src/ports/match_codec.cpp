#include "ports/match_codec.hpp"

namespace gk {

Value to_value(const QueueRating& rating) { return Value::object({{"model", name_of(rating.model)}, {"attribute", rating.attribute}}); }

bool decode(const Value& value, const std::string& pointer, Errors& errors, QueueRating& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("model", out.model);
    in.optional("attribute", out.attribute);
    return in.finish();
}

Value to_value(const QueueRecord& queue) {
    auto value = Value::object({{"name", queue.name},
                                {"game", queue.game},
                                {"fleet", queue.fleet},
                                {"rules", queue.rules},
                                {"ticket_ttl", duration_text(queue.ticket_ttl)},
                                {"silence", duration_text(queue.silence)},
                                {"acceptance", duration_text(queue.acceptance)},
                                {"join_tokens", queue.join_tokens},
                                {"rating", to_value(queue.rating)},
                                {"generation", static_cast<std::int64_t>(queue.generation)}});
    if (queue.shadow) value.set("shadow", *queue.shadow);
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, QueueRecord& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    in.required("game", out.game);
    in.optional("fleet", out.fleet);
    in.required("rules", out.rules);
    in.optional("shadow", out.shadow);
    in.required("ticket_ttl", out.ticket_ttl);
    in.required("silence", out.silence);
    in.optional("acceptance", out.acceptance);
    in.optional("join_tokens", out.join_tokens);
    in.optional("rating", out.rating);
    in.optional("generation", out.generation);
    return in.finish_lenient();
}

Value to_value(const PlayerRating& rating) {
    return Value::object({{"player", rating.player},
                          {"queue", rating.queue},
                          {"model", name_of(rating.model)},
                          {"value", rating.standing.value},
                          {"deviation", rating.standing.deviation},
                          {"volatility", rating.standing.volatility},
                          {"matches", std::int64_t{rating.matches}}});
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, PlayerRating& out) {
    ObjectReader in(value, pointer, errors);
    in.required("player", out.player);
    in.required("queue", out.queue);
    in.optional("model", out.model);
    in.required("value", out.standing.value);
    in.required("deviation", out.standing.deviation);
    in.optional("volatility", out.standing.volatility);
    in.optional("matches", out.matches);
    return in.finish_lenient();
}

}  // namespace gk
