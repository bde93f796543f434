#include "programs/serve/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/sysinfo.h>
#include <unistd.h>

namespace gk::programs {
namespace {

constexpr std::int64_t kept_for_the_machine_mib = 512;

std::string address_text(const ifaddrs& entry) {
    char text[INET_ADDRSTRLEN] = {};
    const auto* address = reinterpret_cast<const sockaddr_in*>(entry.ifa_addr);
    return inet_ntop(AF_INET, &address->sin_addr, text, sizeof text) != nullptr ? text : "";
}

}  // namespace

std::string public_host(const Config& config) {
    if (!config.api.public_host.empty()) return config.api.public_host;
    std::string found = "127.0.0.1";
    ifaddrs* entries = nullptr;
    if (getifaddrs(&entries) != 0) return found;
    for (const ifaddrs* entry = entries; entry != nullptr; entry = entry->ifa_next) {
        const bool usable = (entry->ifa_flags & IFF_UP) != 0 && (entry->ifa_flags & IFF_LOOPBACK) == 0;
        if (!usable || entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET) continue;
        if (auto text = address_text(*entry); !text.empty()) {
            found = std::move(text);
            break;
        }
    }
    freeifaddrs(entries);
    return found;
}

app::MachineLimits machine_limits(const Config& config, bool own_addresses) {
    app::MachineLimits limits;
    limits.own_addresses = own_addresses;
    if (config.edge.enabled) limits.edge_shift = config.edge.shift(config.ports);
    limits.cpu.count = sysconf(_SC_NPROCESSORS_ONLN) * 1000;
    limits.cpu_overcommit = config.machine.cpu_overcommit;
    limits.memory.count = config.machine.memory_mib;
    struct sysinfo info{};
    if (limits.memory.count == 0 && sysinfo(&info) == 0) {
        const auto total_mib = static_cast<std::int64_t>(info.totalram) * info.mem_unit / (1024 * 1024);
        limits.memory.count = std::max<std::int64_t>(total_mib - kept_for_the_machine_mib, 0);
    }
    return limits;
}

}  // namespace gk::programs
