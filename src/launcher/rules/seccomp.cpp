#include <array>
#include <string_view>
#include <sys/socket.h>

#include "base/text.hpp"
#include "launcher/rules/sandbox.hpp"

namespace gk::launcher {
namespace {

// Grouped by what they are about. Left out on purpose: mount and namespaces, modules, kexec, bpf, perf, keyrings, ptrace of others,
// io_uring (a frequent source of kernel holes), handles, accounting, clocks, swap, quotas, reboot.
constexpr std::string_view allowed =
    "accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto setsockopt "
    "shutdown socketpair socketcall recv send "
    "access faccessat faccessat2 chdir fchdir chmod fchmod fchmodat fchmodat2 chown fchown fchownat lchown close close_range copy_file_range creat "
    "dup dup2 dup3 fadvise64 fallocate fcntl fdatasync fgetxattr flistxattr flock fremovexattr fsetxattr fstat fstatfs fsync ftruncate "
    "getcwd getdents getdents64 getxattr inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl lgetxattr link linkat "
    "listxattr llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod mknodat newfstatat open openat openat2 pipe pipe2 pread64 "
    "preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv removexattr rename renameat renameat2 rmdir sendfile "
    "setxattr splice stat statfs statx symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat "
    "utimes futimesat vmsplice write writev "
    "epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 poll ppoll pselect6 select signalfd signalfd4 "
    "timerfd_create timerfd_gettime timerfd_settime io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit "
    "brk madvise memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mprotect mremap msync munlock munlockall munmap membarrier "
    "pkey_alloc pkey_free pkey_mprotect process_mrelease remap_file_pages "
    "alarm clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer time timer_create timer_delete "
    "timer_getoverrun timer_gettime timer_settime times "
    "arch_prctl capget capset execve execveat exit exit_group fork vfork futex futex_waitv get_robust_list set_robust_list get_thread_area "
    "set_thread_area getcpu getegid geteuid getgid getgroups getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid "
    "getrlimit getrusage getsid gettid getuid kill landlock_add_rule landlock_create_ruleset landlock_restrict_self modify_ldt pause "
    "pidfd_open pidfd_send_signal prctl prlimit64 restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo "
    "rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity "
    "sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam "
    "sched_setscheduler sched_yield seccomp set_tid_address setfsgid setfsuid setgid setgroups setpgid setpriority setregid setresgid "
    "setresuid setreuid setrlimit setsid setuid sigaltstack sysinfo tgkill tkill uname wait4 waitid waitpid ioprio_get ioprio_set "
    "ipc mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop "
    "semtimedop shmat shmctl shmdt shmget";

constexpr std::int64_t namespace_flags = 0x7E020000;  // CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.

Value rule(Value::Array names, Value::Array conditions) {
    return Value::object({{"names", std::move(names)}, {"action", "SCMP_ACT_ALLOW"}, {"args", std::move(conditions)}});
}

}  // namespace

Value seccomp_profile() {
    Value::Array names;
    for (const auto name : split(allowed, ' ')) names.emplace_back(name);
    Value::Array rules;
    rules.push_back(rule(std::move(names), {}));
    rules.push_back(rule({"clone"}, {Value::object({{"index", 0}, {"value", namespace_flags}, {"valueTwo", 0}, {"op", "SCMP_CMP_MASKED_EQ"}})}));
    for (const int family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK}) {
        rules.push_back(rule({"socket"}, {Value::object({{"index", 0}, {"value", family}, {"op", "SCMP_CMP_EQ"}})}));
    }
    // Its flags are in memory, where no filter sees them: programs then use clone(), as they do on older kernels.
    constexpr int not_implemented = 38;
    rules.push_back(Value::object({{"names", Value::array({"clone3"})}, {"action", "SCMP_ACT_ERRNO"}, {"errnoRet", not_implemented}}));
    // Games of 32 bits exist. The x32 kind does not: nobody builds for it, and whoever calls it is killed.
    return Value::object({{"defaultAction", "SCMP_ACT_ERRNO"},
                          {"architectures", Value::array({"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"})},
                          {"syscalls", std::move(rules)}});
}

}  // namespace gk::launcher
