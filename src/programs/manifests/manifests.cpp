#include "programs/manifests/manifests.hpp"

#include <algorithm>
#include <string_view>

#include "base/assert.hpp"
#include "programs/assets/embedded.hpp"
#include "programs/manifests/resource_definitions.hpp"
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

}  // namespace

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
