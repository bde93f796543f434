#pragma once

#include <map>
#include <string>

namespace gk {

// Sizes of servers that people declare while we run: on a cluster, a ConfigMap.
struct PackageDeclaration {
    std::string name;                          // Of the declaration.
    std::map<std::string, std::string> files;  // By file name, each as games/packages/*.yaml.
    bool operator==(const PackageDeclaration&) const = default;
};

}  // namespace gk
