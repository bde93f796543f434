#include "programs/serve/definitions.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "base/assert.hpp"
#include "programs/assets/embedded.hpp"
#include "wire/kubernetes/object.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::programs {
namespace {

using wire::kubernetes::Failure;
using wire::kubernetes::find_at;

constexpr Milliseconds patience = std::chrono::seconds(10);
constexpr auto cure = "gamekeeper manifests | kubectl apply --server-side -f -";

// A spec is what creates a server (docs/adr/0017) without what metadata says, and without what is `replicas` there.
std::vector<std::string> members_of_a_spec() {
    static constexpr auto elsewhere = std::to_array<std::string_view>({"id", "namespace", "start"});
    const auto files = embedded_files();
    const auto file = std::ranges::find(files, "api/openapi.yaml", &EmbeddedFile::path);
    ASSERT(file != files.end(), "api/openapi.yaml is part of the program");
    const auto api = wire::parse_yaml(file->text);
    const auto* members = api ? find_at(*api, {"components", "schemas", "ServerCreate", "properties"}) : nullptr;
    ASSERT(members != nullptr && members->as_object() != nullptr, "api/openapi.yaml says what creates a server");
    std::vector<std::string> out;
    for (const auto& [name, schema] : *members->as_object()) {
        if (std::ranges::find(elsewhere, name) == elsewhere.end()) out.push_back(name);
    }
    return out;
}

kubernetes::Reply<Value> get(kubernetes::ApiServer& server, std::string target) {
    kubernetes::Call call;
    call.target = std::move(target);
    return server.call(std::move(call), patience);
}

}  // namespace

std::vector<std::string> members_missing_in(const Value& document) {
    const auto* known = find_at(document, {"components", "schemas", "dev.gamekeeper.v1alpha1.GameServer", "properties", "spec", "properties"});
    if (known == nullptr || known->as_object() == nullptr) return {};
    auto members = members_of_a_spec();
    std::erase_if(members, [known](const std::string& name) { return known->find(name) != nullptr; });
    return members;
}

kubernetes::Reply<std::optional<DefinitionTrouble>> trouble_with_definitions(kubernetes::ApiServer& server) {
    std::optional<DefinitionTrouble> none;
    const auto kinds = co_await get(server, fmt::format("/apis/{}", kubernetes::group_version));
    if (!kinds && kinds.error().kind == Failure::Kind::not_found)
        co_return DefinitionTrouble{.what = "the cluster does not know the kind GameServer: no server can be kept", .cure = cure};
    if (!kinds) co_return std::unexpected(kinds.error());
    const auto schemas = co_await get(server, fmt::format("/openapi/v3/apis/{}", kubernetes::group_version));
    if (!schemas) co_return none;
    const auto missing = members_missing_in(*schemas);
    if (missing.empty()) co_return none;
    co_return DefinitionTrouble{
        .what = fmt::format("the cluster's definition of GameServer is older than this program: it drops what servers say of {}",
                            fmt::join(missing, ", ")),
        .cure = cure};
}

}  // namespace gk::programs
