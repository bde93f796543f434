#pragma once

#include "domain/catalog/game.hpp"
#include "domain/catalog/render.hpp"

namespace gk::catalog {

// What each placeholder stands for in one server.
class PlaceholderValues {
public:
    // Keeps references: all three must outlive it.
    PlaceholderValues(const Game& game, const server::Record& record, const RenderContext& context);

    // Null for a setting without a value; check_references() has made sure that the name means something.
    Value of(std::string_view placeholder) const;
    Lookup lookup() const {
        return [this](std::string_view placeholder) { return of(placeholder); };
    }
    // Whether an argument with `when: NAME` is there.
    bool is_set(const std::string& setting) const;

private:
    Value setting(const std::string& name) const;
    Value per_address(const std::string& name) const;
    Value port(std::string_view role) const;
    Value secret(const std::string& name) const;
    Value fixed(std::string_view placeholder) const;

    const Game& game_;
    const server::Record& record_;
    const RenderContext& context_;
    SettingValues settings_;
};

}  // namespace gk::catalog
