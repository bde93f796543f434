#pragma once

namespace gk::shim {

// gk-shim --pod ..., the first process of a pod's container. The exit code.
int pod_main(int argc, char** argv);
// gk-shim --install DIR: copies this program there, for images that do not have it. The exit code.
int install_main(const char* folder);

}  // namespace gk::shim
