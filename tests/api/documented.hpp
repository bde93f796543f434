#pragma once

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "tests/api/rig.hpp"

namespace gk::apitest {

// Every route that api/openapi.yaml names, over a house in which each has something to work on.
class DocumentedRoutes : public Api {
protected:
    struct Documented {
        std::string method, path;
        const Value* operation;
        const Value* item;  // What holds for every method of the path.
    };
    std::vector<Documented> documented() const {
        static const std::set<std::string_view> verbs = {"get", "post", "put", "patch", "delete"};
        std::vector<Documented> out;
        for (const auto& [path, item] : *context.openapi.find("paths")->as_object()) {
            for (const auto& [method, described] : *item.as_object()) {
                if (verbs.contains(method)) out.push_back({.method = upper(method), .path = path, .operation = &described, .item = &item});
            }
        }
        return out;
    }
    static bool needs_key(const Documented& route) { return route.operation->find("security") == nullptr; }
    std::string filled(std::string path) const {
        replace(path, "{id}", "castle");
        replace(path, "{game}", "toy");
        replace(path, "{operation}", operation);
        replace(path, "{key}", spare_key);
        replace(path, "{node}", "node-1");
        replace(path, "{queue}", "casual");
        replace(path, "{fleet}", "duels");
        replace(path, "{player}", "ann");
        replace(path, "{ticket}", ticket);
        replace(path, "{match}", match);
        return path;
    }
    void furnish() {
        operation = house.create({.id = "castle", .game = "toy"}).value().operation.id.text();
        std::tie(ticket, match) = matches.furnish(house);
        spare_key = house.wait(house.accounts.create({.name = "test"}, "spare", Scope::admin, {})).value().key.id.text();
    }
    static std::set<std::string> pointers_of(const Reply& reply) {
        std::set<std::string> out;
        const auto* errors = reply.json.find("errors");
        if (errors == nullptr) return out;
        for (const auto& error : *errors->as_array()) out.insert(text(error, "pointer"));
        return out;
    }

    std::string operation, spare_key, ticket, match;

private:
    static std::string upper(std::string text) {
        for (auto& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        return text;
    }
    static void replace(std::string& text, std::string_view what, std::string_view with) {
        if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
    }
};

}  // namespace gk::apitest
