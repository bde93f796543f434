#include "programs/config/config.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "adapters/mail/account.hpp"
#include "base/text.hpp"
#include "base/value.hpp"
#include "net/http/endpoint.hpp"
#include "net/s3/location.hpp"
#include "programs/config/keys.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::programs {
namespace {

constexpr std::uint16_t shim_port = 9401;  // adapters/kubernetes/objects/names.hpp

std::string unknown_key(std::string_view place, std::string_view name) {
    std::vector<std::string_view> names;
    for (const auto& key : all_keys()) names.push_back(key.name);
    const auto close = nearest(name, names);
    return close.empty() ? fmt::format("{}: '{}' is not known; 'gamekeeper serve --help' lists all keys", place, name)
                         : fmt::format("{}: '{}' is not known; did you mean '{}'?", place, name, close);
}

std::string scalar_text(const Value& value) {
    if (const auto* text = value.as_string()) return *text;
    return to_json(value);
}

// The texts of a list, for a key that takes one, with commas between them. Nothing: it is no such list.
std::optional<std::string> list_text(const Value& value) {
    if (value.as_array() == nullptr) return std::nullopt;
    std::vector<std::string> parts;
    for (const auto& item : *value.as_array()) {
        if (item.as_array() != nullptr || item.as_object() != nullptr || item.is_null()) return std::nullopt;
        parts.push_back(scalar_text(item));
        if (parts.back().contains(',')) return std::nullopt;
    }
    return fmt::format("{}", fmt::join(parts, ","));
}

void flatten(const Value& value, const std::string& path, std::string_view file, SaidByKey& out, ConfigErrors& errors) {
    const auto place = fmt::format("{}:{}", file, value.mark().line);
    if (const auto* members = value.as_object()) {
        for (const auto& [name, member] : *members) flatten(member, path.empty() ? name : path + "." + name, file, out, errors);
    } else if (key_of(path) == nullptr) {
        errors.push_back(unknown_key(place, path));
    } else if (const auto list = list_text(value); list && key_of(path)->is_list) {
        out[path] = {*list, place};
    } else if (value.as_array() != nullptr || value.is_null()) {
        errors.push_back(fmt::format("{}: {} needs one value, not {}", place, path, value.as_array() != nullptr ? "a list" : "nothing"));
    } else {
        out[path] = {scalar_text(value), place};
    }
}

// A node's port and a port that all nodes forward are taken from the same numbers of a node.
void check_host_ports(const Config& config, const std::string& origin, ConfigErrors& errors) {
    const auto& ours = config.cluster.host_ports;
    if (ours.first > ours.last) {
        errors.push_back(
            fmt::format("{}: cluster.host_ports.first ({}) is greater than cluster.host_ports.last ({})", origin, ours.first, ours.last));
    } else if (config.shape == Shape::cluster && ours.first <= shim_port && shim_port <= ours.last) {
        errors.push_back(fmt::format("{}: cluster.host_ports {}-{} holds {}, where gk-shim listens in each pod; choose a range without it", origin,
                                     ours.first, ours.last, shim_port));
    } else if (config.shape == Shape::cluster && ours.first <= config.ports.last && config.ports.first <= ours.last) {
        errors.push_back(fmt::format("{}: cluster.host_ports {}-{} and ports {}-{} overlap: one node would have a number twice; keep them apart",
                                     origin, ours.first, ours.last, config.ports.first, config.ports.last));
    }
}

void check_shared_matches(const Config& config, const std::string& origin_of_url, const std::string& origin_of_folder, ConfigErrors& errors) {
    const auto& match = config.match;
    if (!match.store.url.empty() && config.shape == Shape::cluster) {
        errors.push_back(fmt::format("{}: match.url is for shape: embedded; in a cluster matches lie beside the ledger (ledger.url)", origin_of_url));
    } else if (!match.store.url.empty() && !match.servers.starts_with('/')) {
        errors.push_back(
            fmt::format("{}: match.url without match.servers: whoever makes the matches next finds their servers in that folder; give "
                        "all of these control planes the same absolute path",
                        origin_of_url));
    }
    if (match.store.url.empty() && !match.servers.empty())
        errors.push_back(fmt::format("{}: match.servers without match.url: a control plane alone keeps them in its state folder", origin_of_folder));
}

bool may_stand_behind_edge(const Config& config) {
    const auto& allowed = config.cluster.exposures;
    return std::ranges::find(allowed, server::Exposure::Kind::edge) != allowed.end();
}

// Whether two ranges have a number in common.
bool overlap(const Config::Ports& a, const Config::Ports& b) { return a.first <= b.last && b.first <= a.last; }

void check_edge_ports(const Config& config, const std::string& origin, ConfigErrors& errors) {
    const auto& ours = config.cluster.edge_ports;
    const auto range = fmt::format("cluster.edge_ports {}-{}", ours.first, ours.last);
    if (ours.first > ours.last) return errors.push_back(fmt::format("{}: {} is no range: the first is greater than the last", origin, range));
    if (ours.first <= shim_port && shim_port <= ours.last)
        errors.push_back(fmt::format("{}: {} holds {}, where gk-shim listens in each pod; choose a range without it", origin, range, shim_port));
    for (const auto& [name, other] : {std::pair("ports", config.ports), std::pair("cluster.host_ports", config.cluster.host_ports)}) {
        if (!overlap(ours, other)) continue;
        errors.push_back(fmt::format("{}: {} and {} {}-{} overlap: one node would have a number twice; keep them apart", origin, range, name,
                                     other.first, other.last));
    }
}

// In a cluster edges are pods that come to us, and people choose which servers they stand before.
void check_cluster_edge(const Config& config, const std::string& origin, ConfigErrors& errors) {
    const auto& edge = config.edge;
    if (!edge.enabled) {
        if (may_stand_behind_edge(config))
            errors.push_back(fmt::format("{}: cluster.exposures has edge, and there is none: say edge.enabled: true, or leave edge out", origin));
        return;
    }
    if (!may_stand_behind_edge(config))
        errors.push_back(fmt::format("{}: edge.enabled, and no server can have exposure edge: add edge to cluster.exposures", origin));
    if (edge.ports != 0)
        errors.push_back(fmt::format("{}: edge.ports is for shape: embedded; in a cluster say cluster.edge_ports.first and .last", origin));
    for (const auto& [name, text] : {std::pair("listen", &edge.listen), std::pair("certificate", &edge.certificate), std::pair("key", &edge.key),
                                     std::pair("authority", &edge.authority)}) {
        if (text->empty())
            errors.push_back(
                fmt::format("{}: edge.enabled without edge.{}: edges come over the network, and each side shows a certificate; "
                            "`gamekeeper manifests --edge-keys` makes them",
                            origin, name));
    }
    if (const auto at = net::parse_endpoint(edge.listen); !edge.listen.empty() && !at)
        errors.push_back(fmt::format("{}: edge.listen: {}", origin, at.error()));
    check_edge_ports(config, origin, errors);
}

// A domain that was delegated to an edge of this machine.
void check_zone(const Config& config, const std::string& origin, ConfigErrors& errors) {
    const auto& zone = config.edge.zone;
    const bool says_more = !zone.name_servers.empty() || !zone.addresses.empty() || !zone.contact.empty() || !zone.wakes.empty();
    if (zone.origin.empty()) {
        if (says_more) errors.push_back(fmt::format("{}: edge.zone is missing: say which domain was delegated to the edge", origin));
        return;
    }
    if (config.shape == Shape::cluster) errors.push_back(fmt::format("{}: edge.zone is for shape: embedded", origin));
    if (!config.edge.enabled) errors.push_back(fmt::format("{}: edge.zone without edge.enabled: true: nobody would answer for it", origin));
    if (zone.addresses.empty())
        errors.push_back(fmt::format("{}: edge.zone without edge.addresses: say at which addresses players reach this machine", origin));
    if (zone.name_servers.empty())
        errors.push_back(fmt::format("{}: edge.zone without edge.name_servers: say under which names its parent zone knows the edge", origin));
    if (zone.listen.empty()) errors.push_back(fmt::format("{}: edge.zone without edge.dns: say where questions come to", origin));
}

// Games bind one range on the loopback, the edge the other one for players: no number may be in both.
void check_edge(const Config& config, const std::string& origin, ConfigErrors& errors) {
    if (config.shape == Shape::cluster) return check_cluster_edge(config, origin, errors);
    if (!config.edge.enabled) return;
    const auto& open = config.ports;
    const int shift = config.edge.shift(open);
    const int first = open.first + shift, last = open.last + shift;
    if (first >= 1024 && last <= 65535 && (last < open.first || first > open.last)) return;
    errors.push_back(
        fmt::format("{}: behind the edge games would bind ports {}-{}, which must be within 1024-65535 and apart from those of players, "
                    "{}-{}; choose another edge.ports",
                    origin, first, last, open.first, open.last));
}

// Whom a password may be sent to in the clear: this machine.
bool is_loopback(std::string_view host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

void check_mail(const Config::Mail& mail, const std::string& origin, ConfigErrors& errors) {
    const bool says_anything = !mail.from.empty() || !mail.to.empty() || !mail.user.empty() || !mail.password_file.empty();
    if (mail.server.empty()) {
        if (says_anything) errors.push_back(fmt::format("{}: mail needs mail.server: without it nobody gets a mail", origin));
        return;
    }
    if (mail.from.empty()) errors.push_back(fmt::format("{}: mail.server without mail.from: say from which address the mails come", origin));
    if (mail.to.empty()) errors.push_back(fmt::format("{}: mail.server without mail.to: nobody would get a mail", origin));
    if (mail.user.empty() != mail.password_file.empty())
        errors.push_back(fmt::format("{}: a login needs both mail.user and mail.password_file", origin));
    if (!mail.user.empty() && mail.tls == mail::Security::none && !is_loopback(mail::parse_place(mail.server)->host)) {
        errors.push_back(
            fmt::format("{}: mail.tls: none would send the password of mail.user so that anybody on the way can read it; use starttls "
                        "or implicit",
                        origin));
    }
}

// What single keys cannot know.
void check_together(const Config& config, const SaidByKey& said, ConfigErrors& errors) {
    const auto origin = [&](const char* key) {
        const auto found = said.find(key);
        return found != said.end() ? found->second.origin : std::string("default");
    };
    if (config.ports.first > config.ports.last) {
        errors.push_back(
            fmt::format("{}: ports.first ({}) is greater than ports.last ({})", origin("ports.first"), config.ports.first, config.ports.last));
    }
    check_edge(config, origin("edge.enabled"), errors);
    check_zone(config, origin(config.edge.zone.origin.empty() ? "edge.addresses" : "edge.zone"), errors);
    check_mail(config.mail, origin(config.mail.server.empty() ? "mail.to" : "mail.server"), errors);
    check_host_ports(config, origin("cluster.host_ports.first"), errors);
    const bool has_tls = !config.api.tls_certificate.empty() && !config.api.tls_key.empty();
    if (config.api.tls_certificate.empty() != config.api.tls_key.empty()) {
        const auto* said_one = config.api.tls_key.empty() ? "api.tls_certificate" : "api.tls_key";
        const auto* missing = config.api.tls_key.empty() ? "api.tls_key" : "api.tls_certificate";
        errors.push_back(fmt::format("{}: {} without {}: TLS needs both", origin(said_one), said_one, missing));
    } else if (!net::parse_endpoint(config.api.listen)->is_local() && !has_tls && !config.api.expose_without_tls) {
        errors.push_back(
            fmt::format("{}: api.listen {} would let anybody who can reach this machine read keys on the wire; name api.tls_certificate and "
                        "api.tls_key, or keep it on 127.0.0.1 behind a TLS proxy, or say api.expose_without_tls: true",
                        origin("api.listen"), config.api.listen));
    }
    if (config.compat.anonymous && !net::parse_endpoint(config.api.listen)->is_local()) {
        errors.push_back(
            fmt::format("{}: compat.anonymous lets anybody start, stop and read servers who can reach api.listen {}; keep that on 127.0.0.1, or "
                        "give the clients keys and leave compat.anonymous off",
                        origin("compat.anonymous"), config.api.listen));
    }
    if (net::s3::is_location(config.vault.place)) {
        if (const auto location = net::s3::parse_location(config.vault.place); !location)
            errors.push_back(fmt::format("{}: vault.place: {}", origin("vault.place"), location.error()));
    }
    if (config.match.least > config.match.size) {
        errors.push_back(
            fmt::format("{}: match.least ({}) is greater than match.size ({})", origin("match.least"), config.match.least, config.match.size));
    }
    check_shared_matches(config, origin("match.url"), origin("match.servers"), errors);
    if (!config.ledger.url.empty() && config.shape == Shape::embedded) {
        errors.push_back(fmt::format("{}: ledger.url is for shape: cluster; on one machine the ledger lies in the state folder, beside the worlds",
                                     origin("ledger.url")));
    }
    if (config.state.empty() || config.state.front() != '/') {
        errors.push_back(fmt::format("{}: state must be an absolute path, not '{}'", origin("state"), config.state));
    }
}

}  // namespace

std::vector<ConfigKey> config_keys() {
    std::vector<ConfigKey> out;
    for (const auto& key : all_keys()) out.push_back({key.name, key.help});
    return out;
}

std::string environment_name(std::string_view key) {
    std::string out = "GK_";
    for (const char c : key) out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    return out;
}

Result<SaidByKey, ConfigErrors> said_in_file(std::string_view yaml, std::string_view file_name) {
    const auto parsed = wire::parse_yaml(yaml);
    if (!parsed) {
        const auto& error = parsed.error();
        return std::unexpected(ConfigErrors{fmt::format("{}:{}:{}: {}", file_name, error.line, error.column, error.message)});
    }
    SaidByKey out;
    ConfigErrors errors;
    if (parsed->as_object() != nullptr) flatten(*parsed, "", file_name, out, errors);
    else if (!parsed->is_null()) errors.push_back(fmt::format("{}: keys are expected here, such as 'api:'", file_name));
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return out;
}

Result<SaidByKey, ConfigErrors> said_in_environment(const std::vector<std::string>& environment) {
    // These belong to the command line, not to serve.
    static constexpr std::array<std::string_view, 4> foreign = {"GK_URL", "GK_KEY", "GK_CA", "GK_CONFIG"};
    SaidByKey out;
    ConfigErrors errors;
    for (const auto& line : environment) {
        const auto equals = line.find('=');
        const auto name = std::string_view(line).substr(0, equals);
        if (!name.starts_with("GK_") || equals == std::string::npos || std::ranges::find(foreign, name) != foreign.end()) continue;
        if (name.starts_with("GK_TEST_") || name.starts_with("GK_SIM_")) continue;
        const auto found = std::ranges::find_if(all_keys(), [&](const Key& key) { return environment_name(key.name) == name; });
        if (found == all_keys().end()) errors.push_back(unknown_key("environment", name));
        else out[std::string(found->name)] = {line.substr(equals + 1), std::string(name)};
    }
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return out;
}

Result<Config, ConfigErrors> make_config(const std::vector<SaidByKey>& layers, ConfigErrors errors) {
    SaidByKey said;
    for (const auto& layer : layers) {
        for (const auto& [name, value] : layer) said[name] = value;
    }
    Config config;
    for (const auto& [name, value] : said) {
        const auto* key = key_of(name);
        if (key == nullptr) errors.push_back(unknown_key(value.origin, name));
        else if (auto wrong = key->read(value.text, config); !wrong.empty()) errors.push_back(fmt::format("{}: {}: {}", value.origin, name, wrong));
    }
    if (errors.empty()) check_together(config, said, errors);
    if (!errors.empty()) return std::unexpected(std::move(errors));
    if (config.vault.place.empty()) config.vault.place = config.state + "/vault";
    if (config.games.folder.empty()) config.games.folder = config.state + "/games";
    config.games.downloads = config.state + "/downloads";
    if (config.api.socket.empty()) config.api.socket = config.state + "/api.sock";
    return config;
}

}  // namespace gk::programs
