#include "programs/config/keys.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "adapters/mail/account.hpp"
#include "adapters/redis/address.hpp"
#include "adapters/webhook/webhook.hpp"
#include "base/text.hpp"
#include "domain/server/recipients.hpp"
#include "net/http/endpoint.hpp"
#include "net/http_client/connect.hpp"
#include "programs/config/cluster_rules.hpp"

namespace gk::programs {
namespace {

std::string read_text(std::string_view text, std::string& out) {
    out = text;
    return {};
}

template <class T>
std::string read_number(std::string_view text, T& out, T least, T most) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most)) {
        return fmt::format("'{}' is no number between {} and {}", text, least, most);
    }
    out = value;
    return {};
}

std::string read_flag(std::string_view text, bool& out) {
    if (text != "true" && text != "false") return fmt::format("'{}' is neither true nor false", text);
    out = text == "true";
    return {};
}

std::string read_duration(std::string_view text, Milliseconds& out, Milliseconds least) {
    const auto parsed = parse_duration(text);
    if (!parsed) return fmt::format("'{}' is no duration; write whole numbers with d, h, m, s or ms, such as 1h30m", text);
    if (*parsed < least) return fmt::format("{} is too short; the least is {}", text, duration_text(least));
    out = *parsed;
    return {};
}

// A list of YAML, or one text with commas.
std::string read_list(std::string_view text, std::vector<std::string>& out) {
    out.clear();
    for (const auto part : split(text, ',')) {
        if (!trimmed(part).empty()) out.emplace_back(trimmed(part));
    }
    return {};
}

std::string read_listen(std::string_view text, std::string& out) {
    if (const auto endpoint = net::parse_endpoint(text); !endpoint) return endpoint.error();
    out = text;
    return {};
}

std::string read_redis(std::string_view text, std::string& out) {
    if (const auto address = redis::parse_address(text); !address) return address.error();
    out = text;
    return {};
}

std::string read_remote(std::string_view text, std::string& out) {
    if (const auto remote = net::parse_remote(text); !remote) return remote.error();
    out = text;
    return {};
}

std::string read_mail_server(std::string_view text, std::string& out) {
    if (const auto place = mail::parse_place(text); !place) return place.error();
    out = text;
    return {};
}

std::string read_mail_security(std::string_view text, mail::Security& out) {
    const auto security = from_name<mail::Security>(text);
    if (!security) return fmt::format("'{}' is not one of: {}", text, fmt::join(mail::security_names, ", "));
    out = *security;
    return {};
}

std::string read_mail_address(std::string_view text, std::string& out) {
    if (!server::is_mail_address(text)) return fmt::format("'{}' is no mail address such as anna@castle.example", text);
    out = text;
    return {};
}

std::string read_mail_addresses(std::string_view text, std::vector<std::string>& out) {
    std::vector<std::string> said;
    read_list(text, said);
    out.clear();
    for (const auto& address : said) {
        if (auto wrong = read_mail_address(address, out.emplace_back()); !wrong.empty()) return wrong;
    }
    return {};
}

std::string read_webhooks(std::string_view text, std::vector<std::string>& out) {
    std::vector<std::string> said;
    read_list(text, said);
    for (const auto& url : said) {
        if (const auto target = webhook::parse_target(url); !target) return target.error();
    }
    out = std::move(said);
    return {};
}

std::string read_keep_for(std::string_view text, wake::KeepFor& out) {
    out = {};
    for (const auto part : split(text, ',')) {
        const auto what = trimmed(part);
        if (what == "console") out.console = true;
        else if (what == "files") out.files = true;
        else if (!what.empty()) return fmt::format("'{}' is not one of: console, files", what);
    }
    return {};
}

// Shorter than two minutes nobody gets in again after a crash of his own machine.
std::string read_idle_minutes(std::string_view text, int& out) {
    constexpr int most = 60 * 24 * 365;
    if (auto wrong = read_number<int>(text, out, 0, most); !wrong.empty()) return wrong;
    return out == 1 ? "1 is too short; the least is 2, and 0 is never" : "";
}

std::string read_domain(std::string_view text, std::string& out) {
    if (!wake::is_domain_name(text)) return fmt::format("'{}' is no name such as play.example.org, in lower case and without a dot at its end", text);
    out = text;
    return {};
}

std::string read_domains(std::string_view text, std::vector<std::string>& out) {
    std::vector<std::string> names;
    read_list(text, names);
    out.clear();
    for (const auto& name : names) {
        if (auto wrong = read_domain(name, out.emplace_back()); !wrong.empty()) return wrong;
    }
    return {};
}

