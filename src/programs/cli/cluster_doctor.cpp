#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "adapters/system/clock.hpp"
#include "async/run.hpp"
#include "base/text.hpp"
#include "programs/cli/findings.hpp"
#include "programs/cli/local_commands.hpp"
#include "programs/cli/values.hpp"
#include "programs/cluster/access.hpp"
#include "programs/serve/definitions.hpp"

namespace gk::programs {
namespace {

using enum Finding::Level;
using kubernetes::Call;
using wire::kubernetes::Failure;

constexpr Milliseconds patience = std::chrono::seconds(20);

// Where the clouds' own tools make a new login or a new kubeconfig.
std::string login_cure(const ClusterAccess& access) {
    const auto& plugin = access.plugin();
    if (plugin.ends_with("kubelogin")) return "az login   (then, if it stays: az aks get-credentials --overwrite-existing)";
    if (plugin.ends_with("aws")) return "aws sso login, or whatever renews your AWS credentials";
    if (plugin.ends_with("gke-gcloud-auth-plugin")) return "gcloud auth login";
    return "log in again, or ask the cluster's owner for a new kubeconfig";
}

std::string kubeconfig_cure() {
    return "fetch the kubeconfig again, as the cluster's provider says (AKS: az aks get-credentials --overwrite-existing)";
}

// The original's "common issues": what stands between us and the API server, by what it looks like.
Finding unreachable(const ClusterAccess& access, const Failure& failure) {
    const auto where = fmt::format("{} (context '{}')", access.address(), access.context());
    Finding finding{.level = wrong, .what = "API server", .detail = {}, .cure = {}};
    const bool is_certificate = failure.detail.contains("certificate");
    if (failure.detail.contains("exec plug-in")) {
        finding.what = "login";
        finding.detail = failure.detail;
        const bool is_missing = failure.detail.contains("is not in PATH");
        finding.cure = is_missing ? fmt::format("install '{}' and put it into PATH", access.plugin()) : login_cure(access);
    } else if (failure.kind == Failure::Kind::unauthorized) {
        finding.what = "login";
        finding.detail = fmt::format("{} does not know who we are: {}", where, failure.detail);
        finding.cure = login_cure(access);
    } else if (is_certificate) {
        finding.detail = fmt::format("{} shows a certificate that this kubeconfig does not trust: {}", where, failure.detail);
        finding.cure = kubeconfig_cure();
    } else if (failure.kind == Failure::Kind::refused) {
        finding.detail = fmt::format("nobody listens at {}: {}", where, failure.detail);
        finding.cure = "start the cluster (AKS: az aks start), or choose another context (kubectl config get-contexts)";
    } else {
        finding.detail = fmt::format("{}: {}", where, failure.detail);
        finding.cure = "look whether this machine reaches that address (VPN, firewall), and whether it is the right context";
    }
    return finding;
}

kubernetes::Reply<Value> get(ClusterAccess& access, std::string target) {
    Call call;
    call.target = std::move(target);
    return access.server().call(std::move(call), patience);
}

Task<void> check_kinds(ClusterAccess& access, Findings& out) {
    auto trouble = co_await trouble_with_definitions(access.server());
    if (!trouble) out.push_back({warning, "GameServer", trouble.error().detail, ""});
    else if (*trouble) out.push_back({wrong, "GameServer", std::move((*trouble)->what), std::move((*trouble)->cure)});
    else out.push_back({good, "GameServer", "the cluster knows it", ""});
}

bool is_default(const Value& storage_class) {
    const auto& marks = member(member(storage_class, "metadata"), "annotations");
    return text_at(marks, "storageclass.kubernetes.io/is-default-class") == "true";
}

Task<void> check_storage(ClusterAccess& access, const std::string& wanted, Findings& out) {
    const auto classes = co_await get(access, "/apis/storage.k8s.io/v1/storageclasses");
    if (!classes) {
        out.push_back({warning, "storage", classes.error().detail, ""});
        co_return;
    }
    const auto* items = member(*classes, "items").as_array();
    for (const auto& each : items != nullptr ? *items : Value::Array()) {
        const auto name = text_at(member(each, "metadata"), "name");
        if (wanted.empty() ? !is_default(each) : name != wanted) continue;
        out.push_back({good, "storage", fmt::format("worlds get claims of class '{}'", name), ""});
        co_return;
    }
    if (wanted.empty())
        out.push_back({wrong, "storage", "the cluster has no default storage class, so worlds would wait for disks for ever",
                       "name one: cluster.storage_class (kubectl get storageclass)"});
    else
        out.push_back(
            {wrong, "storage", fmt::format("there is no storage class '{}'", wanted), "kubectl get storageclass, then cluster.storage_class"});
}

Task<void> look(ClusterAccess& access, const Config::Cluster& config, Findings& out) {
    const auto version = co_await get(access, "/version");
    if (!version) {
        out.push_back(unreachable(access, version.error()));
        co_return;
    }
    // Everybody may ask for the version on most clusters; who we are shows here.
    const auto kinds = co_await get(access, "/apis");
    if (!kinds && kinds.error().kind == Failure::Kind::unauthorized) {
        out.push_back(unreachable(access, kinds.error()));
        co_return;
    }
    out.push_back(
        {good, "API server", fmt::format("{} at {}, context '{}'", text_at(*version, "gitVersion"), access.address(), access.context()), ""});
    co_await check_kinds(access, out);
    co_await check_storage(access, config.storage_class, out);
}

}  // namespace

Done cluster_doctor(const Output& output, const Config::Cluster& config) {
    Findings findings;
    boost::asio::io_context loop(1);
    system::SystemClock clock(loop.get_executor());
    auto access = ClusterAccess::open(loop.get_executor(), clock, config);
    if (!access)
        findings.push_back(
            {wrong, "kubeconfig", access.error(), "kubectl config get-contexts shows what there is; choose with --kubeconfig, --context"});
    else async::run_until_done(loop, look(**access, config, findings));
    return report(output, findings);
}

}  // namespace gk::programs
