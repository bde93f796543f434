// Serves the health answer and nothing else, so that the cost of our HTTP layer can be compared with nginx serving the same bytes.
//     gk_bench_http PORT
#include <cstdio>
#include <cstdlib>
#include <string>

#include <boost/asio/io_context.hpp>

#include "adapters/system/clock.hpp"
#include "adapters/system/random.hpp"
#include "net/http/server.hpp"

namespace {

gk::Task<gk::net::Response> health(gk::net::Request&) { co_return gk::net::Response::text(200, "application/json", R"({"status":"ok"})"); }

}  // namespace

int main(int count, char** arguments) {
    boost::asio::io_context io(1);
    gk::system::SystemClock clock(io.get_executor());
    gk::system::SystemRandom random;
    gk::net::Router router;
    router.add({.method = gk::net::Method::get, .pattern = "/healthz", .handler = health});
    gk::net::HttpServer server(io.get_executor(), clock, random, std::move(router));
    const auto endpoint = gk::net::parse_endpoint(std::string("127.0.0.1:") + (count > 1 ? arguments[1] : "0"));
    if (!endpoint) return EXIT_FAILURE;
    const auto at = server.listen(*endpoint);
    if (!at) {
        std::fprintf(stderr, "%s\n", at.error().detail.c_str());
        return EXIT_FAILURE;
    }
    std::printf("%s\n", at->text().c_str());
    std::fflush(stdout);
    io.run();
    return EXIT_SUCCESS;
}
