#include "api/match/match_owner.hpp"

#include <utility>

#include <fmt/format.h>

#include "app/match/join_token.hpp"
#include "base/bytes.hpp"
#include "base/decode.hpp"
#include "base/value.hpp"
#include "net/http_client/client.hpp"
#include "net/json/json.hpp"
#include "tls/digest.hpp"

namespace gk::api {
namespace {

constexpr std::string_view voucher_header = "Gamekeeper-Voucher";
constexpr Milliseconds voucher_life = std::chrono::seconds(30);
constexpr Milliseconds answer_limit = std::chrono::seconds(5);

app::Error nobody_answers(std::string detail) {
    return {.kind = app::Error::Kind::unavailable,
            .code = "not_at_work",
            .message = "the control plane that makes the matches does not answer at the moment; try again",
            .detail = std::move(detail)};
}

// Like a player's token, for a request instead of a match.
std::string purpose_of(const net::Request& request) {
    return fmt::format("voucher for {} {} {}", name_of(request.method), request.raw_target, tls::hex(tls::sha256(as_byte_span(request.body))));
}

std::string text_of(const app::Visitor& visitor) {
    const auto& caller = visitor.caller;
    return to_json(Value::object({{"name", caller.name},
                                  {"scope", name_of(caller.scope)},
                                  {"tenant", caller.tenant},
                                  {"only_reads", caller.only_reads},
                                  {"player", visitor.player ? Value(*visitor.player) : Value()},
                                  {"is_hearsay", visitor.is_hearsay},
                                  {"server", visitor.server ? Value(visitor.server->text()) : Value()}}));
}

std::optional<app::Visitor> read_visitor(const std::string& text) {
    const auto value = net::parse_json(text);
    if (!value) return std::nullopt;
    Errors errors;
    ObjectReader in(*value, "", errors);
    app::Visitor visitor;
    std::string scope;
    in.required("name", visitor.caller.name);
    in.required("scope", scope);
    in.required("tenant", visitor.caller.tenant);
    in.required("only_reads", visitor.caller.only_reads);
    in.optional("player", visitor.player);
    in.required("is_hearsay", visitor.is_hearsay);
    std::optional<std::string> server;
    in.optional("server", server);
    const auto known = from_name<Scope>(scope);
    if (!in.finish() || !known) return std::nullopt;
    visitor.caller.scope = *known;
    if (server) visitor.server = MatchId::parse(*server);
    if (server && !visitor.server) return std::nullopt;
    return visitor;
}

}  // namespace

std::string make_voucher(const Secret& key, const net::Request& request, const app::Visitor& visitor, Time expires) {
    return app::make_join_token(key, purpose_of(request), text_of(visitor), expires);
}

std::optional<app::Visitor> visitor_of_voucher(const Secret& key, const net::Request& request, std::string_view voucher, Time now) {
    const auto text = app::player_of_join_token(key, purpose_of(request), voucher, now);
    return text ? read_visitor(*text) : std::nullopt;
}

MatchOwner::MatchOwner(boost::asio::any_io_executor loop, Clock& clock, MatchOffice& office, Secret key, std::optional<tls::Peers> peers)
    : loop_(std::move(loop)),
      clock_(clock),
      office_(office),
      key_(std::move(key)),
      peers_(std::move(peers)) {}

Task<Result<net::Response, app::Error>> MatchOwner::ask(const net::Request& request, const app::Visitor& visitor) {
    const auto holder = co_await office_.holder();
    if (!holder) co_return std::unexpected(nobody_answers(holder.error().detail));
    if (!*holder) co_return std::unexpected(nobody_answers("nobody makes the matches, or it is not known where that one listens"));
    auto remote = net::parse_remote(**holder);
    if (!remote) co_return std::unexpected(nobody_answers(remote.error()));
    std::optional<tls::Context> secured;
    if (remote->is_tls && !peers_)
        co_return std::unexpected(
            nobody_answers(fmt::format("{} speaks TLS, and this one has no certificate to compare; set api.tls_certificate", **holder)));
    if (remote->is_tls) {
        remote->tls_name = peers_->name;
        secured = peers_->context;
    }

    net::ClientRequest asked;
    asked.method = name_of(request.method);
    asked.target = request.raw_target;
    asked.headers.emplace_back(voucher_header, make_voucher(key_, request, visitor, clock_.calendar() + voucher_life));
    if (!request.body.empty()) asked.content_type = "application/json";
    asked.body = request.body;
    net::HttpClient client(loop_, clock_, *remote, std::move(secured));
    auto answer = co_await client.send(std::move(asked), answer_limit);
    if (!answer) co_return std::unexpected(nobody_answers(fmt::format("{}: {}", **holder, answer.error().detail)));
    net::Response response;
    response.status = answer->status;
    if (const auto type = answer->header("Content-Type")) response.content_type = *type;
    if (const auto again = answer->header("Retry-After")) response.headers.emplace_back("Retry-After", *again);
    response.body = std::move(answer->body);
    co_return response;
}

bool MatchOwner::is_asked_by_another(const net::Request& request) { return request.header(voucher_header).has_value(); }

Result<app::Visitor, app::Error> MatchOwner::visitor_of(const net::Request& request) const {
    auto visitor = visitor_of_voucher(key_, request, request.header(voucher_header).value_or(""), clock_.calendar());
    if (visitor) return std::move(*visitor);
    return std::unexpected(app::Error{.kind = app::Error::Kind::unauthenticated,
                                      .code = "unauthenticated",
                                      .message = "this voucher is not of a control plane of ours, not for this request, or has expired"});
}

}  // namespace gk::api
