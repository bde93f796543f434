#include "programs/config/config.hpp"

#include <map>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "programs/config/cluster_rules.hpp"

namespace gk::programs {
namespace {

SaidByKey state() { return {{"state", {"/var/lib/gk", "--state"}}}; }

// The first complaint.
std::string wrong_with(SaidByKey said) {
    const auto config = make_config({state(), std::move(said)});
    return config ? std::string() : config.error().front();
}

TEST(Config, NothingButAStateIsSafe) {
    const auto config = make_config({state()});

    ASSERT_TRUE(config);
    EXPECT_EQ(config->api.listen, "127.0.0.1:8080");
    EXPECT_EQ(config->vault.place, "/var/lib/gk/vault");
    EXPECT_EQ(config->api.socket, "/var/lib/gk/api.sock");
}

TEST(Config, LaterLayersWin) {
    const auto file = said_in_file("api:\n  listen: 127.0.0.1:1\nports:\n  first: 40000\n  last: 40010\n", "gk.yaml");
    const auto environment = said_in_environment({"GK_API_LISTEN=127.0.0.1:2", "PATH=/bin", "GK_KEY=gk_x"});
    ASSERT_TRUE(file);
    ASSERT_TRUE(environment);

    const auto config = make_config({state(), *file, *environment, {{"ports.last", {"40020", "--ports.last"}}}});

    ASSERT_TRUE(config);
    EXPECT_EQ(config->api.listen, "127.0.0.1:2");
    EXPECT_EQ(config->ports.first, 40000);
    EXPECT_EQ(config->ports.last, 40020);
}

TEST(Config, SaysWhereGamesRunAndHowPlayersReachThem) {
    using enum server::Exposure::Kind;
    const auto file = said_in_file(
        "shape: cluster\ncluster:\n  exposures: [loadBalancer, hostPort]\n  node_selector: [pool=games]\n"
        "  tolerations: ['games=yes:NoSchedule', spot, 'edge:NoExecute']\n  pull_secrets: [registry]\n"
        "  balancer_annotations: ['service.beta.kubernetes.io/azure-load-balancer-resource-group=games']\n",
        "gk.yaml");
    ASSERT_TRUE(file) << file.error().front();

    const auto config = make_config({state(), *file});

    ASSERT_TRUE(config) << config.error().front();
    EXPECT_EQ(config->cluster.exposures, (std::vector{load_balancer, host_port}));
    EXPECT_EQ(config->cluster.node_selector, (Pairs{{"pool", "games"}}));
    EXPECT_EQ(config->cluster.tolerations,
              (std::vector<server::Toleration>{{"games", "yes", "NoSchedule"}, {"spot", std::nullopt, ""}, {"edge", std::nullopt, "NoExecute"}}));
    EXPECT_EQ(config->cluster.balancer_annotations.begin()->second, "games");
    EXPECT_EQ(make_config({state()})->cluster.exposures, (std::vector{node_port, internal})) << "the rest is for operators to allow";
}

TEST(Config, PlayersOfAClusterAreToldWhatTheOperatorSays) {
    const auto told = [](SaidByKey said) {
        const auto config = make_config({state(), {{"shape", {"cluster", "gk.yaml:1"}}}, std::move(said)});
        return config ? players_host(*config) : config.error().front();
    };
    EXPECT_EQ(told({}), "") << "each game has the address of its node";
    EXPECT_EQ(told({{"api.public_host", {"play.example.org", "gk.yaml:2"}}}), "play.example.org");
    EXPECT_EQ(told({{"api.public_host", {"play.example.org", "gk.yaml:2"}}, {"cluster.node_host", {"nodes.example.org", "gk.yaml:3"}}}),
              "nodes.example.org");
}

TEST(Config, RefusesRulesForGamesThatMeanNothing) {
    struct Row {
        std::string key, text, says;
    };
    const Row rows[] = {
        {"cluster.exposures", "nodePort, magic", "'magic' is not one of: nodePort, hostPort, loadBalancer, internal"},
        {"cluster.exposures", "", "name at least one of"},
        {"cluster.pod_security", "privileged", "'privileged' is not one of: restricted, baseline"},
        {"cluster.node_selector", "pool", "'pool' must be NAME=TEXT"},
        {"cluster.tolerations", "games:Never", "'games:Never' is no taint"},
        {"cluster.host_ports.last", "6999", "is greater than cluster.host_ports.last"},
        {"cluster.host_ports.last", "9500", "holds 9401"},
        {"cluster.host_ports.first", "30000", "is greater than"},
    };
    for (const auto& row : rows) {
        const auto config = make_config({state(), {{"shape", {"cluster", "gk.yaml:1"}}, {row.key, {row.text, "gk.yaml:2"}}}});
        ASSERT_FALSE(config) << row.text;
        EXPECT_NE(config.error().front().find(row.says), std::string::npos) << config.error().front();
    }
    const SaidByKey forwarded{{"shape", {"cluster", ""}}, {"ports.first", {"7500", ""}}, {"ports.last", {"8500", ""}}};
    const auto config = make_config({state(), forwarded});
    ASSERT_FALSE(config);
    EXPECT_NE(config.error().front().find("overlap"), std::string::npos) << config.error().front();
}

TEST(Config, AListIsSaidAsYamlOrWithCommas) {
    const auto file = said_in_file("cluster:\n  admins: [system:masters, 'user:jane']\n", "gk.yaml");
    ASSERT_TRUE(file) << file.error().front();

    const auto config = make_config({state(), *file, {{"cluster.readers", {"friends, ops", "GK_CLUSTER_READERS"}}}});

    ASSERT_TRUE(config);
    EXPECT_EQ(config->cluster.admins, (std::vector<std::string>{"system:masters", "user:jane"}));
    EXPECT_EQ(config->cluster.readers, (std::vector<std::string>{"friends", "ops"}));
    EXPECT_FALSE(said_in_file("api:\n  listen: [a, b]\n", "gk.yaml"));
    EXPECT_FALSE(said_in_file("cluster:\n  admins: [[a]]\n", "gk.yaml"));
    EXPECT_FALSE(said_in_file("cluster:\n  admins: ['a,b']\n", "gk.yaml"));
}

TEST(Config, EveryErrorIsReportedWithItsPlace) {
    const auto file = said_in_file("api:\n  listen: nowhere\nbackup:\n  every: 5\nkeeper:\n  workers: 0\n", "gk.yaml");
    ASSERT_TRUE(file);

    const auto config = make_config({state(), *file});

    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().size(), 3u);
    EXPECT_EQ(config.error()[0].substr(0, 10), "gk.yaml:2:");
}

TEST(Config, WhatCouldNotBeReadAndWhatCouldIsToldTogether) {
    const auto unread = said_in_environment({"GK_API_LISEN=x"});
    ASSERT_FALSE(unread);

    // A key of the layer that could not be read may be the other half: nobody is told that it is missing.
    const auto config =
        make_config({state(), {{"backup.every", {"5", "gk.yaml:2"}}, {"api.tls_certificate", {"/c.pem", "gk.yaml:3"}}}}, unread.error());

    ASSERT_FALSE(config);
    ASSERT_EQ(config.error().size(), 2u);
    EXPECT_EQ(config.error()[0].substr(0, 12), "environment:");
    EXPECT_EQ(config.error()[1].substr(0, 10), "gk.yaml:2:");
}

TEST(Config, AMistypedKeyIsAnErrorEverywhere) {
    const auto file = said_in_file("api:\n  lisen: 127.0.0.1:1\n", "gk.yaml");
    const auto environment = said_in_environment({"GK_API_LISEN=x"});

    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().front(), "gk.yaml:2: 'api.lisen' is not known; did you mean 'api.listen'?");
    EXPECT_FALSE(environment);
}

