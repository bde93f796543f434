#include "launcher/launcher.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <list>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "launcher/confine.hpp"
#include "launcher/firewall.hpp"
#include "launcher/game.hpp"
#include "launcher/orders.hpp"
#include "launcher/own_addresses.hpp"
#include "launcher/rules/queue.hpp"

namespace gk::launcher {
namespace {

using namespace wire::launcher;

// A process that carries out one request, or serves files since.
struct Worker {
    pid_t pid = 0;
    Descriptor ended;   // Its pidfd.
    Descriptor output;  // Its reply comes here; the end of the stream without one means that it died, or, serving files, that it began to.
    Request request;
    std::vector<std::byte> reply;
    Descriptor client_end;  // Serving files: the end that the control plane gets.
    bool cancelled = false;
};

struct Outgoing {
    std::vector<std::byte> frame;
    std::size_t sent = 0;
    Descriptor descriptor;
};

class Launcher {
public:
    Launcher(Descriptor socket, const Options& options) : socket_(std::move(socket)), options_(options), cgroup_(options.cgroup_root) {}

    void run() {
        while (open_) {
            while (auto request = queue_.next()) begin(std::move(*request));
            wait_for_events();
        }
        end_workers();
        put_away(options_, cgroup_);
    }

private:
    // Backups and file servers worked for a control plane that is gone; a disk that is being changed is brought to its end.
    void end_workers() {
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // What a worker has started becomes our child when it is killed, so that we can wait for it.
        for (const Worker& worker : workers_) {
            if (!changes_server(worker.request.order)) ::kill(-worker.pid, SIGKILL);
        }
        for (const Worker& worker : workers_) {
            while (::waitpid(-worker.pid, nullptr, 0) > 0 || errno == EINTR) {
            }
        }
    }

    void wait_for_events() {
        std::vector<pollfd> polled;
        const short interest = static_cast<short>((queue_.is_full() ? 0 : POLLIN) | (outgoing_.empty() ? 0 : POLLOUT));
        polled.push_back({socket_.get(), interest, 0});
        for (const Worker& worker : workers_) {
            polled.push_back({worker.output.get(), POLLIN, 0});
            polled.push_back({worker.ended.get(), POLLIN, 0});
        }
        if (::poll(polled.data(), polled.size(), -1) < 0) return;
        auto at = polled.begin() + 1;
        for (auto worker = workers_.begin(); worker != workers_.end(); at += 2) {
            if (at->revents != 0) read_reply(*worker);
            const bool over = (at + 1)->revents != 0 && !worker->output;
            if (over) ::waitpid(worker->pid, nullptr, 0);
            if (over) queue_.done(worker->request.id);
            worker = over ? workers_.erase(worker) : std::next(worker);
        }
        if ((polled[0].revents & POLLOUT) != 0) send();
        if ((polled[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) receive();
    }

    void receive() {
        std::array<std::byte, 64 << 10> chunk{};
        const auto count = ::recv(socket_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (count <= 0) {
            open_ = false;
            return;
        }
        frames_.append(std::span(chunk).first(static_cast<std::size_t>(count)));
        while (const auto frame = frames_.next()) {
            auto request = decode_request(*frame);
            // A control plane that does not speak our language is broken or taken over: nothing that it says is believed any more.
            if (!request) return give_up(fmt::format("a request could not be read: {}", name_of(request.error())));
            accept(std::move(*request));
        }
        if (frames_.is_broken()) give_up("a request is larger than the protocol allows");
    }

    void give_up(const std::string& why) {
        open_ = false;
        (void)!::write(STDERR_FILENO, (why + "\n").data(), why.size() + 1);
    }

    void accept(Request request) {
        if (const auto* cancel = std::get_if<Cancel>(&request.order)) {
            cancel_request(cancel->request);
            return reply(request.id, Done{});
        }
        if (takes_disk_away(request.order)) end_users_of(server_of(request.order));
        queue_.add(std::move(request));
    }

    void cancel_request(std::uint64_t id) {
        if (queue_.withdraw(id)) reply(id, Failure{Failure::Kind::unavailable, "cancelled before it began"});
        for (Worker& worker : workers_) {
            if (worker.request.id == id && std::holds_alternative<RunConfined>(worker.request.order)) end_worker(worker);
        }
    }

    void end_users_of(ServerUid server) {
        for (Worker& worker : workers_) {
            const auto& order = worker.request.order;
            if (uses_disk(order) && server_of(order) == server) end_worker(worker);
        }
    }

    static void end_worker(Worker& worker) {
        worker.cancelled = true;
        ::kill(-worker.pid, SIGKILL);
    }

    void begin(Request request) {
        const auto id = request.id;
        if (const auto started = start(std::move(request)); !started) {
            queue_.done(id);
            reply(id, started.error());
        }
    }

    Result<Success, Failure> start(Request request) {
        std::array<int, 2> output{};
        std::array<int, 2> files{-1, -1};
        if (::pipe2(output.data(), O_CLOEXEC) != 0) return fail_errno("a pipe could not be made");
        const Descriptor write_end(output[1]);
        Worker worker;
        worker.output = Descriptor(output[0]);
        worker.request = std::move(request);
        const bool serves_files = std::holds_alternative<OpenFiles>(worker.request.order);
        if (serves_files && ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, files.data()) != 0)
            return fail_errno("a socket pair could not be made");
        worker.client_end = Descriptor(files[0]);
        const Descriptor server_end(files[1]);
        const pid_t launcher = ::getpid();
        worker.pid = ::fork();
        if (worker.pid < 0) return fail_errno("a process could not be started");
        if (worker.pid == 0) work(launcher, worker.request, write_end.get(), server_end.get());
        ::setpgid(worker.pid, worker.pid);  // Here and in the child: whoever comes first.
        worker.ended = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, worker.pid, 0)));
        workers_.push_back(std::move(worker));
        return Success{};
    }

