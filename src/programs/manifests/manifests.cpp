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

Value description_of_the_api() {
    const auto files = embedded_files();
    const auto file = std::ranges::find(files, std::string_view("api/openapi.yaml"), &EmbeddedFile::path);
    ASSERT(file != files.end(), "the program carries the description of its API");
    auto document = wire::parse_yaml(file->text);
    ASSERT(document.has_value(), "the description of the API is YAML");
    return std::move(*document);
}

}  // namespace

std::string manifests() {
    std::string out;
    for (const auto& document : resource_definitions(description_of_the_api())) {
        out += "---\n";
        out += wire::write_yaml(document);
    }
    return out;
}

}  // namespace gk::programs