TEST(Config, TheGroupOfTheOriginalsLoadBalancersIsThatOfOurs) {
    const auto originals = said_by_originals({"MC_RESOURCE_GROUP=MC_games_west"});
    ASSERT_TRUE(originals);

    const auto alone = make_config({state(), *originals});
    const auto said = make_config({state(), *originals, {{"cluster.balancer_annotations", {"team=games", "gk.yaml:1"}}}});

    ASSERT_TRUE(alone && said);
    EXPECT_EQ(alone->cluster.balancer_annotations, (Pairs{{"service.beta.kubernetes.io/azure-load-balancer-resource-group", "MC_games_west"}}));
    EXPECT_EQ(said->cluster.balancer_annotations, (Pairs{{"team", "games"}})) << "the weakest of all places";
    EXPECT_FALSE(said_by_originals({"MC_RESOURCE_GROUP="}));
}

TEST(Config, TheShapeIsAWordOfItsOwn) {
    const auto cluster = make_config({state(), *said_in_environment({"GK_SHAPE=cluster", "GK_CLUSTER_NAMESPACE=games"})});
    const auto wrong = make_config({state(), {{"shape", {"kubernetes", "--shape"}}}});

    ASSERT_TRUE(cluster);
    EXPECT_EQ(cluster->shape, Shape::cluster);
    EXPECT_EQ(cluster->cluster.space, "games");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error(), std::vector<std::string>{"--shape: shape: 'kubernetes' is not one of: embedded, cluster"});
}

