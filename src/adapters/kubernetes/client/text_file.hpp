#pragma once

#include <string>

#include "base/result.hpp"

namespace gk::kubernetes {

// A small local file: a kubeconfig, a certificate, a token. At most 1 MiB. The error is a sentence that names the path.
Result<std::string, std::string> read_text_file(const std::string& path);

}  // namespace gk::kubernetes
