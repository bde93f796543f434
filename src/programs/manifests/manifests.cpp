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

Value description_of_the_api() {
    auto document = wire::parse_yaml(text_of("api/openapi.yaml"));
    ASSERT(document.has_value(), "the description of the API is YAML");
    return std::move(*document);
}

}  // namespace

std::string definitions() {
    std::string out;
    for (const auto& document : resource_definitions(description_of_the_api())) {
        out += "---\n";
        out += wire::write_yaml(document);
    }
    return out;
}

std::string manifests() { return definitions() + std::string(text_of("deploy/kubernetes.yaml")); }

}  // namespace gk::programs