TEST(Config, BehindTheEdgeGamesBindNumbersThatPlayersDoNotUse) {
    const SaidByKey state = {{"state", {"/srv/gk", "--state"}}};
    const auto shift_of = [&](SaidByKey said) {
        said.insert(state.begin(), state.end());
        const auto config = make_config({said});
        return config ? config->edge.shift(config->ports) : 0;
    };
    EXPECT_EQ(shift_of({{"edge.enabled", {"true", "gk.yaml:1"}}}), -2000) << "those below";
    EXPECT_EQ(shift_of({{"edge.enabled", {"true", "gk.yaml:1"}}, {"edge.ports", {"40000", "gk.yaml:2"}}}), 10000);

    const SaidByKey overlapping = {{"edge.enabled", {"true", "gk.yaml:1"}}, {"edge.ports", {"31000", "gk.yaml:2"}}};
    const auto wrong = make_config({state, overlapping});
    ASSERT_FALSE(wrong);
    EXPECT_TRUE(wrong.error().front().starts_with("gk.yaml:1: behind the edge games would bind ports 31000-32999")) << wrong.error().front();
}

TEST(Config, EdgesOfAClusterComeWithKeysToServersThatMayHaveThem) {
    const auto errors_of = [](const SaidByKey& more) {
        SaidByKey said = {{"state", {"/s", "x"}},
                          {"shape", {"cluster", "x"}},
                          {"edge.enabled", {"true", "gk.yaml:1"}},
                          {"edge.listen", {"0.0.0.0:9402", "x"}},
                          {"edge.certificate", {"/k/tls.crt", "x"}},
                          {"edge.key", {"/k/tls.key", "x"}},
                          {"edge.authority", {"/k/ca.crt", "x"}},
                          {"cluster.exposures", {"edge, internal", "x"}}};
        for (const auto& [key, value] : more) said.insert_or_assign(key, value);
        const auto made = make_config({said});
        return made ? std::string() : fmt::format("{}", fmt::join(made.error(), "; "));
    };
    EXPECT_EQ(errors_of({}), "");
    const std::map<std::pair<std::string, std::string>, std::string> wrong = {
        {{"edge.listen", ""}, "edge.enabled without edge.listen"},
        {{"edge.listen", "here"}, "edge.listen: 'here' has no port"},
        {{"edge.authority", ""}, "edge.enabled without edge.authority"},
        {{"edge.enabled", "false"}, "cluster.exposures has edge, and there is none"},
        {{"cluster.exposures", "nodePort"}, "no server can have exposure edge"},
        {{"edge.ports", "20000"}, "say cluster.edge_ports.first and .last"},
        {{"cluster.edge_ports.last", "25999"}, "is no range"},
        {{"cluster.edge_ports.last", "30005"}, "overlap: one node would have a number twice"},
        {{"cluster.edge_ports.first", "7500"}, "holds 9401"},
    };
    for (const auto& [said, message] : wrong) {
        const auto errors = errors_of({{said.first, {said.second, "gk.yaml:1"}}});
        EXPECT_TRUE(errors.starts_with("gk.yaml:1: ")) << said.first << " " << errors;
        EXPECT_NE(errors.find(message), std::string::npos) << said.first << ": " << errors;
    }
}

