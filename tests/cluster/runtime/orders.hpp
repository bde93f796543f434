#pragma once

#include <string>

#include "adapters/kubernetes/runtime/cluster_runtime.hpp"
#include "adapters/kubernetes/store/port_map.hpp"
#include "domain/catalog/render.hpp"

namespace gk::kubernetes {

// One server of one game on a cluster, worked by words instead of by a keeper.
class Orders {
public:
    struct Setting {
        catalog::Game game;
        server::Record record;
        server::Image image;
        Epoch epoch{};
    };
    Orders(Setting setting, Clock& clock, ClusterRuntime& runtime, KubernetesPortMap& ports, Files& files)
        : setting_(std::move(setting)),
          clock_(clock),
          runtime_(runtime),
          ports_(ports),
          files_(files) {}

    // "write PATH TEXT" and the like: a verb and up to two words. What came of it: an error has the members error and detail. "do ORDER" asks again
    // after what may pass, as the keeper does; "until PROCESS" observes until that is what the game's process does.
    Task<Value> carry_out(std::string line);
    // As the game would be started now.
    Runtime::Answer<server::LaunchSpec> launch_spec() const;

private:
    Task<Value> once(std::string line);
    Task<Value> again(std::string line);
    Task<Value> until(std::string process);
    Task<Value> on_files(std::string verb, std::string path, std::string text);
    Task<Value> on_run(std::string verb, std::string rest);
    Task<Value> on_disk(std::string verb, std::string rest);
    Task<Value> reserve();
    Task<Value> expose(std::string kind);
    Task<Value> prepare();

    Setting setting_;
    Clock& clock_;
    ClusterRuntime& runtime_;
    KubernetesPortMap& ports_;
    Files& files_;
};

}  // namespace gk::kubernetes
