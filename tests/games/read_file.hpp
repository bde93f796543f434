#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "base/value.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::games_test {

inline std::string read_file(const std::string& path) {
    std::ifstream in(path);
    EXPECT_TRUE(in.good()) << path;
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// JSON too: it is YAML.
inline Value read_document(const std::string& path) {
    auto parsed = wire::parse_yaml(read_file(path));
    if (!parsed) ADD_FAILURE() << path << ":" << parsed.error().line << ":" << parsed.error().column << ": " << parsed.error().message;
    return parsed ? std::move(*parsed) : Value();
}

}  // namespace gk::games_test