TEST(Config, ALedgerElsewhereIsForClusters) {
    const SaidByKey elsewhere = {{"ledger.url", {"postgresql://gk@db/gk", "gk.yaml:4"}}};

    EXPECT_TRUE(make_config({state(), elsewhere, {{"shape", {"cluster", "x"}}}}));
    const auto embedded = make_config({state(), elsewhere});
    ASSERT_FALSE(embedded);
    EXPECT_TRUE(embedded.error().front().starts_with("gk.yaml:4: ledger.url is for shape: cluster")) << embedded.error().front();
}

TEST(Config, SaysHowManyConnectionsTheApiTakes) {
    const auto usual = make_config({state()});
    ASSERT_TRUE(usual);
    EXPECT_EQ(usual->api.connections_per_address, 256U);

    const auto behind_a_proxy = make_config({state(), {{"api.connections_per_address", {"20000", "x"}}, {"api.connections", {"30000", "x"}}}});

    ASSERT_TRUE(behind_a_proxy);
    EXPECT_EQ(behind_a_proxy->api.connections_per_address, 20'000U);
    EXPECT_EQ(behind_a_proxy->api.connections, 30'000U);
    EXPECT_FALSE(make_config({state(), {{"api.connections", {"0", "x"}}}}));
}

TEST(Config, ControlPlanesThatShareMatchesShareTheirServersToo) {
    const SaidByKey url = {{"match.url", {"postgresql://gk@db/gk", "gk.yaml:4"}}};
    const SaidByKey folder = {{"match.servers", {"/srv/matches", "gk.yaml:5"}}};

    EXPECT_TRUE(make_config({state(), url, folder}));
    const auto alone = make_config({state(), url}), for_nobody = make_config({state(), folder});
    const auto cluster = make_config({state(), url, folder, {{"shape", {"cluster", "x"}}}});
    ASSERT_FALSE(alone);
    EXPECT_TRUE(alone.error().front().starts_with("gk.yaml:4: match.url without match.servers")) << alone.error().front();
    ASSERT_FALSE(for_nobody);
    EXPECT_TRUE(for_nobody.error().front().starts_with("gk.yaml:5: match.servers without match.url")) << for_nobody.error().front();
    ASSERT_FALSE(cluster);
    EXPECT_TRUE(cluster.error().front().starts_with("gk.yaml:4: match.url is for shape: embedded")) << cluster.error().front();
}

TEST(Config, ListeningBeyondLoopbackNeedsAWord) {
    EXPECT_FALSE(make_config({state(), {{"api.listen", {"0.0.0.0:8080", "x"}}}}));
    EXPECT_TRUE(make_config({state(), {{"api.listen", {"0.0.0.0:8080", "x"}}, {"api.expose_without_tls", {"true", "x"}}}}));
    EXPECT_TRUE(
        make_config({state(), {{"api.listen", {"0.0.0.0:8080", "x"}}, {"api.tls_certificate", {"/c.pem", "x"}}, {"api.tls_key", {"/k.pem", "x"}}}}));
    const auto half = make_config({state(), {{"api.tls_certificate", {"/c.pem", "conf:3"}}}});
    ASSERT_FALSE(half);
    EXPECT_EQ(half.error(), std::vector<std::string>{"conf:3: api.tls_certificate without api.tls_key: TLS needs both"});
    EXPECT_TRUE(make_config({state(), {{"api.listen", {"[::1]:8080", "x"}}}}));
}

TEST(Config, WhoeverSendsNoKeyIsLetInOnThisMachineOnly) {
    const SaidByKey anonymous = {{"compat.anonymous", {"true", "conf:2"}}};
    const SaidByKey open = {{"api.listen", {"0.0.0.0:8080", "conf:1"}}, {"api.expose_without_tls", {"true", "conf:3"}}};

    EXPECT_TRUE(make_config({state(), anonymous}));
    EXPECT_TRUE(make_config({state(), open}));
    const auto both = make_config({state(), anonymous, open});
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().front().substr(0, 24), "conf:2: compat.anonymous");
}

TEST(Config, CompatibilityIsSaidInYaml) {
    const auto file = said_in_file("compat:\n  health: 001\n  wait: 90s\n  eula: accepted\n", "gk.yaml");
    ASSERT_TRUE(file);

    const auto config = make_config({state(), *file});

    ASSERT_TRUE(config) << config.error().front();
    EXPECT_TRUE(config->compat.health_of_matchmaking);
    EXPECT_EQ(config->compat.wait, std::chrono::seconds(90));
    EXPECT_TRUE(config->compat.eula_accepted);
    EXPECT_FALSE(make_config({state(), {{"compat.health", {"002", "x"}}}}));
    EXPECT_FALSE(make_config({state(), {{"compat.eula", {"true", "x"}}}}));
}

TEST(Config, EnvironmentNamesOfTheOriginalsAreTheWeakestLayer) {
    const auto originals = said_by_originals({"PORT=8000", "LOG_LEVEL=WARNING", "HOME=/root"});
    ASSERT_TRUE(originals);

    const auto alone = make_config({state(), *originals});
    const auto said = make_config({state(), *originals, {{"api.listen", {"127.0.0.1:1", "gk.yaml:1"}}}});

    ASSERT_TRUE(alone);
    EXPECT_EQ(alone->api.listen, "127.0.0.1:8000");
    EXPECT_EQ(alone->log.level, "warning");
    ASSERT_TRUE(said);
    EXPECT_EQ(said->api.listen, "127.0.0.1:1");
    const auto wrong = said_by_originals({"PORT=http", "LOG_LEVEL=LOUD"});
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().size(), 2U);
}

