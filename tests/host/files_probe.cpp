// Stands for `gamekeeper files-server --fd N --root PATH` in tests: says who it is and what it sees, then waits for the end of the stream.
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <unistd.h>

int main(int count, char** words) {
    if (count != 6) return 2;
    const int fd = std::stoi(words[3]);
    std::string text = "uid=" + std::to_string(::getuid()) + " world=";
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(words[5], error)) text += entry.path().filename().string() + ",";
    text += error ? "unreadable" : "";
    text += std::string(" shadow=") + (::open("/etc/shadow", O_RDONLY) >= 0 ? "read" : "hidden");
    text += std::string(" servers=") + (std::filesystem::exists("/tmp") ? "seen" : "hidden") + "\n";
    (void)!::write(fd, text.data(), text.size());
    char byte = 0;
    while (::read(fd, &byte, 1) > 0) {
    }
    return 0;
}
