#include "shim/run_traces.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>

#include "wire/shim/layout.hpp"

namespace gk::shim {

namespace layout = wire::shim::layout;

namespace {

constexpr std::size_t tail_bytes = wire::shim::tail_bytes_max;

wire::shim::Exit lost_exit(const wire::shim::LogSource& log) {
    wire::shim::Exit exit{.cause = wire::shim::Cause::lost, .signal = {}, .code = {}, .tail = {}};
    const auto start = wire::shim::start_of_last(log, wire::shim::tail_lines_max);
    for (const auto& line : wire::shim::lines_from(log, start, wire::shim::tail_lines_max, tail_bytes)) {
        exit.at = std::max(exit.at, line.at);
        exit.tail += (exit.tail.empty() ? "" : "\n") + line.text;
    }
    return exit;
}

}  // namespace

bool RunTraces::has(std::string_view name) const { return ::faccessat(folder_, std::string(name).c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0; }

ShimResult<Success> RunTraces::begin(const wire::shim::Spec& spec) const {
    // What a run left that was forgotten half-way.
    ::unlinkat(folder_, std::string(layout::exit_file).c_str(), 0);
    auto shown = spec;
    shown.console.password.clear();
    const auto bytes = wire::shim::encode(shown);
    return write_file_durably(folder_, std::string(layout::spec_file), as_text(bytes));
}

ShimResult<std::optional<wire::shim::Exit>> RunTraces::left(const wire::shim::LogSource& log) const {
    if (!has(layout::spec_file)) return std::nullopt;
    if (has(layout::exit_file)) {
        TRY(text, read_file(folder_, std::string(layout::exit_file), wire::shim::frame_size_max + 1));
        auto exit = wire::shim::decode_exit(as_byte_span(text));
        if (exit) return std::move(*exit);
    }
    auto exit = lost_exit(log);
    const auto bytes = wire::shim::encode(exit);
    TRY_OK(write_file_durably(folder_, std::string(layout::exit_file), as_text(bytes)));
    return exit;
}

ShimResult<Success> RunTraces::forget() const {
    for (const auto name : {layout::spec_file, layout::exit_file}) {
        if (::unlinkat(folder_, std::string(name).c_str(), 0) != 0 && errno != ENOENT) return std::unexpected(system_error(name));
    }
    if (::fsync(folder_) != 0) return std::unexpected(system_error("the run folder"));
    return Success{};
}

ShimResult<Epoch> RunTraces::epoch() const {
    if (!has(layout::epoch_file)) return Epoch{};
    TRY(text, read_file(folder_, std::string(layout::epoch_file), 32));
    std::underlying_type_t<Epoch> number{};
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size())
        return std::unexpected(ShimError{"the epoch in the run folder is no number"});
    return Epoch{number};
}

ShimResult<Success> RunTraces::keep_epoch(Epoch epoch) const {
    return write_file_durably(folder_, std::string(layout::epoch_file), std::to_string(std::to_underlying(epoch)));
}

}  // namespace gk::shim
