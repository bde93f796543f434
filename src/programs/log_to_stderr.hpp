#pragma once

#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "adapters/system/log.hpp"
#include "base/log.hpp"
#include "programs/exit_code.hpp"

namespace gk::programs {

// Does the work of a program in the foreground, which logs to standard error meanwhile: as text at a terminal, else as lines of JSON. Returns the
// exit code of `work`, or exit_failed when there can be no log, which is said.
template <class Work>
int with_log_to_stderr(Work work) {
    const auto form = ::isatty(STDERR_FILENO) == 1 ? system::LogSink::Form::text : system::LogSink::Form::json;
    const auto sink = system::LogSink::open(form, "");
    if (!sink) {
        fmt::print(stderr, "gamekeeper: {}\n", sink.error());
        return exit_failed;
    }
    log::set_sink(sink->get(), log::Level::info);
    const int status = work();
    log::set_sink(nullptr);
    return status;
}

}  // namespace gk::programs
