#pragma once

#include <string>

#include "programs/config/config.hpp"

namespace gk::programs {

struct ServeOptions {
    std::string config_file;
    bool check_only = false;
    SaidByKey said;  // By flags.
};

// Flags over environment over file over defaults. The file is the one that was named, else <state>/gamekeeper.yaml.
Result<Config, ConfigErrors> read_config(const ServeOptions& options);

// `gamekeeper serve`: reads the configuration, settles the rights, runs the control plane until it is asked to end. Exit code.
int serve_main(const ServeOptions& options);

}  // namespace gk::programs
