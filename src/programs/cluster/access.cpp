#include "programs/cluster/access.hpp"

#include <cstdlib>

#include "adapters/kubernetes/client/find_target.hpp"

namespace gk::programs {
namespace {

std::optional<std::string> variable(const std::string& name) {
    const auto* value = std::getenv(name.c_str());
    return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

// What has been saved up while nothing happened is for a restart, which reads the Secret of each of a thousand servers.
kubernetes::ApiServer::Options options_of_calls() {
    kubernetes::ApiServer::Options options;
    options.budget = {.per_second = 100, .burst = 1500};
    return options;
}

}  // namespace

Result<std::unique_ptr<ClusterAccess>, std::string> ClusterAccess::open(boost::asio::any_io_executor loop, Clock& clock,
                                                                        const Config::Cluster& config) {
    std::unique_ptr<ClusterAccess> made(new ClusterAccess(clock));
    const kubernetes::TargetOptions options{.kubeconfig = config.kubeconfig, .context = config.context};
    TRY(target, kubernetes::find_target(options, variable));
    made->context_ = target.context;
    made->address_ = target.cluster.server;
    made->space_ = target.space;
    if (target.user.exec) made->plugin_ = target.user.exec->command;
    TRY(remote, kubernetes::ApiServer::remote_of(target.cluster));
    TRY(credentials, kubernetes::Credentials::make(clock, std::move(target), &made->programs_));
    made->credentials_ = std::move(credentials);
    made->server_ = std::make_unique<kubernetes::ApiServer>(std::move(loop), clock, std::move(remote), *made->credentials_, options_of_calls());
    return made;
}

}  // namespace gk::programs
