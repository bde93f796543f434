// gk-toy-game: a game server for tests and benchmarks. It does what its arguments and its standard input say, and nothing by itself.
//
// Arguments: --line TEXT prints it (default "ready"); --udp PORT, --tcp PORT bind on --bind ADDRESS (default 127.0.0.1), the UDP port
// answers minetest's connect packet; --world DIR keeps DIR/saved; --ignore-term; --exit CODE, --crash, --eat-memory MIB act at once,
// or after --after MS; --lines N prints N numbered lines first; --partial TEXT is printed without a line feed at the end.
// Input: save-off, save-all ("Saved the game"), save-on, stop, exit N, crash, eat N, fill MIB (writes DIR/filler, "filled" or "disk full"), say TEXT,
// lines N; anything else is echoed.
#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

struct Options {
    std::string line = "ready";
    std::string bind = "127.0.0.1";
    std::string world;
    std::string partial;
    int udp = -1;
    int tcp = -1;
    int exit_code = -1;
    int eat_mib = 0;
    int after_ms = 0;
    int lines = 0;
    bool crash = false;
    bool ignore_term = false;
};

volatile std::sig_atomic_t asked_to_stop = 0;

void say(std::string_view text) {
    std::string line(text);
    line += '\n';
    [[maybe_unused]] const auto count = ::write(1, line.data(), line.size());
}

void say_lines(int count) {
    for (int i = 1; i <= count; ++i) say("line " + std::to_string(i));
}

[[noreturn]] void crash() {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    ::setrlimit(RLIMIT_CORE, &none);
    std::signal(SIGSEGV, SIG_DFL);
    std::raise(SIGSEGV);
    std::abort();
}

void eat(int mib) {
    constexpr std::size_t mebibyte = 1024 * 1024;
    for (int i = 0; i < mib; ++i) {
        // Volatile: memory that nobody reads would be optimised away, and with it the meal.
        auto* block = static_cast<volatile char*>(std::malloc(mebibyte));
        if (block == nullptr) std::abort();
        for (std::size_t at = 0; at < mebibyte; at += 1024) block[at] = 1;
    }
    say("ate " + std::to_string(mib));
}

void save(const Options& options) {
    if (!options.world.empty()) {
        const int file = ::open((options.world + "/saved").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (file < 0 || ::write(file, "saved\n", 6) != 6 || ::fsync(file) != 0) return say("cannot save");
        ::close(file);
    }
    say("Saved the game");
}

void fill(const Options& options, int mib) {
    static const std::string mebibyte(1024 * 1024, 'x');
    const int file = ::open((options.world + "/filler").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    bool fits = file >= 0;
    for (int i = 0; i < mib && fits; ++i) {
        // What fits only in part is written in part; the next piece then meets the end.
        for (std::size_t at = 0; at < mebibyte.size() && fits;) {
            const auto count = ::write(file, mebibyte.data() + at, mebibyte.size() - at);
            fits = count > 0;
            if (fits) at += static_cast<std::size_t>(count);
        }
    }
    if (file >= 0) ::fsync(file), ::close(file);
    say(fits ? "filled" : "disk full");
}

int bound(const Options& options, int type, int port) {
    const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, options.bind.c_str(), &address.sin_addr);
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        say("cannot bind port " + std::to_string(port));
        std::exit(1);
    }
    if (type == SOCK_STREAM) ::listen(fd, 16);
    return fd;
}