    // The child. A worker that changes a server goes on without its launcher; it holds the lock that the next launcher waits for.
    [[noreturn]] void work(pid_t launcher, const Request& request, int output, int files) {
        ::setpgid(0, 0);
        socket_.reset();
        workers_.clear();  // What the launcher holds open for others must not stay open here.
        outgoing_.clear();
        if (!changes_server(request.order)) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            if (::getppid() != launcher) ::_exit(1);
        }
        wire::launcher::Outcome outcome = std::holds_alternative<OpenFiles>(request.order)
                                              ? wire::launcher::Outcome(become_files_server(options_, server_of(request.order), files))
                                              : carry_out(options_, cgroup_, request.order);
        const auto frame = encode(Reply{request.id, std::move(outcome)});
        for (ByteSpan rest = frame; !rest.empty();) {
            const auto count = ::write(output, rest.data(), rest.size());
            if (count <= 0) break;
            rest = rest.subspan(static_cast<std::size_t>(count));
        }
        ::_exit(0);
    }

    void read_reply(Worker& worker) {
        std::array<std::byte, 64 << 10> chunk{};
        const auto count = ::read(worker.output.get(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) return;
        if (count > 0) {
            worker.reply.insert(worker.reply.end(), chunk.begin(), chunk.begin() + count);
            return;
        }
        worker.output.reset();
        if (!worker.reply.empty() && !worker.cancelled) {
            outgoing_.push_back({std::move(worker.reply), 0, Descriptor()});
        } else if (worker.cancelled) {
            reply(worker.request.id, Failure{Failure::Kind::unavailable, "the program was ended before it was done"});
        } else if (worker.client_end) {
            outgoing_.push_back({encode(Reply{worker.request.id, DescriptorFollows{}}), 0, std::move(worker.client_end)});
        } else {
            reply(worker.request.id, Failure{Failure::Kind::unavailable, "the process that carried out the request died"});
        }
    }

    void reply(std::uint64_t id, wire::launcher::Outcome outcome) { outgoing_.push_back({encode(Reply{id, std::move(outcome)}), 0, Descriptor()}); }

    void send() {
        while (!outgoing_.empty()) {
            Outgoing& next = outgoing_.front();
            const auto count = send_some(next);
            if (count < 0) return;  // Full; or the peer is gone, which the next receive finds.
            next.sent += static_cast<std::size_t>(count);
            next.descriptor.reset();
            if (next.sent == next.frame.size()) outgoing_.pop_front();
        }
    }

    ssize_t send_some(const Outgoing& next) const {
        iovec part{const_cast<std::byte*>(next.frame.data()) + next.sent, next.frame.size() - next.sent};
        msghdr message{};
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        if (next.descriptor) {
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            cmsghdr* header = CMSG_FIRSTHDR(&message);
            header->cmsg_level = SOL_SOCKET;
            header->cmsg_type = SCM_RIGHTS;
            header->cmsg_len = CMSG_LEN(sizeof(int));
            const int fd = next.descriptor.get();
            std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
        }
        return ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }

    Descriptor socket_;
    const Options& options_;
    Cgroup cgroup_;
    Frames frames_{request_size_max};
    Queue queue_;
    std::list<Worker> workers_;
    std::deque<Outgoing> outgoing_;
    bool open_ = true;
};

// Waits for what an earlier launcher has left at work. Inherited by every worker, closed in what they execute.
Result<Descriptor, Failure> take_lock() {
    Descriptor lock(::open(".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock || ::flock(lock.get(), LOCK_EX) != 0) return fail_errno("the launcher's lock could not be taken");
    return lock;
}

int refuse(const Failure& failure) {
    const auto text = fmt::format("launcher: {}\n", failure.text);
    (void)!::write(STDERR_FILENO, text.data(), text.size());
    return 1;
}

void prepare_process() {
    ::umask(022);
    // Ctrl-C and a service manager's word are for the control plane, whose end is ours.
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) ::signal(number, SIG_IGN);
    ::prctl(PR_SET_NAME, "gk-launcher");
    int filler = -1;  // Standard streams are open, so that no descriptor of ours becomes one.
    do filler = ::open("/dev/null", O_RDWR);
    while (filler >= 0 && filler <= STDERR_FILENO);
    ::close(filler);
}

}  // namespace

int launcher_main(int socket, const Options& options) {
    prepare_process();
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    if (const auto entered = enter_servers(options); !entered) return refuse(entered.error());
    const auto lock = take_lock();
    if (!lock) return refuse(lock.error());
    if (const auto rules = write_firewall(options); !rules) (void)refuse(rules.error());
    // Whoever started us has done so already, but a launcher before us may just have taken it away again.
    if (options.own_addresses) {
        if (const auto opened = open_own_addresses(options); !opened) (void)refuse(opened.error());
    }
    Launcher(Descriptor(socket), options).run();
    return 0;
}

}  // namespace gk::launcher
