#pragma once

#include <string>

#include "domain/catalog/catalog.hpp"
#include "ports/package_declaration.hpp"

namespace gk::app {

// Brings declared packages into the catalogue, in front of the shipped ones of their names. Servers that are there keep the size that they have.
class DeclaredPackages {
public:
    explicit DeclaredPackages(catalog::Catalog& games) : games_(games) {}

    // What is wrong with it, as "FILE:LINE:COLUMN: PLACE: sentence", one line for each; empty: it counts. One that is wrong changes nothing: what
    // the declaration said before counts on, as long as this process runs.
    std::string take(const PackageDeclaration& declaration);
    // It is not declared any more: what it stood in front of is back.
    void drop(const std::string& name) { games_.declare_packages(name, {}); }

private:
    catalog::Catalog& games_;
};

}  // namespace gk::app
