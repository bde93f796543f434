#include "domain/catalog/sections.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/names.hpp"

namespace gk::catalog {
namespace {

bool is_absolute_path(std::string_view text) { return text.starts_with('/') && is_inner_path(text.substr(1)); }

void decode_debian(const Value& value, const std::string& pointer, Errors& errors, DebianSource& out) {
    ObjectReader in(value, pointer, errors);
    in.required("packages", out.packages);
    in.required("program", out.program);
    if (!in.finish()) return;
    if (out.packages.empty()) in.fail("packages", "required", "name at least one Debian package");
    if (!is_absolute_path(out.program)) in.fail("program", "bad_format", fmt::format("'{}' is no absolute path", out.program));
}

void decode_directory(const Value& value, const std::string& pointer, Errors& errors, DirectorySource& out) {
    ObjectReader in(value, pointer, errors);
    in.required("path", out.path);
    if (in.finish() && !is_absolute_path(out.path)) in.fail("path", "bad_format", fmt::format("'{}' is no absolute path", out.path));
}

void decode_fetch(const Value& value, const std::string& pointer, Errors& errors, FetchSource& out) {
    ObjectReader in(value, pointer, errors);
    in.required("url", out.url);
    in.required("sha256", out.sha256);
    in.optional("unpack", out.unpack);
    if (!in.finish()) return;
    if (!out.url.starts_with("https://") || has_control_characters(out.url)) {
        in.fail("url", "bad_format", "game files are fetched from an address that begins with https:// only");
    }
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (out.sha256.size() != 64 || !std::ranges::all_of(out.sha256, is_hex)) {
        in.fail("sha256", "bad_format", "write the file's SHA-256 as 64 hexadecimal digits in lower case (sha256sum FILE prints it)");
    }
}

bool consists_of(std::string_view text, std::string_view marks) {
    return std::ranges::all_of(text, [marks](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || marks.contains(c); });
}

// "name" or "@scope/name". Anything else the npm client would take for a folder, an address or an option.
bool is_npm_name(std::string_view text) {
    const auto is_part = [](std::string_view part) {
        return !part.empty() && part.front() != '.' && part.front() != '-' && consists_of(part, "-._~");
    };
    if (!text.starts_with('@')) return is_part(text);
    const auto slash = text.find('/');
    return slash != std::string_view::npos && is_part(text.substr(1, slash - 1)) && is_part(text.substr(slash + 1));
}

// Three numbers, and perhaps "-rc.1" or "+build" (Semantic Versioning 2.0): never a range, which begins in the same way ("1.x", "1 || 2").
bool is_exact_version(std::string_view text) {
    const auto numbers = split(text.substr(0, text.find_first_of("-+")), '.');
    const auto is_number = [](std::string_view part) { return !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos; };
    const auto rest = text.find_first_of("-+");
    const bool rest_is_plain =
        rest == std::string_view::npos || std::ranges::all_of(text.substr(rest), [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
        });
    return numbers.size() == 3 && std::ranges::all_of(numbers, is_number) && rest_is_plain;
}

void decode_npm(const Value& value, const std::string& pointer, Errors& errors, NpmSource& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    in.required("version", out.version);
    if (!in.finish()) return;
    if (!is_npm_name(out.name)) in.fail("name", "bad_format", "write the name of an npm package, such as \"flying-squid\" or \"@team/server\"");
    if (!is_exact_version(out.version))
        in.fail("version", "bad_format", "write one exact version such as \"1.12.0\"; ranges change what runs without being asked");
}

void decode_image(const Value& value, const std::string& pointer, Errors& errors, ImageSource& out) {
    ObjectReader in(value, pointer, errors);
    in.required("reference", out.reference);
    if (in.finish() && (out.reference.empty() || out.reference.starts_with('-') || out.reference.find(' ') != std::string::npos)) {
        in.fail("reference", "bad_format", "write an image reference such as registry.example.org/games/minetest:5.6.1");
    }
}

}  // namespace

bool decode(const Value& value, const std::string& pointer, Errors& errors, Source& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    int kinds = 0;
    const auto one = [&]<class T>(std::string_view key, T kind, auto decode_kind) {
        const auto* member = in.find(key);
        if (member == nullptr) return;
        ++kinds;
        decode_kind(*member, in.pointer(key), errors, kind);
        out = std::move(kind);
    };
    one("debian", DebianSource{}, decode_debian);
    one("directory", DirectorySource{}, decode_directory);
    one("fetch", FetchSource{}, decode_fetch);
    one("npm", NpmSource{}, decode_npm);
    one("image", ImageSource{}, decode_image);
    if (in.finish() && kinds != 1) {
        errors.add(pointer, "not_allowed", "a source is exactly one of: debian, directory, fetch, npm, image", value.mark());
    }
    return errors.list().size() == before;
}

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
