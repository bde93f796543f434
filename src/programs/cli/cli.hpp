#pragma once

namespace gk::programs {

// The program's entry: parses the command line and runs the command. Returns the exit code of contract section 5.
int run_command_line(int argc, char** argv);

}  // namespace gk::programs
