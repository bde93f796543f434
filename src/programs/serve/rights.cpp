#include "programs/serve/rights.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <grp.h>
#include <iterator>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "launcher/launcher.hpp"
#include "launcher/own_addresses.hpp"
#include "net/http/endpoint.hpp"

namespace gk::programs {
namespace {

using Identity = User;

std::string failed(const std::string& what) { return fmt::format("{}: {}", what, std::strerror(errno)); }

// The folder is ours alone but for passing through: games' shims reach their own folders below it.
Result<Success, std::string> make_state(const std::string& path, Identity identity, bool root) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return std::unexpected(fmt::format("the state folder {} cannot be made: {}", path, error.message()));
    if (chmod(path.c_str(), 0711) != 0) return std::unexpected(failed("chmod " + path));
    if (root && chown(path.c_str(), identity.uid, identity.gid) != 0) return std::unexpected(failed("chown " + path));
    return Success{};
}

// The folder of the API's socket, when it is not in the state folder: only root may make one in /run.
Result<Success, std::string> make_socket_folder(const Config& config, Identity identity) {
    const auto folder = std::filesystem::path(config.api.socket).parent_path();
    if (folder == config.state) return Success{};
    std::error_code error;
    const bool made = std::filesystem::create_directories(folder, error);
    if (error) return std::unexpected(fmt::format("the folder of api.socket, {}, cannot be made: {}", folder.string(), error.message()));
    const bool ours = made || folder == "/run/gamekeeper";
    if (ours && geteuid() == 0 && chown(folder.c_str(), identity.uid, identity.gid) != 0) return std::unexpected(failed("chown " + folder.string()));
    return Success{};
}

// Every folder above must let the user pass, or nothing in the state folder can be opened after root is given up.
Result<Success, std::string> check_passable(const std::string& state, Identity identity) {
    for (auto path = std::filesystem::path(state).parent_path(); path.has_relative_path(); path = path.parent_path()) {
        struct stat info{};
        if (stat(path.c_str(), &info) != 0) return std::unexpected(failed(path.string()));
        const mode_t passes = info.st_uid == identity.uid ? S_IXUSR : info.st_gid == identity.gid ? S_IXGRP : S_IXOTH;
        if ((info.st_mode & passes) == 0) {
            return std::unexpected(fmt::format(
                "the state folder {} lies below {}, which the user that serve runs as may not pass; choose another folder, or: chmod o+x {}", state,
                path.string(), path.string()));
        }
    }
    return Success{};
}

Result<std::string, std::string> text_in(std::string_view key, const std::string& path) {
    std::ifstream file(path);
    if (!file) return std::unexpected(fmt::format("{}: {} cannot be read: {}", key, path, std::strerror(errno)));
    return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

Result<std::optional<tls::Context>, std::string> tls_of(const Config::Api& api) {
    if (api.tls_certificate.empty()) return std::nullopt;
    TRY(certificates, text_in("api.tls_certificate", api.tls_certificate));
    TRY(key, text_in("api.tls_key", api.tls_key));
    auto context = tls::Context::for_server({.certificates = std::move(certificates), .key = Secret(std::move(key))});
    if (!context)
        return std::unexpected(fmt::format("api.tls_certificate {}, api.tls_key {}: {}", api.tls_certificate, api.tls_key, context.error()));
    return std::move(*context);
}

// The first line of a file that may be root's alone.
Result<Secret, std::string> secret_in(std::string_view key, const std::string& path) {
    if (path.empty()) return Secret();
    TRY(text, text_in(key, path));
    const auto line = trimmed(std::string_view(text).substr(0, text.find('\n')));
    if (line.empty()) return std::unexpected(fmt::format("{}: {} is empty; write the secret into its first line", key, path));
    return Secret(std::string(line));
}

Result<Success, std::string> become(Identity identity) {
    if (setgroups(0, nullptr) != 0) return std::unexpected(failed("setgroups"));
    if (setresgid(identity.gid, identity.gid, identity.gid) != 0) return std::unexpected(failed("setresgid"));
    if (setresuid(identity.uid, identity.uid, identity.uid) != 0) return std::unexpected(failed("setresuid"));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return std::unexpected(failed("no_new_privs"));
    return Success{};
}

launcher::Options launcher_options(const Config& config, Identity identity) {
    launcher::Options options;
    options.state = config.state;
    options.vault = vault_folder(config);
    options.confined_network = options.vault != config.vault.place;
    options.client_uid = identity.uid;
    options.client_gid = identity.gid;
    options.uid_base = config.machine.uid_base;
    options.shim = sibling_program("gk-shim");
    options.files_server = this_program();
    if (const auto listen = net::parse_endpoint(config.api.listen)) options.closed_ports.push_back(Port{listen->port});
    options.mount_prefixes.push_back(config.games.downloads);
    options.mount_prefixes.push_back(std::filesystem::path(this_program()).parent_path());  // Of games that are our own programs.
    if (std::filesystem::exists(config.games.folder)) options.mount_prefixes.push_back(config.games.folder);
    return options;
}

// The launcher's process: nothing of the control plane but the one socket.
[[noreturn]] void run_launcher(int socket, const launcher::Options& options) {
    const auto code = launcher::launcher_main(socket, options);
    _exit(code);
}

}  // namespace

void wait_for_launcher(const Rights& rights) {
    while (rights.launcher_process > 0 && waitpid(rights.launcher_process, nullptr, 0) < 0 && errno == EINTR) {
    }
}

std::string this_program() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

std::string sibling_program(const std::string& name) { return (std::filesystem::path(this_program()).parent_path() / name).string(); }

// The configured user; without one of that name, the uid just below those of the games, which needs no entry in /etc/passwd.
std::optional<User> control_plane_user(const Config& config) {
    if (geteuid() != 0 || !config.machine.sandbox || config.shape == Shape::cluster) return std::nullopt;
    if (const passwd* entry = getpwnam(config.machine.user.c_str())) return User{entry->pw_uid, entry->pw_gid};
    return User{config.machine.uid_base - 1, config.machine.uid_base - 1};
}

Result<Rights, std::string> settle_rights(const Config& config) {
    Rights rights;
    TRY(tls, tls_of(config.api));
    rights.tls = std::move(tls);
    TRY(store, read_store_access(config));
    rights.store = std::move(store);
    TRY(mail_password, secret_in("mail.password_file", config.mail.password_file));
    rights.mail_password = std::move(mail_password);
    TRY(webhook_secret, secret_in("webhooks.secret_file", config.webhooks.secret_file));
    rights.webhook_secret = std::move(webhook_secret);
    const bool root = geteuid() == 0;
    rights.owner = getuid();
    const auto user = control_plane_user(config);
    const auto identity = user.value_or(Identity{getuid(), getgid()});
    TRY_OK(make_state(config.state, identity, user.has_value()));
    TRY_OK(make_socket_folder(config, identity));
    if (config.shape == Shape::cluster) return rights;  // Games are pods: nothing here needs rights.
    if (!user) {
        rights.warnings.push_back(
            root ? "machine.sandbox is off: games run as plain processes of root, with neither sandbox nor own users"
                 : "not started as root: games run as plain processes of this user, limited by rlimits only; start as root for the sandbox");
        return rights;
    }
    if (getpwuid(identity.uid) == nullptr) {
        rights.warnings.push_back(
            fmt::format("there is no user '{0}'; running as uid {1} instead (to mend it: useradd --system {0})", config.machine.user, identity.uid));
    }
    TRY_OK(check_passable(config.state, identity));
    rights.machine = launcher_options(config, identity);
    if (config.edge.enabled && config.edge.transparent) {
        const auto opened = launcher::open_own_addresses(rights.machine);
        rights.machine.own_addresses = opened.has_value();
        if (!opened) rights.warnings.push_back(fmt::format("games see the edge's address instead of players': {}", opened.error().text));
    }
    int sockets[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return std::unexpected(failed("socketpair"));
    const pid_t child = fork();
    if (child < 0) return std::unexpected(failed("fork"));
    if (child == 0) {
        close(sockets[0]);
        run_launcher(sockets[1], rights.machine);
    }
    close(sockets[1]);
    TRY_OK(become(identity));
    rights.launcher = sockets[0];
    rights.launcher_process = child;
    return rights;
}

}  // namespace gk::programs
