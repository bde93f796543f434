#pragma once

#include <chrono>
#include <string>

#include "adapters/kubernetes/objects/pod.hpp"
#include "base/value.hpp"
#include "ports/workbench.hpp"
#include "wire/kubernetes/object.hpp"
#include "wire/shim/program.hpp"

// A bare pod beside a world's claim, in which an idle gk-shim waits for one program (docs/adr/0014). Pure.
namespace gk::kubernetes {

// What its component_label says: no Service and no StatefulSet selects it.
inline constexpr std::string_view backup_component = "backup";
// Where the program works: here lie "data" and "record".
inline constexpr std::string_view work_path = "/gk/work";

struct BackupPod {
    ServerUid uid;
    wire::kubernetes::ObjectKey server;  // Space and id.
    std::string owner;                   // The GameServer's uid in the cluster; empty: not known.
    Epoch epoch{};                       // Whose it is.
    std::string claim;
    server::Image game = {};             // Whose world it is: it runs as whom and where the game does.
    bool may_write = false;              // Else the world is mounted read-only.
    std::string node;                    // Where the claim is in use, so that it can be mounted at all; empty: anywhere.
    std::string host_name;               // Empty: the pod's name.
    std::chrono::seconds life{};         // After that the kubelet ends it, whoever has forgotten it.
};
struct BackupRules {
    std::string image;                   // restic and gk-shim.
    MilliCpu cpu{1000};
    MebiBytes memory{512};
};

// One for each server: the name is the lock that lets one program at a time work beside its world.
std::string backup_pod_name(std::string_view id);
Value backup_pod(const BackupPod& pod, const BackupRules& rules, const PodRules& games);

// How the shim runs the job: with its secrets, which are stored nowhere.
wire::shim::ProgramOrder program_order(Workbench::Job job);

}  // namespace gk::kubernetes
