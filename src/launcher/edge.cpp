#include "launcher/edge.hpp"

#include <array>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.hpp"
#include "launcher/privilege.hpp"
#include "launcher/program.hpp"

namespace gk::launcher {
namespace {

constexpr int patience_ms = 30'000;
constexpr int last_standard_stream = STDERR_FILENO;

std::vector<std::string> command_line(const Options& options, const wire::launcher::StartEdge& order) {
    const auto folder = options.state + "/edge";
    std::vector<std::string> argv = {options.files_server, "edge", "--connect", folder + "/routes.sock", "--state", folder};
    if (order.loops != 0) argv.insert(argv.end(), {"--loops", std::to_string(order.loops)});
    return argv;
}

// In the child. The folder is the control plane's: nothing in it is touched with a right of root's.
[[noreturn]] void become_edge(const Options& options, const wire::launcher::StartEdge& order, int output) {
    ::setsid();
    restore_signals();
    ::umask(077);
    const std::array needed = {CAP_NET_RAW};
    if (!become(options.client_uid, options.client_gid, needed)) ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, 0);  // Players notice nothing when the launcher ends.
    const int nowhere = ::open("/dev/null", O_RDWR);
    const int log = ::open((options.state + "/edge/edge.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    ::dup2(nowhere, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(log < 0 ? nowhere : log, STDERR_FILENO);
    ::close_range(last_standard_stream + 1, ~0U, 0);
    const auto argv = command_line(options, order);
    const std::vector<std::string> env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"};
    if (::chdir("/") == 0) ::execve(argv.front().c_str(), pointers(argv).data(), pointers(env).data());
    ::_exit(127);
}

// The edge says "ready" when it relays; the stream ends without a word when it has ended.
bool says_ready(int fd) {
    std::string said;
    std::array<char, 64> chunk{};
    pollfd polled{fd, POLLIN, 0};
    while (!said.contains('\n') && ::poll(&polled, 1, patience_ms) > 0) {
        const auto count = ::read(fd, chunk.data(), chunk.size());
        if (count <= 0) return false;
        said.append(chunk.data(), static_cast<std::size_t>(count));
    }
    return said.contains('\n');
}

}  // namespace

Outcome<Success> start_edge(const Options& options, const wire::launcher::StartEdge& order) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("a pipe could not be made");
    const Descriptor read_end(ends[0]);
    Descriptor write_end(ends[1]);
    const pid_t child = ::fork();
    if (child < 0) return fail_errno("the edge could not be started");
    if (child == 0) become_edge(options, order, write_end.get());
    write_end.reset();
    if (says_ready(read_end.get())) return Success{};
    return fail(Failure::Kind::unavailable, fmt::format("the edge did not come so far as to relay; {}/edge/edge.log says why", options.state));
}

}  // namespace gk::launcher
