#include "programs/cluster/token.hpp"

#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "adapters/kubernetes/client/credentials.hpp"
#include "adapters/system/clock.hpp"
#include "async/run.hpp"
#include "programs/cluster/plugin_programs.hpp"
#include "programs/config/usual_places.hpp"

namespace gk::programs {
namespace {

std::optional<std::string> variable(const std::string& name) {
    auto value = environment(name.c_str());
    return value.empty() ? std::nullopt : std::optional(std::move(value));
}

}  // namespace

Result<Secret, std::string> token_of_cluster(const kubernetes::TargetOptions& options) {
    boost::asio::io_context loop;
    system::SystemClock clock(loop.get_executor());
    PluginPrograms programs(clock);
    TRY(target, kubernetes::find_target(options, variable));
    auto context = target.context;
    TRY(credentials, kubernetes::Credentials::make(clock, std::move(target), &programs));
    auto access = async::run_until_done(loop, credentials->access());
    if (!access) return std::unexpected(fmt::format("the context '{}' gives no token: {}", context, access.error().detail));
    if (!access->token.empty()) return std::move(access->token);
    return std::unexpected(
        fmt::format("the user of context '{}' has a certificate and no token, and only the cluster itself can tell by it who that is; "
                    "give a token by --key (kubectl create token SERVICEACCOUNT), or a key of Gamekeeper",
                    context));
}

}  // namespace gk::programs
