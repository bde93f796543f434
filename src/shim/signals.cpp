#include "shim/signals.hpp"

#include <csignal>
#include <sys/epoll.h>
#include <sys/signalfd.h>

namespace gk::shim {

ShimResult<Signals> Signals::take() {
    sigset_t taken;
    ::sigemptyset(&taken);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&taken, signal);
    ::sigprocmask(SIG_BLOCK, &taken, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    Descriptor signals(::signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!signals) return std::unexpected(system_error("signalfd"));
    return Signals(std::move(signals));
}

void Signals::watch(EventLoop& loop, std::function<void()> children, std::function<void()> end) const {
    loop.watch(descriptor_.get(), EPOLLIN, [fd = descriptor_.get(), children = std::move(children), end = std::move(end)](auto) {
        signalfd_siginfo info{};
        while (::read(fd, &info, sizeof info) == sizeof info) {
            if (info.ssi_signo == SIGCHLD) children();
            if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) end();
        }
    });
}

}  // namespace gk::shim