TEST(Config, MailsNeedAServerASenderAndSomebody) {
    const SaidByKey good = {{"mail.server", {"mail.castle.example", "gk.yaml:1"}},
                            {"mail.from", {"gk@castle.example", "gk.yaml:2"}},
                            {"mail.to", {"anna@castle.example, ben@castle.example", "gk.yaml:3"}}};
    const auto config = make_config({state(), good});
    ASSERT_TRUE(config) << config.error().front();
    EXPECT_EQ(config->mail.to, (std::vector<std::string>{"anna@castle.example", "ben@castle.example"}));
    EXPECT_EQ(config->mail.tls, mail::Security::starttls);

    EXPECT_TRUE(wrong_with({{"mail.server", {"mail.castle.example", "gk.yaml:1"}}}).contains("gk.yaml:1: mail.server without mail.from"));
    EXPECT_TRUE(wrong_with({{"mail.to", {"anna@castle.example", "gk.yaml:3"}}}).contains("gk.yaml:3: mail needs mail.server"));
    EXPECT_TRUE(wrong_with({{"mail.to", {"anna", "gk.yaml:3"}}}).contains("'anna' is no mail address"));
    EXPECT_TRUE(wrong_with({{"mail.tls", {"ssl", "gk.yaml:4"}}}).contains("'ssl' is not one of: starttls, implicit, none"));
    EXPECT_TRUE(wrong_with({{"mail.server", {"smtp://x", "gk.yaml:1"}}}).contains("is no mail server"));
    auto open = good;
    open["mail.tls"] = {"none", "gk.yaml:4"};
    EXPECT_EQ(wrong_with(open), "");
    open["mail.user"] = {"gk", "gk.yaml:5"};
    open["mail.password_file"] = {"/run/mail.password", "gk.yaml:6"};
    EXPECT_TRUE(wrong_with(open).contains("mail.tls: none would send the password"));
    open["mail.server"] = {"127.0.0.1:2525", "gk.yaml:1"};
    EXPECT_EQ(wrong_with(open), "") << "on this machine";
    open.erase("mail.password_file");
    EXPECT_TRUE(wrong_with(open).contains("a login needs both"));
}