std::string read_addresses(std::string_view text, std::vector<wake::Address>& out) {
    std::vector<std::string> texts;
    read_list(text, texts);
    out.clear();
    for (const auto& one : texts) {
        const auto address = wake::Address::parse(one);
        if (!address) return fmt::format("'{}' is no address such as 203.0.113.7 or 2001:db8::7", one);
        out.push_back(*address);
    }
    return {};
}

std::string read_endpoints(std::string_view text, std::vector<wake::Endpoint>& out) {
    std::vector<std::string> texts;
    read_list(text, texts);
    out.clear();
    for (const auto& one : texts) {
        const auto endpoint = wake::Endpoint::parse(one);
        if (!endpoint) return fmt::format("'{}' is no address with its port such as 203.0.113.7:53 or [::]:53", one);
        out.push_back(*endpoint);
    }
    return {};
}

std::string read_names(std::string_view text, std::set<std::string, std::less<>>& out) {
    std::vector<std::string> names;
    read_list(text, names);
    out = {names.begin(), names.end()};
    return {};
}

std::string read_level(std::string_view text, std::string& out) {
    static constexpr std::array<std::string_view, 4> levels = {"debug", "info", "warning", "error"};
    if (std::ranges::find(levels, text) == levels.end()) return fmt::format("'{}' is not one of: {}", text, fmt::join(levels, ", "));
    out = text;
    return {};
}

std::string read_shape(std::string_view text, Shape& out) {
    const auto shape = from_name<Shape>(text);
    if (!shape) return fmt::format("'{}' is not one of: {}", text, fmt::join(shape_names, ", "));
    out = *shape;
    return {};
}

// YAML takes 001 for the number 1.
std::string read_health(std::string_view text, bool& of_matchmaking) {
    const bool first = text == "000" || text == "0", second = text == "001" || text == "1";
    if (!first && !second) return fmt::format("'{}' is neither 000 nor 001", text);
    of_matchmaking = second;
    return {};
}

std::string read_eula(std::string_view text, bool& accepted) {
    if (text != "accepted") return fmt::format("'{}' is not 'accepted', which is all that can be said here", text);
    accepted = true;
    return {};
}

constexpr std::uint16_t port_max = 65535;
constexpr std::size_t connections_max = 1'000'000;
constexpr std::int64_t memory_max = 1 << 26;

