#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>

#include "adapters/incidents/fact_incidents.hpp"
#include "adapters/memory/game_files.hpp"
#include "adapters/memory/vault.hpp"
#include "api/access_log.hpp"
#include "api/context.hpp"
#include "api/reply.hpp"
#include "net/http/server.hpp"
#include "net/http_client/client.hpp"
#include "net/json/json.hpp"
#include "tests/api/match_house.hpp"
#include "tests/app/household.hpp"

namespace gk::apitest {

// The API over adapters in memory behind a real socket, with an admin key.
class Api : public testing::Test {
protected:
    using Headers = std::vector<std::pair<std::string, std::string>>;
    struct Reply {
        int status = 0;
        std::string type;
        std::string text;
        Headers headers;
        Value json;
        std::string header(const std::string& name) const {
            for (const auto& [field, value] : headers) {
                if (field == name) return value;
            }
            return {};
        }
    };

    void SetUp() override {
        if (keeper_is_there) take_over();
        net::Router router;
        api::add_routes(router, context);
        api::add_matchmaking_routes(router, matches.context);
        net::ServerHooks hooks{.problem = [](const net::Problem& problem) { return api::problem_reply(problem); },
                               .access =
                                   [this](const net::Access& access) {
                                       metrics.count(access);
                                       api::log_access(access);
                                   }};
        server.emplace(house.io.get_executor(), house.clock, house.random, std::move(router), net::ServerLimits{}, std::move(hooks));
        remote = net::parse_remote("http://" + server->listen(net::parse_endpoint("127.0.0.1:0").value()).value().text()).value();
        key = house.wait(house.accounts.create({.name = "test"}, "admin", Scope::admin, {})).value().text.reveal();
    }
    void TearDown() override { house.wait(stop()); }
    Task<int> stop() {
        co_await server->stop(std::chrono::seconds(1));
        co_return 0;
    }
    Reply send(const std::string& method, const std::string& target, std::string body = {}, Headers headers = {}, bool with_key = true) {
        return house.wait(exchange(method, target, std::move(body), std::move(headers), with_key));
    }
    // The reply is there later.
    std::shared_ptr<std::optional<Reply>> begin(const std::string& method, const std::string& target, std::string body = {}, Headers headers = {}) {
        auto later = std::make_shared<std::optional<Reply>>();
        boost::asio::co_spawn(house.io, exchange(method, target, std::move(body), std::move(headers), true),
                              [later](std::exception_ptr error, Reply reply) {
                                  if (!error) later->emplace(std::move(reply));
                              });
        return later;
    }
    Task<Reply> exchange(std::string method, std::string target, std::string body, Headers headers, bool with_key) {
        net::ClientRequest request{
            .method = method, .target = target, .headers = std::move(headers), .content_type = "application/json", .body = std::move(body)};
        if (with_key) request.headers.emplace_back("Authorization", "Bearer " + key);
        net::HttpClient client(house.io.get_executor(), house.clock, remote);
        auto got = co_await client.send(std::move(request), std::chrono::hours(1));
        if (!got) {
            ADD_FAILURE() << method << " " << target << ": " << got.error().detail;
            co_return Reply();
        }
        Reply reply{.status = got->status, .type = {}, .text = got->body, .headers = {}, .json = {}};
        for (const auto& [name, value] : got->headers) reply.headers.emplace_back(name, value);
        reply.type = reply.header("Content-Type");
        if (reply.type.ends_with("json")) reply.json = net::parse_json(reply.text, {.depth = 64, .size = 1 << 24}).value_or(Value());
        co_return reply;
    }
    // A reply that has no end of its own.
    std::unique_ptr<net::ClientStream> follow(const std::string& target, Headers headers = {}) {
        net::ClientRequest request{.target = target, .headers = std::move(headers), .content_type = {}, .body = {}};
        request.headers.emplace_back("Authorization", "Bearer " + key);
        net::HttpClient client(house.io.get_executor(), house.clock, remote);
        auto stream = house.wait(client.open(std::move(request), std::chrono::hours(1)));
        if (!stream) ADD_FAILURE() << target << ": " << stream.error().detail;
        return stream ? std::move(*stream) : nullptr;
    }
    std::string next_line(net::ClientStream& stream) {
        const auto line = house.wait(stream.read_line(std::chrono::hours(1)));
        if (!line) return "<" + line.error().detail + ">";
        return line->value_or("<the end>");
    }
    static std::string text(const Value& object, std::string_view name) {
        const auto* found = object.find(name);
        return found != nullptr && found->as_string() != nullptr ? *found->as_string() : std::string();
    }

    apptest::Household house;
    memory::VaultState vault_state;
    memory::MemoryVault vault{vault_state, {}, [this] { return house.clock.now(); }};
    memory::MemoryGameFiles game_files;
    app::GameShelf shelf{house.games, {}, [](const std::string&) { return true; }, game_files};
    api::Metrics metrics;
    void take_over() {
        tenure.begin(Epoch{7});
        admission.open();
    }
    app::Tenure tenure;
    app::Admission admission;
    app::NodeCare nodes{nullptr, house.store, house.ledger, house.clock};
    incidents::FactIncidents incidents{house.ledger};
    app::Post post{{.incidents = incidents, .random = house.random, .clock = house.clock, .mail = nullptr, .people = {}}};
    api::Context context{.servers = house.servers,
                         .accounts = house.accounts,
                         .nodes = nodes,
                         .games = house.games,
                         .shelf = shelf,
                         .ledger = house.ledger,
                         .runtime = house.runtime,
                         .vault = vault,
                         .clock = house.clock,
                         .tenure = tenure,
                         .admission = admission,
                         .metrics = metrics,
                         .public_host = "192.0.2.1",
                         .openapi = games_test::read_document(std::string(GK_SOURCE_DIR) + "/api/openapi.yaml"),
                         .owner_uid = 0,
                         .post = &post};
    MatchHouse matches{house, context};
    bool keeper_is_there = true;  // When the API begins to answer.
    std::optional<net::HttpServer> server;
    net::Remote remote;
    std::string key;
};

}  // namespace gk::apitest
