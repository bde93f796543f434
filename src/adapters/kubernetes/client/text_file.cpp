#include "adapters/kubernetes/client/text_file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "base/descriptor.hpp"

namespace gk::kubernetes {

static constexpr std::size_t size_max = 1024 * 1024;

Result<std::string, std::string> read_text_file(const std::string& path) {
    const auto failed = [&](int error) { return std::unexpected(fmt::format("cannot read {}: {}", path, std::generic_category().message(error))); };
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return failed(errno);
    std::string text;
    std::array<char, 16 * 1024> piece{};
    for (;;) {
        const auto got = ::read(file.get(), piece.data(), piece.size());
        if (got < 0) return failed(errno);
        if (got == 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
        if (text.size() > size_max) return failed(EFBIG);
    }
}

}  // namespace gk::kubernetes