void answer_datagram(int fd) {
    std::array<char, 512> datagram{};
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const auto count = ::recvfrom(fd, datagram.data(), datagram.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
    constexpr std::string_view number("\x4f\x45\x74\x03\x00\x00", 6);
    constexpr std::string_view reply("\x4f\x45\x74\x03\x00\x01\x00\x03\xff\xdc\x00\x01\x00\x02", 14);
    if (count == 8 && std::string_view(datagram.data(), 6) == number) {
        ::sendto(fd, reply.data(), reply.size(), 0, reinterpret_cast<const sockaddr*>(&from), size);
    }
}

int number_behind(std::string_view line) {
    const auto blank = line.find(' ');
    return blank == std::string_view::npos ? 0 : std::atoi(std::string(line.substr(blank + 1)).c_str());
}

void obey(std::string_view line, const Options& options) {
    if (line == "save-all") return save(options);
    if (line == "save-off") return say("Automatic saving is now disabled");
    if (line == "save-on") return say("Automatic saving is now enabled");
    if (line == "stop") {
        save(options);
        std::exit(0);
    }
    if (line == "crash") crash();
    if (line.starts_with("exit ")) std::exit(number_behind(line));
    if (line.starts_with("eat ")) return eat(number_behind(line));
    if (line.starts_with("fill ")) return fill(options, number_behind(line));
    if (line.starts_with("lines ")) return say_lines(number_behind(line));
    if (line.starts_with("say ")) return say(line.substr(4));
    say("unknown command: " + std::string(line));
}

// False at the end of the input.
bool read_commands(std::string& rest, const Options& options) {
    std::array<char, 512> bytes{};
    const auto count = ::read(0, bytes.data(), bytes.size());
    if (count <= 0) return false;
    rest.append(bytes.data(), static_cast<std::size_t>(count));
    for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n')) {
        const auto line = rest.substr(0, end);
        rest.erase(0, end + 1);
        obey(line, options);
    }
    return true;
}

Options parse(int argc, char** argv) {
    Options out;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        const auto text = [&] { return i + 1 < argc ? std::string(argv[++i]) : std::string(); };
        const auto number = [&] { return std::atoi(text().c_str()); };
        if (name == "--line") out.line = text();
        else if (name == "--bind") out.bind = text();
        else if (name == "--world") out.world = text();
        else if (name == "--partial") out.partial = text();
        else if (name == "--udp") out.udp = number();
        else if (name == "--tcp") out.tcp = number();
        else if (name == "--exit") out.exit_code = number();
        else if (name == "--eat-memory") out.eat_mib = number();
        else if (name == "--after") out.after_ms = number();
        else if (name == "--lines") out.lines = number();
        else if (name == "--crash") out.crash = true;
        else if (name == "--ignore-term") out.ignore_term = true;
        else say("unknown argument: " + std::string(name)), std::exit(2);
    }
    return out;
}

void act(const Options& options) {
    if (options.eat_mib > 0) eat(options.eat_mib);
    if (options.crash) crash();
    if (options.exit_code >= 0) std::exit(options.exit_code);
}

void serve(const Options& options) {
    std::string rest;
    pollfd fds[3] = {{.fd = 0, .events = POLLIN, .revents = 0},
                     {.fd = options.udp >= 0 ? bound(options, SOCK_DGRAM, options.udp) : -1, .events = POLLIN, .revents = 0},
                     {.fd = options.tcp >= 0 ? bound(options, SOCK_STREAM, options.tcp) : -1, .events = POLLIN, .revents = 0}};
    if (!options.line.empty()) say(options.line);
    int wait = options.after_ms;
    while (asked_to_stop == 0) {
        const int count = ::poll(fds, 3, wait);
        if (count == 0) act(options), wait = -1;
        if (count <= 0) continue;
        if (fds[0].revents != 0 && !read_commands(rest, options)) fds[0].fd = -1;
        if (fds[1].revents != 0) answer_datagram(fds[1].fd);
        if (fds[2].revents != 0) ::close(::accept(fds[2].fd, nullptr, nullptr));
    }
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = parse(argc, argv);
    // Without SA_RESTART, so that the signal ends the wait.
    struct sigaction on_term{};
    on_term.sa_handler = options.ignore_term ? SIG_IGN : [](int) { asked_to_stop = 1; };
    ::sigaction(SIGTERM, &on_term, nullptr);
    ::sigaction(SIGINT, &on_term, nullptr);
    say_lines(options.lines);
    if (!options.partial.empty()) [[maybe_unused]]
        const auto count = ::write(1, options.partial.data(), options.partial.size());
    serve(options);
    save(options);
    say("stopped");
    return 0;
}
