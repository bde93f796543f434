#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/decode.hpp"
#include "base/enum_names.hpp"
#include "base/units.hpp"
#include "domain/server/toleration.hpp"

// Where a game's files come from. A definition lists several sources; the first that this machine or cluster can use is taken.
namespace gk::catalog {

struct DebianSource {
    std::vector<std::string> packages;
    std::string program;  // There when the packages are installed: an absolute path.
    bool operator==(const DebianSource&) const = default;
};
struct DirectorySource {
    std::string path;  // On this machine; seen by the game as {{paths.game}}, read-only.
    bool operator==(const DirectorySource&) const = default;
};
enum class Unpack : std::uint8_t { none, tar, zip };
inline constexpr auto unpack_names = std::to_array<std::string_view>({"none", "tar", "zip"});
constexpr std::span<const std::string_view> names_of(Unpack) { return unpack_names; }
struct FetchSource {
    std::string url;     // https only.
    std::string sha256;  // 64 hexadecimal digits, lower case.
    Unpack unpack = Unpack::none;
    std::string file;                // The name below {{paths.game}} of a file that is not unpacked.
    MebiBytes size_max{1024};        // Of what is fetched; more is not what the definition means.
    bool operator==(const FetchSource&) const = default;
};
struct NpmSource {
    std::string name;
    std::string version;    // Exact.
    std::string integrity;  // "sha512-..." as npm shows it.
    bool operator==(const NpmSource&) const = default;
};
// For clusters.
struct ImageSource {
    // Whether gk-shim is in the image, as in those that our own tool makes, or is to be copied beside the game by one more container.
    enum class Shim : std::uint8_t { included, copied };
    // "minetest", found where the cluster's configuration says, or with a registry, a tag or a digest: "registry.example.org/games/minetest:5.6.1".
    std::string name;
    Shim shim = Shim::included;
    std::optional<std::uint32_t> user = {};  // As in server::Image; 0, root, only where the operator allows it.
    bool writable_root = false;
    std::map<std::string, std::string> node_selector = {};
    std::vector<server::Toleration> tolerations = {};
    bool operator==(const ImageSource&) const = default;
};
// Gamekeeper's own programs. On a machine the folder that they are in, seen by the game as {{paths.game}}; on a cluster the image of Gamekeeper.
struct BuiltinSource {
    bool operator==(const BuiltinSource&) const = default;
};

inline constexpr auto image_shim_names = std::to_array<std::string_view>({"included", "copied"});
constexpr std::span<const std::string_view> names_of(ImageSource::Shim) { return image_shim_names; }
// Of all that a definition may ask for, this alone is beyond the Pod Security Standard "restricted".
inline constexpr std::string_view runs_as_root =
    "its image runs as root (user: 0), which Pod Security \"restricted\" forbids; give it another user, or let the operator say "
    "cluster.pod_security: baseline";
// The name as the cluster is to pull it: a name with no '/' in it gets the prefix, such as "registry.example.org/gamekeeper/". A name without tag or
// digest gets the tag.
std::string image_reference(const ImageSource& image, const std::string& prefix, const std::string& tag);

struct Source {
    std::variant<DebianSource, DirectorySource, FetchSource, NpmSource, ImageSource, BuiltinSource> from;
    std::string version;  // Only for servers whose setting "version" has this value; empty: for every one.
    std::optional<DebianSource> needs;  // What must be installed besides, such as a Java runtime for a jar.
    std::optional<ImageSource> runs_in =
        {};  // Of what is fetched: the image that holds the same on a cluster, where the files are brought into the pod.
    bool operator==(const Source&) const = default;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, Source& out);

// The setting that chooses among sources.
inline constexpr std::string_view version_setting = "version";
// The sources for servers of this version, best first.
std::vector<const Source*> sources_of(const std::vector<Source>& sources, const std::string& version);

// The image that servers of this source run in on a cluster. Null: it is not for clusters.
const ImageSource* image_of(const Source& source);
// Where our own programs are in our own image.
inline constexpr std::string_view builtin_folder_in_image = "/usr/local/bin";

// A file to be fetched, and how one knows that it is the right one. Two that differ in the address alone are the same file.
struct Download {
    enum class Algorithm : std::uint8_t { sha256, sha512 };
    std::string url;
    Algorithm algorithm = Algorithm::sha256;
    std::string digest;  // sha256: hexadecimal digits; sha512: "sha512-" and base64.
    Unpack unpack = Unpack::none;
    int unpack_below = 0;  // So many leading parts of the names in the archive are left out; what has no more goes.
    std::string file;  // Its name when it is not unpacked.
    MebiBytes size_max{1024};
    bool operator==(const Download&) const = default;
};
// Nothing for sources that are not fetched.
std::optional<Download> download_of(const Source& source);

}  // namespace gk::catalog
