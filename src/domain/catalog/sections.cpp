#include "domain/catalog/sections.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/names.hpp"

namespace gk::catalog {

bool decode(const Value& value, const std::string& pointer, Errors& errors, PortRole& out) {
    static constexpr auto protocols = std::to_array<std::string_view>({"tcp", "udp", "both"});
    ObjectReader in(value, pointer, errors);
    std::string protocol;
    in.required("role", out.role);
    in.required("protocol", protocol);
    in.optional("internal", out.internal);
    in.optional("relative_to", out.relative_to);
    in.optional("offset", out.offset);
    if (!in.finish()) return false;
    const auto before = errors.list().size();
    if (!is_word(out.role)) in.fail("role", "bad_format", bad_word(out.role));
    if (std::ranges::find(protocols, protocol) == protocols.end()) add_bad_name(*value.find("protocol"), in.pointer("protocol"), errors, protocols);
    out.tcp = protocol != "udp";
    out.udp = protocol != "tcp";
    if (out.relative_to.empty() && out.offset != 0)
        in.fail("offset", "not_allowed", "an offset is counted from another port: name it with 'relative_to'");
    if (!out.relative_to.empty() && (out.offset < -16 || out.offset > 16)) in.fail("offset", "out_of_range", "an offset is between -16 and 16");
    return errors.list().size() == before;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Argument& out) {
    if (value.as_object() == nullptr) return decode(value, pointer, errors, out.argv.emplace_back());
    ObjectReader in(value, pointer, errors);
    in.required("when", out.when);
    in.required("argv", out.argv);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, MemoryModel& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("heap_percent", out.heap_percent);
    in.optional("overhead_mib", out.overhead.count);
    if (!in.finish()) return false;
    const auto before = errors.list().size();
    if (out.heap_percent < 1 || out.heap_percent > 100) in.fail("heap_percent", "out_of_range", "'heap_percent' is between 1 and 100");
    if (out.overhead.count < 0 || out.overhead.count > 1 << 20) in.fail("overhead_mib", "out_of_range", "'overhead_mib' is between 0 and 1048576");
    return errors.list().size() == before;
}

bool decode_exposure(const Value& value, const std::string& pointer, Errors& errors, std::optional<server::Exposure::Kind>& out) {
    ObjectReader in(value, pointer, errors);
    server::Exposure::Kind kind{};
    in.required("type", kind);
    if (!in.finish()) return false;
    out = kind;
    return true;
}

bool decode_minimum(const Value& value, const std::string& pointer, Errors& errors, server::Resources& out) {
    ObjectReader in(value, pointer, errors);
    const auto amount = [&](std::string_view key, std::int64_t& count) {
        in.optional(key, count);
        if (count < 0) in.fail(key, "out_of_range", "this cannot be negative");
    };
    amount("cpu_millis", out.cpu.count);
    amount("memory_mib", out.memory.count);
    amount("disk_mib", out.disk.count);
    return in.finish();
}

}  // namespace gk::catalog
