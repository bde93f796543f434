#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "domain/catalog/edit/edit.hpp"
#include "wire/yaml/yaml.hpp"

namespace {

using gk::Value;
using gk::catalog::FileFormat;

// What the path leads to in a document, or null.
const Value* at_path(const Value& document, const std::vector<std::string>& path) {
    const auto* at = &document;
    for (const auto& name : path) {
        if (at != nullptr) at = at->find(name);
    }
    return at;
}

// A YAML file that was well-formed still is, and says at that place what it was told.
void check_yaml(std::string_view before, const std::string& after, const gk::catalog::Edit& edit) {
    if (!gk::wire::parse_yaml(before)) return;
    const auto document = gk::wire::parse_yaml(after);
    ASSERT(document, "an edit broke a YAML file");
    const auto* found = at_path(*document, edit.path);
    ASSERT(found != nullptr && *found == edit.value, "an edit did not arrive in a YAML file");
}

}  // namespace

// The first byte chooses the format, the rest is the file. An edit succeeds or is refused; one that succeeded changes nothing the second time.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto format = static_cast<FileFormat>(data[0] % gk::catalog::file_format_names.size());
    const std::string_view content(reinterpret_cast<const char*>(data + 1), size - 1);
    std::vector<std::string> path = {"a", "b", "c"};
    if (format == FileFormat::ini) path.resize(2);
    if (format == FileFormat::text || format == FileFormat::properties || format == FileFormat::cfg) path.resize(1);
    const gk::catalog::Edit edit{path, format == FileFormat::text ? Value("a 1") : Value("x # y: z")};
    const auto once = gk::catalog::edit_file(format, content, std::span(&edit, 1));
    if (!once) return 0;
    const auto twice = gk::catalog::edit_file(format, *once, std::span(&edit, 1));
    ASSERT(twice && *twice == *once, "repeating an edit changed the file again");
    if (format == FileFormat::yaml) check_yaml(content, *once, edit);
    return 0;
}
