#pragma once

#include <functional>
#include <string>

#include "api/metrics.hpp"
#include "app/accounts/accounts.hpp"
#include "app/catalog/game_shelf.hpp"
#include "app/edge/edge_desk.hpp"
#include "app/keeper/admission.hpp"
#include "app/keeper/tenure.hpp"
#include "app/nodes/nodes.hpp"
#include "app/servers/servers.hpp"
#include "app/watch/attendance.hpp"
#include "app/watch/post.hpp"
#include "base/value.hpp"
#include "domain/catalog/catalog.hpp"
#include "net/http/message.hpp"
#include "net/http/router.hpp"
#include "ports/clock.hpp"
#include "ports/identities.hpp"
#include "ports/ledger.hpp"
#include "ports/runtime.hpp"
#include "ports/vault.hpp"

namespace gk::api {

// What routes work with. Made by the program, outlives every request.
struct Context {
    app::Servers& servers;
    app::Accounts& accounts;
    app::NodeCare& nodes;
    const catalog::Catalog& games;
    const app::GameShelf& shelf;
    Ledger& ledger;
    Runtime& runtime;
    Vault& vault;
    Clock& clock;
    app::Tenure& tenure;
    app::Admission& admission;
    Metrics& metrics;
    std::string public_host;                  // What players are told.
    Value openapi;                            // api/openapi.yaml.
    uid_t owner_uid = 0;                      // Besides root, whom the Unix socket trusts.
    Identities* identities = nullptr;         // Who has tokens that are no keys of ours; null: nobody.
    std::function<Task<void>()> collect{};    // Sets what others count, right before a page of metrics is made; empty: nobody counts.
    const app::EdgeDesk* edge = nullptr;      // Null where no edge stands before the games.
    app::Attendance* attendance = nullptr;    // Told who has a console open; null: nobody wants to know.
    app::Post* post = nullptr;                // Null: there are no routes about notices.
    std::function<std::string()> keeper_name{};  // Of whoever else keeps, as far as is known.
};

using Outcome = Result<net::Response, app::Error>;
using Action = Task<Outcome> (*)(Context&, net::Request&, app::Caller);

// Adds every route of contract section 4. `context` must outlive the router.
void add_routes(net::Router& router, Context& context);

// Each folder of routes adds its own; add_routes() calls them all.
void add_system_routes(net::Router& router, Context& context);
void add_catalog_routes(net::Router& router, Context& context);
void add_server_routes(net::Router& router, Context& context);
void add_snapshot_routes(net::Router& router, Context& context);
void add_log_routes(net::Router& router, Context& context);
void add_node_routes(net::Router& router, Context& context);
void add_edge_routes(net::Router& router, Context& context);
void add_notice_routes(net::Router& router, Context& context);
void add_operation_routes(net::Router& router, Context& context);
void add_event_routes(net::Router& router, Context& context);
void add_key_routes(net::Router& router, Context& context);

// Adds a route whose caller must be known: by key, or by the uid of a Unix socket's peer.
void add_guarded(net::Router& router, Context& context, net::Method method, std::string pattern, Action action);

}  // namespace gk::api
