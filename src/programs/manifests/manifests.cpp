#include "programs/manifests/manifests.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "programs/assets/embedded.hpp"
#include "programs/edge/edge_keys.hpp"
#include "programs/manifests/resource_definitions.hpp"
#include "tls/authority.hpp"
#include "wire/yaml/write_yaml.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::programs {
namespace {

std::string_view text_of(std::string_view path) {
    const auto files = embedded_files();
    const auto file = std::ranges::find(files, path, &EmbeddedFile::path);
    ASSERT(file != files.end(), "the program carries the description of its API and the manifests");
    return file->text;
}

Value document(std::string_view path) {
    auto read = wire::parse_yaml(text_of(path));
    ASSERT(read.has_value(), "the documents that the program carries are YAML");
    return std::move(*read);
}

// A Secret as tools for certificates make them too.
Value secret_of(const std::string& space, const tls::Identity& identity, const tls::Authority& authority) {
    return Value::object({{"apiVersion", "v1"},
                          {"kind", "Secret"},
                          {"metadata", Value::object({{"name", "gamekeeper-edge-keys"}, {"namespace", space}})},
                          {"type", "kubernetes.io/tls"},
                          {"stringData", Value::object({{"tls.crt", identity.certificates},
                                                        {"tls.key", std::string(identity.key.reveal())},
                                                        {"ca.crt", authority.certificate()}})}});
}

}  // namespace

std::string edge_keys(const std::string& space, const std::string& edge_space) {
    constexpr std::chrono::hours ten_years{24 * 3652};
    const tls::Authority authority("gamekeeper-edges", ten_years);
    const auto ours = secret_of(space, authority.identity(control_plane_name, ten_years), authority);
    const auto theirs = secret_of(edge_space, authority.identity(edge_name, ten_years), authority);
    return fmt::format("---\n{}---\n{}", wire::write_yaml(ours), wire::write_yaml(theirs));
}

std::string definitions() {
    std::string out;
    for (const auto& definition : resource_definitions(document("api/openapi.yaml"), document("docs/formats/game.schema.json"))) {
        out += "---\n";
        out += wire::write_yaml(definition);
    }
    return out;
}

std::string manifests() { return definitions() + std::string(text_of("deploy/kubernetes.yaml")); }

}  // namespace gk::programs