constexpr auto keys = std::to_array<Key>({
    {"shape", "embedded: games are processes of this machine; cluster: pods of a Kubernetes (embedded)",
     [](std::string_view t, Config& c) { return read_shape(t, c.shape); }},
    {"state", "folder of everything Gamekeeper keeps", [](std::string_view t, Config& c) { return read_text(t, c.state); }},
    {"api.listen", "address and port of the API (127.0.0.1:8080)", [](std::string_view t, Config& c) { return read_listen(t, c.api.listen); }},
    {"api.socket", "path of the API's Unix socket", [](std::string_view t, Config& c) { return read_text(t, c.api.socket); }},
    {"api.tls_certificate", "PEM file with the API's certificate and its chain; needs api.tls_key",
     [](std::string_view t, Config& c) { return read_text(t, c.api.tls_certificate); }},
    {"api.tls_key", "PEM file with the private key of api.tls_certificate",
     [](std::string_view t, Config& c) { return read_text(t, c.api.tls_key); }},
    {"api.expose_without_tls", "allow api.listen beyond this machine although there is no TLS (false)",
     [](std::string_view t, Config& c) { return read_flag(t, c.api.expose_without_tls); }},
    {"api.public_host", "address that players are told (this machine's first public one; in a cluster that of the node)",
     [](std::string_view t, Config& c) { return read_text(t, c.api.public_host); }},
    {"api.connections", "connections to the API at the same time (20000)",
     [](std::string_view t, Config& c) { return read_number<std::size_t>(t, c.api.connections, 1, connections_max); }},
    {"api.connections_per_address", "of them from one address; more when people come through a proxy (256)",
     [](std::string_view t, Config& c) { return read_number<std::size_t>(t, c.api.connections_per_address, 1, connections_max); }},
    {"ports.first", "first port for games (30000)",
     [](std::string_view t, Config& c) { return read_number<std::uint16_t>(t, c.ports.first, 1024, port_max); }},
    {"ports.last", "last port for games (31999)",
     [](std::string_view t, Config& c) { return read_number<std::uint16_t>(t, c.ports.last, 1024, port_max); }},
    {"edge.enabled", "stand before the games: who knocks wakes a server that sleeps (false)",
     [](std::string_view t, Config& c) { return read_flag(t, c.edge.enabled); }},
    {"edge.ports", "first of the ports that games bind on the loopback then, as many as for players (those below ports.first)",
     [](std::string_view t, Config& c) { return read_number<std::uint16_t>(t, c.edge.ports, 1024, port_max); }},
    {"edge.loops", "threads that relay (one for each processor)",
     [](std::string_view t, Config& c) { return read_number<unsigned>(t, c.edge.loops, 1, 1024); }},
    {"edge.transparent", "games see players' addresses instead of the edge's, where this machine can do that (true)",
     [](std::string_view t, Config& c) { return read_flag(t, c.edge.transparent); }},
    {"edge.listen", "of a cluster: ADDRESS:PORT to which edges come for their routes (none)",
     [](std::string_view t, Config& c) { return read_text(t, c.edge.listen); }},
    {"edge.certificate", "of a cluster: PEM file that edges are shown there; `gamekeeper manifests --edge-keys` makes it (none)",
     [](std::string_view t, Config& c) { return read_text(t, c.edge.certificate); }},
    {"edge.key", "of a cluster: PEM file with its key (none)", [](std::string_view t, Config& c) { return read_text(t, c.edge.key); }},
    {"edge.authority", "of a cluster: PEM file of who signed what edges show (none)",
     [](std::string_view t, Config& c) { return read_text(t, c.edge.authority); }},
    {"edge.address", "of a cluster: address of the edges that players are told (as with nodePort)",
     [](std::string_view t, Config& c) { return read_text(t, c.edge.address); }},
    {"edge.domain", "Minecraft worlds share port 25565 by the names ID.DOMAIN (none: each has its own port only)",
     [](std::string_view t, Config& c) { return read_text(t, c.edge.domain); }},
    {"edge.zone", "domain that is delegated to the edge, which is its name server: each server is ID.ZONE (none)",
     [](std::string_view t, Config& c) { return read_domain(t, c.edge.zone.origin); }},
    {"edge.addresses", "of edge.zone: addresses at which players reach the edge, IPv4 and IPv6",
     [](std::string_view t, Config& c) { return read_addresses(t, c.edge.zone.addresses); }, true},
    {"edge.name_servers", "of edge.zone: names under which its parent zone knows the edge; those within the zone have edge.addresses",
     [](std::string_view t, Config& c) { return read_domains(t, c.edge.zone.name_servers); }, true},
    {"edge.contact", "of edge.zone: whom to write to, as a name: hostmaster.example.org is hostmaster@example.org (hostmaster of the zone)",
     [](std::string_view t, Config& c) { return read_domain(t, c.edge.zone.contact); }},
    {"edge.dns", "of edge.zone: ADDRESS:PORT where questions come to ([::]:53)",
     [](std::string_view t, Config& c) { return read_endpoints(t, c.edge.zone.listen); }, true},
    {"edge.dns_wakes", "of edge.zone: servers that a question for their name wakes, NAMESPACE/ID beyond the usual namespace (none)",
     [](std::string_view t, Config& c) { return read_names(t, c.edge.zone.wakes); }, true},
    {"machine.user", "whom serve runs as when started as root (gamekeeper)",
     [](std::string_view t, Config& c) { return read_text(t, c.machine.user); }},
    {"machine.uid_base", "first uid for games (600000)",
     [](std::string_view t, Config& c) { return read_number<std::uint32_t>(t, c.machine.uid_base, 1000, 4'000'000'000u); }},
    {"machine.cpu_overcommit", "how many times the cpus may be promised (4)",
     [](std::string_view t, Config& c) { return read_number<double>(t, c.machine.cpu_overcommit, 0.1, 100.0); }},
    {"machine.memory_mib", "memory for all games together, MiB (0: all but 512)",
     [](std::string_view t, Config& c) { return read_number<std::int64_t>(t, c.machine.memory_mib, 0, memory_max); }},
    {"machine.sandbox", "false: plain processes even as root (true)", [](std::string_view t, Config& c) { return read_flag(t, c.machine.sandbox); }},
    {"cluster.kubeconfig", "path of a kubeconfig (found as kubectl finds it, or the pod's own account)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.kubeconfig); }},
    {"cluster.context", "which context of the kubeconfig (its current one)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.context); }},
    {"cluster.namespace", "namespace of the control plane's own objects (gamekeeper-system)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.space); }},
    {"cluster.worlds", "the namespace whose worlds are kept, when there are others that another installation keeps (all)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.worlds); }},
    {"cluster.matches", "namespace of match servers and Fleets (that of the control plane)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.matches); }},
    {"cluster.storage_class", "storage class of new worlds (the cluster's default)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.storage_class); }},
    {"cluster.node_host", "address that players are told (api.public_host, else the node's external one, else its internal one)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.node_host); }},
    {"cluster.image_prefix", "registry and path of games' images that name none (gamekeeper.local/)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.image_prefix); }},
    {"cluster.image_tag", "tag of games' images that name none (1)", [](std::string_view t, Config& c) { return read_text(t, c.cluster.image_tag); }},
    {"cluster.shim_image", "image that copies gk-shim into games' images (gamekeeper.local/gk-shim:1)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.shim_image); }},
    {"cluster.backup_image", "image of the pods that back up and restore (gamekeeper.local/restic:1)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.backup_image); }},
    {"cluster.exposures",
     "how players may reach games: of nodePort, hostPort, loadBalancer, edge, internal; the first is the usual one (nodePort, internal)",
     [](std::string_view t, Config& c) { return read_exposures(t, c.cluster.exposures); }, true},
    {"cluster.host_ports.first", "first port of nodes for games with hostPort (7000)",
     [](std::string_view t, Config& c) { return read_number<std::uint16_t>(t, c.cluster.host_ports.first, 1024, port_max); }},
    {"cluster.host_ports.last", "last port of nodes for games with hostPort (7999)",
     [](std::string_view t, Config& c) { return read_number<std::uint16_t>(t, c.cluster.host_ports.last, 1024, port_max); }},
    {"cluster.edge_ports.first", "first port of edges for games with exposure edge (26000)",
     [](std::string_view t, Config& c) { return read_number<std::uint16_t>(t, c.cluster.edge_ports.first, 1024, port_max); }},
    {"cluster.edge_ports.last", "last port of edges for games with exposure edge (26099)",
     [](std::string_view t, Config& c) { return read_number<std::uint16_t>(t, c.cluster.edge_ports.last, 1024, port_max); }},
    {"cluster.balancer_annotations", "annotations of the Services of games with loadBalancer, as NAME=TEXT (none)",
     [](std::string_view t, Config& c) { return read_pairs(t, c.cluster.balancer_annotations); }, true},
    {"cluster.node_selector", "labels of the nodes on which games run, as NAME=TEXT (any node)",
     [](std::string_view t, Config& c) { return read_pairs(t, c.cluster.node_selector); }, true},
    {"cluster.tolerations", "taints that games tolerate, as KEY[=VALUE][:EFFECT] (none)",
     [](std::string_view t, Config& c) { return read_tolerations(t, c.cluster.tolerations); }, true},
    {"cluster.pull_secrets", "Secrets in the namespaces of games with which their images are pulled (none)",
     [](std::string_view t, Config& c) { return read_list(t, c.cluster.pull_secrets); }, true},
    {"cluster.priority_class", "priority class of games (the cluster's default)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.priority_class); }},
    {"cluster.runtime_class", "runtime class of games, such as a stronger sandbox (the cluster's default)",
     [](std::string_view t, Config& c) { return read_text(t, c.cluster.runtime_class); }},
    {"cluster.pod_security", "what definitions of games stay within: restricted, or baseline for images that run as root (restricted)",
     [](std::string_view t, Config& c) { return read_pod_security(t, c.cluster.pod_security); }},
    {"cluster.admins", "groups and user:NAMEs that the cluster knows and who may do everything here, with commas (none)",
     [](std::string_view t, Config& c) { return read_list(t, c.cluster.admins); }, true},
    {"cluster.readers", "groups and user:NAMEs that the cluster knows and who may look, with commas (none)",
     [](std::string_view t, Config& c) { return read_list(t, c.cluster.readers); }, true},
    {"vault.place", "folder of the backups, or s3:https://ENDPOINT/BUCKET/PREFIX (<state>/vault)",
     [](std::string_view t, Config& c) { return read_text(t, c.vault.place); }},
    {"vault.s3.region", "region of the bucket (us-east-1)", [](std::string_view t, Config& c) { return read_text(t, c.vault.s3.region); }},
    {"vault.s3.key_id", "id of the key for the bucket (AWS_ACCESS_KEY_ID)",
     [](std::string_view t, Config& c) { return read_text(t, c.vault.s3.key_id); }},
    {"vault.s3.secret_file", "file with the secret key for the bucket (AWS_SECRET_ACCESS_KEY)",
     [](std::string_view t, Config& c) { return read_text(t, c.vault.s3.secret_file); }},
    {"vault.s3.ca_file", "PEM file with whoever signed the store's certificate (whom this machine trusts)",
     [](std::string_view t, Config& c) { return read_text(t, c.vault.s3.ca_file); }},
    {"vault.keep_deleted", "how long a deleted server's world is kept (30d)",
     [](std::string_view t, Config& c) { return read_duration(t, c.vault.keep_deleted, Milliseconds(0)); }},
    {"vault.keep_last", "newest snapshots that are always kept (5)",
     [](std::string_view t, Config& c) { return read_number<int>(t, c.vault.keep_last, 1, 10000); }},
    {"vault.keep_daily", "days of which one snapshot is kept (7)",
     [](std::string_view t, Config& c) { return read_number<int>(t, c.vault.keep_daily, 0, 10000); }},
    {"vault.keep_weekly", "weeks of which one snapshot is kept (4)",
     [](std::string_view t, Config& c) { return read_number<int>(t, c.vault.keep_weekly, 0, 10000); }},
    {"ledger.url", "postgresql://USER@HOST/DATABASE, for several control planes of one cluster (SQLite in <state>)",
     [](std::string_view t, Config& c) { return read_text(t, c.ledger.url); }},
    {"ledger.password_file", "file with the password for ledger.url",
     [](std::string_view t, Config& c) { return read_text(t, c.ledger.password_file); }},
    {"backup.every", "how often a running world is saved (1h)",
     [](std::string_view t, Config& c) { return read_duration(t, c.backup.every, std::chrono::minutes(1)); }},
    {"keeper.interval", "how often everything is looked at without a cause (10s)",
     [](std::string_view t, Config& c) { return read_duration(t, c.keeper.interval, Milliseconds(100)); }},
    {"keeper.workers", "servers that are worked on at the same time (4; 256 in a cluster)",
     [](std::string_view t, Config& c) { return read_number<int>(t, c.keeper.workers, 1, 1000); }},
    {"games.folder", "more game definitions (<state>/games)", [](std::string_view t, Config& c) { return read_text(t, c.games.folder); }},
    {"match.queue", "queue for players that is there from the start, and that the routes of the original mean (none)",
     [](std::string_view t, Config& c) { return read_text(t, c.match.queue); }},
    {"match.size", "players of a match in it (12)",
     [](std::string_view t, Config& c) { return read_number<std::uint32_t>(t, c.match.size, 1, 200); }},
    {"match.least", "players that are enough when the first has waited for match.flush (2)",
     [](std::string_view t, Config& c) { return read_number<std::uint32_t>(t, c.match.least, 1, 200); }},
    {"match.flush", "how long the first of them waits for more (15s)",
     [](std::string_view t, Config& c) { return read_duration(t, c.match.flush, Milliseconds(0)); }},
    {"match.game", "game of its matches' servers (match-server)", [](std::string_view t, Config& c) { return read_text(t, c.match.game); }},
    {"match.fleet", "fleet of servers that wait for its matches (none: each match gets one of its own)",
     [](std::string_view t, Config& c) { return read_text(t, c.match.fleet); }},
    {"match.url", "postgresql://USER@HOST/DATABASE, for matches of several control planes of one machine (SQLite in <state>)",
     [](std::string_view t, Config& c) { return read_text(t, c.match.store.url); }},
    {"match.password_file", "file with the password for match.url",
     [](std::string_view t, Config& c) { return read_text(t, c.match.store.password_file); }},
    {"match.servers", "folder of the servers of these matches, the same for all of them; needed with match.url",
     [](std::string_view t, Config& c) { return read_text(t, c.match.servers); }},
    {"match.api", "URL at which match servers reach this API (http:// and api.listen, when that has neither port 0 nor TLS; on a cluster none)",
     [](std::string_view t, Config& c) { return read_remote(t, c.match.api); }},
    {"redis.url", "redis://[USER@]HOST[:PORT][/NUMBER], rediss:// for TLS: shows other programs who waits and what is played (none)",
     [](std::string_view t, Config& c) { return read_redis(t, c.redis.url); }},
    {"redis.password_file", "file with the password for redis.url",
     [](std::string_view t, Config& c) { return read_text(t, c.redis.password_file); }},
    {"redis.prefix", "what the keys in Redis begin with (nothing)", [](std::string_view t, Config& c) { return read_text(t, c.redis.prefix); }},
    {"idle.minutes", "without players, until a server sleeps that says nothing itself and that a knock can wake; 0: never (5)",
     [](std::string_view t, Config& c) { return read_idle_minutes(t, c.idle.minutes); }},
    {"idle.notice", "how long before those in the game are told (1m)",
     [](std::string_view t, Config& c) { return read_duration(t, c.idle.notice, Milliseconds(0)); }},
    {"idle.noise", "datagrams a second, over half a minute, below which a session at the edge is nobody who plays; 0: each is somebody (1)",
     [](std::string_view t, Config& c) { return read_number<double>(t, c.idle.noise, 0, 1000); }},
    {"idle.keep_for", "what keeps a server up although nobody plays: of console (an open console) and files (a transfer of its files) (neither)",
     [](std::string_view t, Config& c) { return read_keep_for(t, c.idle.keep_for); }, true},
    {"watchdog.max_hours", "that a server may be up before people are told, unless it is never to sleep; 0: they are not (8)",
     [](std::string_view t, Config& c) { return read_number<int>(t, c.watchdog.max_hours, 0, 24 * 365); }},
    {"watchdog.stop", "pause servers that hang, and those that are up for so long with nobody on (false)",
     [](std::string_view t, Config& c) { return read_flag(t, c.watchdog.stop); }},
    {"mail.server", "HOST or HOST:PORT of the mail server through which people hear of incidents (none)",
     [](std::string_view t, Config& c) { return read_mail_server(t, c.mail.server); }},
    {"mail.tls", "starttls (port 587), implicit (465) or none (25) (starttls)",
     [](std::string_view t, Config& c) { return read_mail_security(t, c.mail.tls); }},
    {"mail.ca_file", "PEM file with those who may vouch for mail.server (whom this machine trusts)",
     [](std::string_view t, Config& c) { return read_text(t, c.mail.ca_file); }},
    {"mail.user", "who logs in to mail.server (nobody)", [](std::string_view t, Config& c) { return read_text(t, c.mail.user); }},
    {"mail.password_file", "file with the password of mail.user", [](std::string_view t, Config& c) { return read_text(t, c.mail.password_file); }},
    {"mail.from", "address from which the mails come", [](std::string_view t, Config& c) { return read_mail_address(t, c.mail.from); }},
    {"mail.to", "addresses of those who hear of incidents", [](std::string_view t, Config& c) { return read_mail_addresses(t, c.mail.to); }, true},
    {"webhooks.urls", "URLs to which incidents are posted as JSON (none)",
     [](std::string_view t, Config& c) { return read_webhooks(t, c.webhooks.urls); }, true},
    {"webhooks.secret_file", "file with the secret that signs what is posted (unsigned)",
     [](std::string_view t, Config& c) { return read_text(t, c.webhooks.secret_file); }},
    {"notices.up_down", "tell people also when a server comes up, falls asleep or goes down (false)",
     [](std::string_view t, Config& c) { return read_flag(t, c.notices.up_down); }},
    {"compat.anonymous", "let in who sends no key to the routes of the originals; on this machine only (false)",
     [](std::string_view t, Config& c) { return read_flag(t, c.compat.anonymous); }},
    {"compat.wait", "how long such a route waits for the end of what it began (2m)",
     [](std::string_view t, Config& c) { return read_duration(t, c.compat.wait, Milliseconds(0)); }},
    {"compat.health", "whose reply GET /health gives: 000, the server API's, or 001, the matchmaking's (000)",
     [](std::string_view t, Config& c) { return read_health(t, c.compat.health_of_matchmaking); }},
    {"compat.game", "game of a server that such a route creates (minecraft-java)",
     [](std::string_view t, Config& c) { return read_text(t, c.compat.game); }},
    {"compat.eula", "accepted: you have read and accept the licences of games that such a route starts",
     [](std::string_view t, Config& c) { return read_eula(t, c.compat.eula_accepted); }},
    {"log.level", "debug, info, warning or error (info)", [](std::string_view t, Config& c) { return read_level(t, c.log.level); }},
});

}  // namespace

std::span<const Key> all_keys() { return keys; }

const Key* key_of(std::string_view name) {
    const auto found = std::ranges::find(keys, name, &Key::name);
    return found == keys.end() ? nullptr : &*found;
}

}  // namespace gk::programs
