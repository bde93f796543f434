#include "adapters/system/listeners.hpp"

#include <charconv>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "adapters/system/socket_diagnosis.hpp"
#include "base/text.hpp"

namespace gk::system {
namespace {

constexpr unsigned tcp_listen = 0x0A;  // Of the kernel's enum; a UDP socket has no such state, every bound one counts.

std::optional<unsigned> hex(std::string_view text) {
    unsigned value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

std::vector<std::string_view> words(std::string_view line) {
    std::vector<std::string_view> all;
    for (const auto word : split(line, ' ')) {
        if (!word.empty()) all.push_back(word);
    }
    return all;
}

// "   0: 00000000:1F90 00000000:0000 0A ..." is number, local address, remote address, state.
std::optional<Port> listening_port(Protocol protocol, std::string_view line) {
    const auto columns = words(line);
    if (columns.size() < 4) return std::nullopt;
    const auto colon = columns[1].rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto port = hex(columns[1].substr(colon + 1));
    const auto state = hex(columns[3]);
    if (!port || !state || *port == 0 || *port > 65535) return std::nullopt;
    if (protocol == Protocol::tcp && *state != tcp_listen) return std::nullopt;
    return static_cast<Port>(*port);
}

std::string content_of(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::set<Port> ports_of_tables(Protocol protocol) {
    auto ports = ports_of_table(protocol, content_of(protocol == Protocol::tcp ? "/proc/net/tcp" : "/proc/net/udp"));
    ports.merge(ports_of_table(protocol, content_of(protocol == Protocol::tcp ? "/proc/net/tcp6" : "/proc/net/udp6")));
    return ports;
}

}  // namespace

std::set<Port> ports_of_table(Protocol protocol, std::string_view table) {
    std::set<Port> ports;
    for (const auto line : split(table, '\n')) {
        if (const auto port = listening_port(protocol, line)) ports.insert(*port);
    }
    return ports;
}

bool is_bound(Protocol protocol, Port port) {
    const auto ports = diagnosed_ports(protocol);
    return ports ? ports->contains(port) : ports_of_tables(protocol).contains(port);
}

}  // namespace gk::system
