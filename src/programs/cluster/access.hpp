#pragma once

#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/kubernetes/client/api_server.hpp"
#include "base/result.hpp"
#include "ports/clock.hpp"
#include "programs/cluster/plugin_programs.hpp"
#include "programs/config/config.hpp"

namespace gk::programs {

// The way to the cluster that the configuration names.
class ClusterAccess {
public:
    // Reads local files only. The error is a sentence with the cure.
    static Result<std::unique_ptr<ClusterAccess>, std::string> open(boost::asio::any_io_executor loop, Clock& clock, const Config::Cluster& config);

    kubernetes::ApiServer& server() { return *server_; }
    // What the kubeconfig says, for messages.
    const std::string& context() const { return context_; }
    const std::string& address() const { return address_; }
    // The command of its exec plug-in; empty: it has none.
    const std::string& plugin() const { return plugin_; }
    // The context's namespace, or the pod's own.
    const std::string& space() const { return space_; }

private:
    explicit ClusterAccess(Clock& clock) : programs_(clock) {}

    PluginPrograms programs_;
    std::unique_ptr<kubernetes::Credentials> credentials_;
    std::unique_ptr<kubernetes::ApiServer> server_;
    std::string context_;
    std::string address_;
    std::string space_;
    std::string plugin_;
};

}  // namespace gk::programs
