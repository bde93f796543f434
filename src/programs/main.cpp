#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "programs/cli/cli.hpp"
#include "shim/files/files_server.hpp"

namespace {

// `gamekeeper files-server --fd N --root DIR`: started by hosts, never by people, so it is not in the help. It must not drag in more of the
// program than it needs: it runs with a world's own rights.
int run_files_server(int argc, char** argv) {
    int connection = -1;
    std::string root;
    for (int i = 2; i + 1 < argc; i += 2) {
        if (std::string_view(argv[i]) == "--fd") connection = std::atoi(argv[i + 1]);
        else if (std::string_view(argv[i]) == "--root") root = argv[i + 1];
    }
    return gk::shim::files_server_main(connection, root);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "files-server") return run_files_server(argc, argv);
    return gk::programs::run_command_line(argc, argv);
}
