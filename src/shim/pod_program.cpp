#include "shim/pod_program.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <map>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <fmt/format.h>

#include "shim/pod.hpp"
#include "shim/signals.hpp"

namespace gk::shim {

namespace {

void say(int fd, std::string_view line) {
    const auto text = fmt::format("gk-shim: {}\n", line);
    [[maybe_unused]] const auto count = ::write(fd, text.data(), text.size());
}

int fail(std::string_view why) {
    say(2, why);
    return 1;
}

using Words = std::map<std::string_view, std::string>;

ShimResult<Words> words_of(int argc, char** argv) {
    Words words{{"--volume", "/gk/volume"}, {"--run", "/gk/run"}, {"--key", "/gk/key/shim"}, {"--listen", "9401"}, {"--cgroup", "/sys/fs/cgroup"}};
    for (int i = 2; i < argc; i += 2) {
        const auto known = words.find(argv[i]);
        if (known == words.end()) return std::unexpected(ShimError{fmt::format("'{}' is not known; see --help", argv[i])});
        if (i + 1 == argc) return std::unexpected(ShimError{fmt::format("{} needs a value", argv[i])});
        known->second = argv[i + 1];
    }
    return words;
}

ShimResult<noise::Key> read_key(const std::string& path) {
    TRY(text, read_file(path, noise::key_size + 1));
    const auto key = noise::to_key(as_byte_span(text));
    if (!key) return std::unexpected(ShimError{fmt::format("{} must hold exactly {} bytes: the key of this server's shim", path, noise::key_size)});
    return *key;
}

ShimResult<PodOptions> options_of(int argc, char** argv) {
    TRY(words, words_of(argc, argv));
    PodOptions options{.volume = words["--volume"], .run = words["--run"], .cgroup_root = words["--cgroup"]};
    const auto& port = words["--listen"];
    const auto read = std::from_chars(port.data(), port.data() + port.size(), options.port);
    if (read.ec != std::errc() || read.ptr != port.data() + port.size())
        return std::unexpected(ShimError{fmt::format("--listen {}: this is no port", port)});
    TRY(key, read_key(words["--key"]));
    options.key = key;
    return options;
}

ShimResult<Success> live(const PodOptions& options) {
    TRY(signals, Signals::take());
    EventLoop loop;
    TRY(pod, Pod::open(loop, options));
    signals.watch(loop, [&] { pod->on_children(); }, [&] { pod->on_terminate(); });
    say(1, fmt::format("idle, listening on port {}", pod->port()));
    loop.run();
    return Success{};
}

}  // namespace

int pod_main(int argc, char** argv) {
    ::umask(0027);
    // The game has the same user: it may not look into the process that commands it.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::prctl(PR_SET_NAME, "gk-shim", 0, 0, 0);
    // As the first process of a container it is one in any case; not so where it shares processes with other containers.
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0) return fail("this kernel has no child subreapers");
    set_nonblocking(1);
    const auto options = options_of(argc, argv);
    if (!options) return fail(options.error().detail);
    const auto lived = live(*options);
    return lived ? 0 : fail(lived.error().detail);
}

int install_main(const char* folder) {
    const auto place = std::string(folder) + "/gk-shim";
    const auto beside = place + ".new";
    const Descriptor from(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const Descriptor to(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755));
    struct stat info{};
    if (!from || !to || ::fstat(from.get(), &info) != 0) return fail(system_error(beside).detail);
    for (auto rest = info.st_size; rest > 0;) {
        const auto count = ::sendfile(to.get(), from.get(), nullptr, static_cast<std::size_t>(rest));
        if (count <= 0) return fail(system_error(beside).detail);
        rest -= count;
    }
    const bool done = ::fchmod(to.get(), 0755) == 0 && ::fsync(to.get()) == 0 && ::rename(beside.c_str(), place.c_str()) == 0;
    return done ? 0 : fail(system_error(place).detail);
}

}  // namespace gk::shim
