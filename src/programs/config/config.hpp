#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "base/units.hpp"

// The configuration of `gamekeeper serve`: one YAML file, every key also as environment variable (GK_API_LISTEN for api.listen) and as
// flag (--api.listen). A flag wins over the environment, the environment over the file. With nothing at all the defaults are safe.
namespace gk::programs {

struct Config {
    std::string state;                   // Absolute.
    struct Api {
        std::string listen = "127.0.0.1:8080";
        std::string socket;              // Path of the Unix socket.
        std::string tls_certificate;     // PEM files, both or neither: then `listen` speaks TLS. Read once, while serve is still root.
        std::string tls_key;
        bool expose_without_tls = false; // Allows `listen` beyond loopback although there is no TLS.
        std::string public_host;         // What players are told; empty: this machine's first public address.
    } api;
    struct Ports {
        std::uint16_t first = 30000;
        std::uint16_t last = 31999;
    } ports;
    struct Machine {
        std::string user = "gamekeeper"; // Whom serve runs as when it was started as root.
        std::uint32_t uid_base = 600000; // Servers get the uids from here on.
        double cpu_overcommit = 4;
        std::int64_t memory_mib = 0;     // For all games together; 0: all but 512 MiB of this machine's.
        bool sandbox = true;             // Off: plain processes, although root.
    } machine;
    struct Vault {
        std::string place;               // Folder with the repositories; default <state>/vault.
        Milliseconds keep_deleted = std::chrono::days(30);
        int keep_last = 5;
        int keep_daily = 7;
        int keep_weekly = 4;
    } vault;
    struct Backup {
        Milliseconds every = std::chrono::hours(1);
    } backup;
    struct Keeper {
        Milliseconds interval = std::chrono::seconds(10);
        int workers = 4;
    } keeper;
    struct Games {
        std::string folder;              // More definitions; default <state>/games.
        std::string downloads;           // <state>/downloads: games' files that were fetched.
    } games;
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
// Later layers win.
Result<Config, ConfigErrors> make_config(const std::vector<SaidByKey>& layers);

}  // namespace gk::programs
