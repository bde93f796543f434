#include "domain/catalog/source.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "domain/catalog/names.hpp"

namespace gk::catalog {
namespace {

constexpr std::string_view npm_registry = "https://registry.npmjs.org";
constexpr std::size_t image_name_size_max = 512;
constexpr std::int64_t size_max_mib_most = 1 << 20;  // 1 TiB

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

// The last part of the address's path: "https://x/y/server.jar?a=b" is "server.jar".
std::string last_part(std::string_view url) {
    const auto path = url.substr(0, url.find_first_of("?#"));
    const auto slash = path.rfind('/');
    return std::string(slash > std::string_view("https:/").size() ? path.substr(slash + 1) : std::string_view());
}

void check_file_name(ObjectReader& in, FetchSource& out) {
    if (out.unpack != Unpack::none) {
        if (!out.file.empty()) in.fail("file", "not_allowed", "the files of an archive have names already; 'file' names one that is not unpacked");
        return;
    }
    if (out.file.empty()) out.file = last_part(out.url);
    const bool is_plain = is_inner_path(out.file) && out.file.find('/') == std::string::npos;
    if (!is_plain) in.fail("file", "required", "the address does not end in a name: say the file's with 'file', such as server.jar");
}

void decode_fetch(const Value& value, const std::string& pointer, Errors& errors, FetchSource& out) {
    ObjectReader in(value, pointer, errors);
    in.required("url", out.url);
    in.required("sha256", out.sha256);
    in.optional("unpack", out.unpack);
    in.optional("file", out.file);
    in.optional("size_max_mib", out.size_max.count);
    if (!in.finish()) return;
    if (!out.url.starts_with("https://") || has_control_characters(out.url) || out.url.find(' ') != std::string::npos) {
        in.fail("url", "bad_format", "game files are fetched from an address that begins with https:// only");
    }
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (out.sha256.size() != 64 || !std::ranges::all_of(out.sha256, is_hex)) {
        in.fail("sha256", "bad_format", "write the file's SHA-256 as 64 hexadecimal digits in lower case (sha256sum FILE prints it)");
    }
    if (out.size_max.count < 1 || out.size_max.count > size_max_mib_most) {
        in.fail("size_max_mib", "out_of_range", fmt::format("'size_max_mib' is between 1 and {}", size_max_mib_most));
    }
    check_file_name(in, out);
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

void decode_builtin(const Value& value, const std::string& pointer, Errors& errors, BuiltinSource&) {
    ObjectReader in(value, pointer, errors);
    in.finish();
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

// "sha512-" and 64 bytes in base64.
bool is_integrity(std::string_view text) {
    constexpr std::string_view lead = "sha512-";
    constexpr std::size_t digits = 86;
    if (!text.starts_with(lead) || text.size() != lead.size() + digits + 2 || !text.ends_with("==")) return false;
    return std::ranges::all_of(text.substr(lead.size(), digits), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
    });
}

void decode_npm(const Value& value, const std::string& pointer, Errors& errors, NpmSource& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    in.required("version", out.version);
    in.required("integrity", out.integrity);
    if (!in.finish()) return;
    if (!is_npm_name(out.name)) in.fail("name", "bad_format", "write the name of an npm package, such as \"flying-squid\" or \"@team/server\"");
    if (!is_exact_version(out.version))
        in.fail("version", "bad_format", "write one exact version such as \"1.12.0\"; ranges change what runs without being asked");
    if (!is_integrity(out.integrity))
        in.fail("integrity", "bad_format", "write what 'npm view NAME@VERSION dist.integrity' prints: sha512- and 88 characters");
}

// As Kubernetes bounds them.
constexpr std::uint32_t user_max = 2'147'483'647;
constexpr std::size_t label_text_max = 63;
constexpr std::size_t label_name_max = 253 + 1 + label_text_max;
bool is_label_part(std::string_view text, std::string_view also) {
    return std::ranges::all_of(
        text, [&](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.contains(c); });
}
bool is_node_label(const std::pair<const std::string, std::string>& label) {
    const auto& [name, text] = label;
    return !name.empty() && name.size() <= label_name_max && is_label_part(name, "._-/") && text.size() <= label_text_max &&
           is_label_part(text, "._-");
}

bool is_image_name(std::string_view text) {
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("._-/:@").contains(c);
    };
    return !text.empty() && text.size() <= image_name_size_max && std::ranges::all_of(text, is_plain) && text.front() != '-' && text.front() != '/';
}

void decode_image(const Value& value, const std::string& pointer, Errors& errors, ImageSource& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    in.optional("shim", out.shim);
    in.optional("user", out.user);
    in.optional("writable_root", out.writable_root);
    in.optional("node_selector", out.node_selector);
    std::vector<std::string> taints;
    in.optional("tolerations", taints);
    if (!in.finish()) return;
    if (!is_image_name(out.name))
        in.fail("name", "bad_format", "write a name such as minetest, or a whole reference such as registry.example.org/games/minetest:5.6.1");
    if (out.user > user_max) in.fail("user", "out_of_range", fmt::format("a user is a number from 0 to {}", user_max));
    const auto wrong = std::ranges::find_if_not(out.node_selector, is_node_label);
    if (wrong != out.node_selector.end())
        in.fail("node_selector", "bad_format",
                fmt::format("'{}: {}' is no label of a node; `kubectl get nodes --show-labels` lists them", wrong->first, wrong->second));
    for (std::size_t i = 0; i < taints.size(); ++i) {
        auto toleration = server::parse_toleration(taints[i]);
        if (toleration) out.tolerations.push_back(std::move(*toleration));
        else errors.add(pointer_to(in.pointer("tolerations"), i), "bad_format", std::move(toleration).error(), value.find("tolerations")->mark());
    }
}

// What npm itself asks for; the archive holds everything below "package/".
Download download(const NpmSource& npm) {
    const auto base = npm.name.substr(npm.name.find('/') + 1);
    return {.url = fmt::format("{}/{}/-/{}-{}.tgz", npm_registry, npm.name, base, npm.version),
            .algorithm = Download::Algorithm::sha512,
            .digest = npm.integrity,
            .unpack = Unpack::tar,
            .unpack_below = 1};
}

Download download(const FetchSource& fetch) {
    return {.url = fetch.url, .digest = fetch.sha256, .unpack = fetch.unpack, .file = fetch.file, .size_max = fetch.size_max};
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
        out.from = std::move(kind);
    };
    one("debian", DebianSource{}, decode_debian);
    one("directory", DirectorySource{}, decode_directory);
    one("fetch", FetchSource{}, decode_fetch);
    one("npm", NpmSource{}, decode_npm);
    one("image", ImageSource{}, decode_image);
    one("builtin", BuiltinSource{}, decode_builtin);
    in.optional("version", out.version);
    if (const auto* needs = in.find("needs")) decode_debian(*needs, in.pointer("needs"), errors, out.needs.emplace());
    if (const auto* image = in.find("runs_in")) decode_image(*image, in.pointer("runs_in"), errors, out.runs_in.emplace());
    if (out.runs_in && !download_of(out)) in.fail("runs_in", "not_allowed", "only what is fetched, by 'fetch' or 'npm', runs in another image");
    if (in.finish() && kinds != 1) {
        errors.add(pointer, "not_allowed", "a source is exactly one of: debian, directory, fetch, npm, image, builtin", value.mark());
    }
    return errors.list().size() == before;
}

std::vector<const Source*> sources_of(const std::vector<Source>& sources, const std::string& version) {
    std::vector<const Source*> out;
    for (const auto& source : sources) {
        if (source.version.empty() || source.version == version) out.push_back(&source);
    }
    return out;
}

std::string image_reference(const ImageSource& image, const std::string& prefix, const std::string& tag) {
    const auto slash = image.name.rfind('/');
    const bool is_tagged = image.name.find_first_of(":@", slash == std::string::npos ? 0 : slash) != std::string::npos;
    return (slash == std::string::npos ? prefix : std::string()) + image.name + (is_tagged || tag.empty() ? std::string() : ":" + tag);
}

const ImageSource* image_of(const Source& source) {
    static const ImageSource ours{.name = "gamekeeper", .shim = ImageSource::Shim::included};
    if (source.runs_in) return &*source.runs_in;
    if (std::holds_alternative<BuiltinSource>(source.from)) return &ours;
    return std::get_if<ImageSource>(&source.from);
}

std::optional<Download> download_of(const Source& source) {
    if (const auto* fetch = std::get_if<FetchSource>(&source.from)) return download(*fetch);
    if (const auto* npm = std::get_if<NpmSource>(&source.from)) return download(*npm);
    return std::nullopt;
}

}  // namespace gk::catalog
