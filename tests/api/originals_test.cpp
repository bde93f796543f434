#include <cctype>
#include <set>

#include "adapters/memory/files.hpp"
#include "api/compat/compat.hpp"
#include "tests/api/rig.hpp"

namespace gk::apitest {
namespace {

// The originals' clients write some paths with a slash at their end, some without.
std::string without_last_slash(std::string path) {
    if (path.ends_with('/')) path.pop_back();
    return path;
}

class Originals : public Api {
protected:
    memory::MemoryFiles files{house.clock};
    app::WorldFiles world_files{house.servers, house.store, files};
    api::compat::Compat compat{.api = context,
                               .files = world_files,
                               .matches = &matches.context,
                               .options = {.queue = "casual"},
                               .description = games_test::read_document(std::string(GK_SOURCE_DIR) + "/api/originals.yaml")};
};

TEST_F(Originals, TheirRoutesAreThoseThatAreDescribed) {
    net::Router router;
    api::compat::add_routes(router, compat);
    std::set<std::string> there;
    for (const auto* route : router.routes()) {
        auto pattern = route->pattern;
        if (const auto tail = pattern.find("*}"); tail != std::string::npos) pattern.erase(tail, 1);
        there.insert(fmt::format("{} {}", name_of(route->method), without_last_slash(pattern)));
    }
    std::set<std::string> described;
    for (const auto& [path, item] : *compat.description.find("paths")->as_object()) {
        for (const auto& [method, operation] : *item.as_object()) {
            auto word = method;
            for (auto& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            if (method != "parameters") described.insert(fmt::format("{} {}", word, without_last_slash(path)));
        }
    }
    EXPECT_EQ(there, described);
}

}  // namespace
}  // namespace gk::apitest
