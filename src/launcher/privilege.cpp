#include "launcher/privilege.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gk::launcher {
namespace {

constexpr std::uint32_t load_word = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint32_t if_equal = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint32_t if_at_least = BPF_JMP | BPF_JGE | BPF_K;
constexpr std::uint32_t answer = BPF_RET | BPF_K;

#if defined(__x86_64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t native_architecture = AUDIT_ARCH_AARCH64;
#endif

constexpr sock_filter step(std::uint32_t code, std::uint32_t value, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
    return {static_cast<std::uint16_t>(code), if_true, if_false, value};
}

// CAP_DAC_READ_SEARCH also allows open_by_handle_at(), which reaches every file of a mounted file system whatever part of it is shown.
Outcome<Success> shut_file_handles() {
    constexpr std::uint32_t other_numbers = 0x40000000;  // System calls of the x32 kind.
    auto program = std::to_array<sock_filter>({
        step(load_word, offsetof(seccomp_data, arch)),
        step(if_equal, native_architecture, 1, 0),
        step(answer, SECCOMP_RET_KILL_PROCESS),
        step(load_word, offsetof(seccomp_data, nr)),
        step(if_at_least, other_numbers, 2, 0),
        step(if_equal, __NR_open_by_handle_at, 1, 0),
        step(answer, SECCOMP_RET_ALLOW),
        step(answer, SECCOMP_RET_ERRNO | EPERM),
    });
    const sock_fprog filter{program.size(), program.data()};
    if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) return fail_errno("the filter of system calls could not be set");
    return Success{};
}

Outcome<Success> keep_only(std::uint64_t mask) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> data{};
    for (std::size_t i = 0; i < data.size(); ++i) {
        const auto word = static_cast<std::uint32_t>(mask >> (32 * i));
        data[i] = {word, word, word};
    }
    if (::syscall(SYS_capset, &header, data.data()) != 0) return fail_errno("capabilities could not be dropped");
    return Success{};
}

}  // namespace

Outcome<Success> become(std::uint32_t uid, std::uint32_t gid, std::span<const int> capabilities) {
    std::uint64_t mask = 0;
    for (const int capability : capabilities) mask |= std::uint64_t{1} << capability;
    for (int capability = 0; capability < 64; ++capability) {
        if ((mask >> capability & 1) == 0) ::prctl(PR_CAPBSET_DROP, capability);  // EINVAL behind the last one that the kernel knows.
    }
    ::prctl(PR_SET_KEEPCAPS, 1);
    if (::setgroups(0, nullptr) != 0 || ::setresgid(gid, gid, gid) != 0 || ::setresuid(uid, uid, uid) != 0) {
        return fail_errno("the user could not be changed");
    }
    TRY_OK(keep_only(mask));
    for (const int capability : capabilities) {
        if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0) return fail_errno("a capability could not be kept");
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("new privileges could not be shut");
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // The change of user has cleared it.
    const bool reads_everything = std::ranges::find(capabilities, CAP_DAC_READ_SEARCH) != capabilities.end();
    return reads_everything ? shut_file_handles() : Outcome<Success>(Success{});
}

}  // namespace gk::launcher