TEST(Config, SleepAndWatchdogHaveTheirBounds) {
    EXPECT_EQ(make_config({state(), {{"idle.minutes", {"0", "x"}}}})->idle.minutes, 0);
    EXPECT_EQ(make_config({state(), {{"idle.minutes", {"2", "x"}}}})->idle.minutes, 2);
    EXPECT_FALSE(make_config({state(), {{"idle.minutes", {"1", "x"}}}}));
    EXPECT_FALSE(make_config({state(), {{"watchdog.max_hours", {"-1", "x"}}}}));
    EXPECT_FALSE(make_config({state(), {{"webhooks.urls", {"hooks.castle.example", "x"}}}}));
    EXPECT_EQ(make_config({state(), {{"webhooks.urls", {"https://a.example/x,https://b.example", "x"}}}})->webhooks.urls.size(), 2u);
}

TEST(Config, AVaultInAnObjectStoreIsNamedAsResticNamesIt) {
    const auto placed = [](std::string place) { return make_config({state(), {{"vault.place", {std::move(place), "GK_VAULT_PLACE"}}}}); };
    EXPECT_TRUE(placed("s3:https://s3.example.com/worlds/castle"));
    const auto wrong = placed("s3:s3.example.com/worlds");
    ASSERT_FALSE(wrong);
    EXPECT_TRUE(wrong.error().front().contains("GK_VAULT_PLACE: vault.place: 's3:s3.example.com/worlds' names no https")) << wrong.error().front();
}

TEST(Config, AZoneWantsItsAddressesAndNameServers) {
    const SaidByKey good = {{"edge.enabled", {"true", "gk.yaml:1"}},
                            {"edge.zone", {"play.example.org", "gk.yaml:2"}},
                            {"edge.addresses", {"203.0.113.7, 2001:db8::7", "gk.yaml:3"}},
                            {"edge.name_servers", {"ns.play.example.org", "gk.yaml:4"}},
                            {"edge.dns_wakes", {"castle,friends/tower", "gk.yaml:5"}}};
    const auto config = make_config({state(), good});
    ASSERT_TRUE(config) << config.error().front();
    const auto& zone = config->edge.zone;
    EXPECT_EQ(zone.origin, "play.example.org");
    ASSERT_EQ(zone.addresses.size(), 2U);
    EXPECT_EQ(zone.addresses[1].text(), "2001:db8::7");
    EXPECT_EQ(zone.listen.at(0).text(), "[::]:53");
    EXPECT_TRUE(zone.wakes.contains("friends/tower"));

    const auto without = [&](const char* key) {
        auto some = good;
        some.erase(key);
        return wrong_with(some);
    };
    EXPECT_TRUE(without("edge.enabled").contains("gk.yaml:2: edge.zone without edge.enabled: true"));
    EXPECT_TRUE(without("edge.addresses").contains("gk.yaml:2: edge.zone without edge.addresses: say at which addresses"));
    EXPECT_TRUE(without("edge.name_servers").contains("gk.yaml:2: edge.zone without edge.name_servers"));
    EXPECT_TRUE(without("edge.zone").contains("gk.yaml:3: edge.zone is missing"));
    EXPECT_TRUE(wrong_with({{"edge.zone", {"Play.example.org", "gk.yaml:2"}}}).contains("'Play.example.org' is no name"));
    EXPECT_TRUE(wrong_with({{"edge.addresses", {"here", "gk.yaml:2"}}}).contains("'here' is no address"));
    EXPECT_TRUE(wrong_with({{"edge.dns", {"53", "gk.yaml:2"}}}).contains("'53' is no address with its port"));
}

TEST(Config, WhatKeepsAServerUpIsSaidByName) {
    const auto config = make_config({state(), {{"idle.keep_for", {"console, files", "x"}}, {"idle.noise", {"0.5", "x"}}}});
    ASSERT_TRUE(config);
    EXPECT_TRUE(config->idle.keep_for.console && config->idle.keep_for.files);
    EXPECT_EQ(config->idle.noise, 0.5);
    EXPECT_TRUE(wrong_with({{"idle.keep_for", {"shell", "x"}}}).contains("'shell' is not one of: console, files"));
}

}  // namespace
}  // namespace gk::programs
