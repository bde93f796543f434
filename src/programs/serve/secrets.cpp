#include "programs/serve/secrets.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/descriptor.hpp"
#include "base/text.hpp"
#include "domain/vault/recovery_key.hpp"
#include "tls/digest.hpp"

namespace gk::programs {
namespace {

constexpr std::size_t secret_size_max = 4096;

std::string failed(const std::string& what) { return fmt::format("{}: {}", what, std::strerror(errno)); }

Result<std::string, std::string> read_all(int file, const std::string& path) {
    std::string text(secret_size_max, '\0');
    const auto count = read(file, text.data(), text.size());
    if (count < 0) return std::unexpected(failed("reading " + path));
    text.resize(static_cast<std::size_t>(count));
    return std::string(trimmed(text));
}

Secret random_secret(Random& random) {
    std::array<std::byte, 32> bytes{};
    random.fill(bytes);
    return Secret(tls::hex(bytes));
}

Secret random_recovery_key(Random& random) {
    vault::RecoveryKeyBits bits{};
    random.fill(bits);
    return vault::recovery_key_text(bits);
}

}  // namespace

Result<Success, std::string> write_secret(const std::string& path, const Secret& secret) {
    const auto beside = path + ".new";
    const int file = open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return std::unexpected(failed("making " + beside));
    const auto text = secret.reveal() + "\n";
    const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
    close(file);
    if (!written || rename(beside.c_str(), path.c_str()) != 0) return std::unexpected(failed("writing " + path));
    const auto folder = path.substr(0, path.rfind('/'));
    const int directory = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = directory >= 0 && fsync(directory) == 0;
    if (directory >= 0) close(directory);
    if (!synced) return std::unexpected(failed("syncing " + folder));
    return Success{};
}

Result<Secret, std::string> secret_in(std::string_view key, const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::unexpected(fmt::format("{}: {}", key, failed("opening " + path)));
    auto text = read_all(file, path);
    close(file);
    if (!text) return std::unexpected(fmt::format("{}: {}", key, text.error()));
    return Secret(std::move(*text));
}

Result<KeptSecret, std::string> keep_secret(const std::string& path, const std::function<Secret()>& make) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file >= 0) {
        auto text = read_all(file, path);
        close(file);
        if (!text) return std::unexpected(text.error());
        if (text->empty()) return std::unexpected(fmt::format("{} is empty; put the secret back into it", path));
        return KeptSecret{.secret = Secret(std::move(*text)), .is_new = false};
    }
    if (errno != ENOENT) return std::unexpected(failed("opening " + path));
    auto secret = make();
    TRY_OK(write_secret(path, secret));
    return KeptSecret{.secret = std::move(secret), .is_new = true};
}

Result<Secret, std::string> keep_shared_secret(const std::string& folder, const std::string& name, Random& random) {
    if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return std::unexpected(failed("making " + folder));
    const Descriptor locked(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!locked || flock(locked.get(), LOCK_EX) != 0) return std::unexpected(failed("locking " + folder));
    TRY(kept, keep_secret(folder + "/" + name, [&random] { return random_secret(random); }));
    return std::move(kept.secret);
}

Keys make_keys(Random& random) { return {.vault = random_secret(random), .recovery = random_recovery_key(random), .recovery_is_new = true}; }

Result<Keys, std::string> keep_keys(const std::string& state, Random& random) {
    TRY(vault_key, keep_secret(state + "/vault.key", [&random] { return random_secret(random); }));
    TRY(recovery, keep_secret(state + "/recovery.key", [&random] { return random_recovery_key(random); }));
    return Keys{.vault = std::move(vault_key.secret), .recovery = std::move(recovery.secret), .recovery_is_new = recovery.is_new};
}

}  // namespace gk::programs
