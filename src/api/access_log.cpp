#include "api/access_log.hpp"

#include "base/log.hpp"

namespace gk::api {
namespace {

bool only_reads(net::Method method) { return method == net::Method::get || method == net::Method::head || method == net::Method::options; }

}  // namespace

void log_access(const net::Access& access) {
    const bool is_change = !only_reads(access.method) && access.status < 400;
    const auto level = is_change || access.status >= 500 ? log::Level::info : log::Level::debug;
    log::write(level, "api", "request was answered",
               {{"request", access.id},
                {"method", access.method},
                {"route", access.route},
                {"target", access.target},
                {"peer", access.peer},
                {"status", access.status},
                {"ms", access.duration.count()}});
}

}  // namespace gk::api
