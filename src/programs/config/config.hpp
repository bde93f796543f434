#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/mail/account.hpp"
#include "base/enum_names.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/units.hpp"
#include "domain/front/zones.hpp"
#include "domain/server/exposure.hpp"
#include "domain/server/toleration.hpp"
#include "domain/wake/idle.hpp"

// The configuration of `gamekeeper serve`: one YAML file, every key also as environment variable (GK_API_LISTEN for api.listen) and as
// flag (--api.listen). A flag wins over the environment, the environment over the file. With nothing at all the defaults are safe.
namespace gk::programs {

enum class Shape : std::uint8_t { embedded, cluster };
inline constexpr auto shape_names = std::to_array<std::string_view>({"embedded", "cluster"});
constexpr std::span<const std::string_view> names_of(Shape) { return shape_names; }

using Pairs = std::map<std::string, std::string>;

// Of the Pod Security Standards, those that games can do with.
enum class PodSecurity : std::uint8_t { restricted, baseline };
inline constexpr auto pod_security_names = std::to_array<std::string_view>({"restricted", "baseline"});
constexpr std::span<const std::string_view> names_of(PodSecurity) { return pod_security_names; }

struct Config {
    Shape shape = Shape::embedded;       // Games as processes of this machine, or as pods.
    std::string state;                   // Absolute.
    struct Api {
        std::string listen = "127.0.0.1:8080";
        std::string socket;              // Path of the Unix socket.
        std::string tls_certificate;     // PEM files, both or neither: then `listen` speaks TLS. Read once, while serve is still root.
        std::string tls_key;
        bool expose_without_tls = false; // Allows `listen` beyond loopback although there is no TLS.
        std::string public_host;         // What players are told; empty: this machine's first public address.
        std::size_t connections = 20'000;             // At the same time, by whomever.
        std::size_t connections_per_address = 256;    // A proxy and whoever comes through it are one address.
    } api;
    struct Ports {
        std::uint16_t first = 30000;
        std::uint16_t last = 31999;
    } ports;
    struct Edge {                        // The front door of games, in processes of its own.
        bool enabled = false;            // Off: nobody stands before the games, and nobody wakes a server by knocking.
        std::uint16_t ports = 0;         // First of the numbers that games bind then, as many as ports.first to ports.last; 0: those below.
        unsigned loops = 0;              // 0: one for each processor.
        std::string listen;              // Of a cluster: where edges come to be told their routes, "0.0.0.0:9402".
        std::string certificate;         // Of a cluster: PEM files of what they are shown there ...
        std::string key;
        std::string authority;           // ... and of who signed what they show.
        std::string address;             // Of a cluster: what players are told; empty: as of games that nodes open ports for.
        bool transparent = true;         // Games see players' addresses, where this machine can do that.
        std::string domain;              // Minecraft worlds share 25565 as ID.DOMAIN; empty: they do not.
        front::ZoneRules zone{.listen = {{.address = {}, .port = 53}}};  // The domain that was delegated to the edge, if one was.
        int shift(const Ports& open) const { return (ports != 0 ? ports : open.first - (open.last - open.first + 1)) - open.first; }
    } edge;
    struct Machine {
        std::string user = "gamekeeper"; // Whom serve runs as when it was started as root.
        std::uint32_t uid_base = 600000; // Servers get the uids from here on.
        double cpu_overcommit = 4;
        std::int64_t memory_mib = 0;     // For all games together; 0: all but 512 MiB of this machine's.
        bool sandbox = true;             // Off: plain processes, although root.
    } machine;
    struct Cluster {
        std::string kubeconfig;          // Path; empty: found as kubectl finds it, or the pod's own account.
        std::string context;             // Of the kubeconfig; empty: its current one.
        std::string space = "gamekeeper-system";  // Namespace of the control plane's own objects.
        std::string worlds;              // Only those in this namespace; empty: in all.
        std::string matches;             // Namespace of match servers and fleets; empty: `space`.
        std::string storage_class;       // Of new worlds' claims; empty: the cluster's default.
        std::string node_host;           // What players are told; empty: api.public_host, else the node's external address, else its internal one.
        std::string image_prefix = "gamekeeper.local/";             // Before names of images that games give without a registry ...
        std::string image_tag = "1";                                // ... and after those without a tag.
        std::string shim_image = "gamekeeper.local/gk-shim:1";      // Copies gk-shim into games' own images.
        std::string backup_image = "gamekeeper.local/restic:1";     // Of the pods that back up and restore.
        // That people may choose from; the first is that of servers that say nothing.
        std::vector<server::Exposure::Kind> exposures = {server::Exposure::Kind::node_port, server::Exposure::Kind::internal};
        Ports host_ports{.first = 7000, .last = 7999};  // Of games that are reached by a port of their node.
        Ports edge_ports{.first = 26000, .last = 26099};  // Of games behind edges, each of which opens all of them.
        Pairs balancer_annotations;      // Of Services that make a cloud's load balancer.
        Pairs node_selector;             // Labels of the nodes on which games run.
        std::vector<server::Toleration> tolerations;
        std::vector<std::string> pull_secrets;  // Names of Secrets, in the namespaces of games.
        std::string priority_class;
        std::string runtime_class;
        PodSecurity pod_security = PodSecurity::restricted;  // What games' definitions may ask for at most.
        std::vector<std::string> admins;   // Whom the cluster knows, by their tokens: groups, or "user:NAME". All that is allowed here ...
        std::vector<std::string> readers;  // ... and who may only look. Both empty: tokens of the cluster are not asked about.
    } cluster;
    struct Vault {
        std::string place;               // Folder with the repositories, or "s3:https://..."; default <state>/vault.
        struct S3 {
            std::string region = "us-east-1";
            std::string key_id;          // Empty: AWS_ACCESS_KEY_ID of the environment.
            std::string secret_file;     // Empty: AWS_SECRET_ACCESS_KEY of the environment. Read once, while serve is still root.
            std::string ca_file;         // PEM file; empty: whom this machine trusts.
        } s3;
        Milliseconds keep_deleted = std::chrono::days(30);
        int keep_last = 5;
        int keep_daily = 7;
        int keep_weekly = 4;
    } vault;
    struct Database {
        std::string url;                 // "postgresql://USER@HOST/DATABASE"; empty: SQLite in the state folder.
        std::string password_file;       // Empty: as the server lets us in without one.
    };
    Database ledger;                     // Of a cluster; its matches are there too.
    struct Backup {
        Milliseconds every = std::chrono::hours(1);
    } backup;
    struct Keeper {
        Milliseconds interval = std::chrono::seconds(10);
        int workers = 0;                 // 0: 4 on one machine; 256 in a cluster, where who waits for a pod holds one.
    } keeper;
    struct Idle {                        // Of servers that say nothing themselves and that a player can wake by knocking.
        int minutes = 5;                 // Without players, until they sleep; 0: they do not.
        Milliseconds notice = std::chrono::minutes(1);  // So long before, those in the game are told.
        double noise = 1;                // Datagrams a second below which a session at the edge is nobody; 0: each is somebody.
        wake::KeepFor keep_for;          // What keeps a server up although nobody plays.
    } idle;
    struct Watchdog {
        int max_hours = 8;               // Up for longer than this is told; 0: it never is.
        bool stop = false;               // Whoever hangs, or is up for so long with nobody on, is paused too.
    } watchdog;
    struct Mail {                        // Of notices to people.
        std::string server;              // HOST or HOST:PORT; empty: nobody gets mails.
        mail::Security tls = mail::Security::starttls;
        std::string ca_file;             // PEM file; empty: whom this machine trusts.
        std::string user;                // Empty: without a login.
        std::string password_file;       // Read once, while serve is still root.
        std::string from;
        std::vector<std::string> to;
    } mail;
    struct Webhooks {                    // The same notices for programs.
        std::vector<std::string> urls;
        std::string secret_file;         // With what they are signed; empty: they are not. Read once, while serve is still root.
    } webhooks;
    struct Notices {
        bool up_down = false;            // People are also told when a server comes up, falls asleep or goes down.
    } notices;
    struct Games {
        std::string folder;              // More definitions; default <state>/games.
        std::string downloads;           // <state>/downloads: games' files that were fetched.
    } games;
    struct Match {                       // The queue that is there from the start, and that of the original's routes.
        std::string queue;               // Empty: none is made, and there are no such routes.
        std::uint32_t size = 12;
        std::uint32_t least = 2;         // Players that are enough ...
        Milliseconds flush = std::chrono::seconds(15);  // ... when the first of them has waited so long.
        std::string game = "match-server";
        std::string fleet;               // Empty: each match gets a server of its own.
        Database store;                  // Where several control planes of one machine keep queues, tickets and matches.
        std::string servers;             // Folder of the matches' servers, the same for all of them.
        std::string api;                 // URL at which they reach this API; empty: that of api.listen.
    } match;
    struct Redis {                       // Shows who waits and what is played to other programs.
        std::string url;                 // "redis://HOST:PORT/NUMBER"; empty: none.
        std::string password_file;
        std::string prefix;              // Before each key.
    } redis;
    struct Compat {                      // The routes of the originals.
        bool anonymous = false;          // Lets in who sends no key.
        Milliseconds wait = std::chrono::seconds(120);
        bool health_of_matchmaking = false;
        std::string game = "minecraft-java";
        bool eula_accepted = false;
    } compat;
    struct Log {
        std::string level = "info";
    } log;
};

// Where a value was said: its text, and the place for error messages ("gamekeeper.yaml:3", "GK_API_LISTEN", "--api.listen").
struct Said {
    std::string text;
    std::string origin;
};
using SaidByKey = std::map<std::string, Said>;

struct ConfigKey {
    std::string_view name;  // "api.listen"
    std::string_view help;  // With unit and default.
};
// Every key there is, in the order of the documentation.
std::vector<ConfigKey> config_keys();
// "api.listen" -> "GK_API_LISTEN".
std::string environment_name(std::string_view key);

// All errors at once, each a sentence that names the place.
using ConfigErrors = std::vector<std::string>;
Result<SaidByKey, ConfigErrors> said_in_file(std::string_view yaml, std::string_view file_name);
// `environment` as "NAME=value" lines. Unknown GK_ names are errors, so that a typing error is not silently ignored.
Result<SaidByKey, ConfigErrors> said_in_environment(const std::vector<std::string>& environment);
// What the environment names of the originals say (docs/guide/from-the-originals.md): PORT, LOG_LEVEL. The weakest layer, because other programs
// read variables of these names too.
Result<SaidByKey, ConfigErrors> said_by_originals(const std::vector<std::string>& environment);
// Later layers win. `errors` are those of layers that could not be read: then nothing is made, and the values that could are judged with them.
Result<Config, ConfigErrors> make_config(const std::vector<SaidByKey>& layers, ConfigErrors errors = {});

}  // namespace gk::programs
