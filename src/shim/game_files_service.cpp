#include "shim/game_files_service.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.hpp"
#include "shim/files/confined_files.hpp"
#include "wire/shim/game_files.hpp"

namespace gk::shim {
namespace {

using Part = wire::shim::GameFilesPart;
using Reply = wire::shim::GameFilesReply;

constexpr std::string_view incoming = ".incoming";

bool is_inner(std::string_view path) {
    for (const auto name : split(path, '/')) {
        if (name.empty() || name == "." || name == "..") return false;
    }
    return true;
}

Reply failure(const std::string& what) {
    const auto kind = errno == ENOSPC || errno == EDQUOT ? Reply::Kind::full : Reply::Kind::failed;
    return {.kind = kind, .detail = system_error(what).detail};
}
Reply nonsense() { return {.kind = Reply::Kind::failed, .detail = "the control plane does not keep to the protocol"}; }
constexpr auto good = std::nullopt;

// Files of one key, on their way. Calls return what went wrong.
class Intake {
public:
    Intake(Descriptor folder, std::string key) : folder_(std::move(folder)), key_(std::move(key)) {}

    bool is_there() const {
        struct stat info{};
        return ::fstatat(folder_.get(), key_.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode);
    }
    std::optional<Reply> begin() {
        const std::string name(incoming);
        if (::mkdirat(folder_.get(), name.c_str(), 0750) != 0) return failure(name);
        place_.reset(::openat(folder_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
        return place_ ? std::optional<Reply>() : failure(name);
    }
    std::optional<Reply> take(const Part& part) {
        if (part.kind == Part::Kind::part) return write(part.more);
        if (!is_inner(part.text)) return nonsense();
        if (auto failed = make_parents(part.text)) return failed;
        if (part.kind == Part::Kind::link) return ::symlinkat(part.more.c_str(), place_.get(), part.text.c_str()) == 0 ? good : failed_at(part.text);
        path_ = part.text;
        file_.reset(::openat(place_.get(), path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, part.is_executable ? 0750 : 0640));
        return file_ ? good : failed_at(path_);
    }
    // On the disk first, then under its name.
    std::optional<Reply> finish() {
        file_.reset();
        const bool done = ::syncfs(place_.get()) == 0 && ::renameat(folder_.get(), std::string(incoming).c_str(), folder_.get(), key_.c_str()) == 0 &&
                          ::fsync(folder_.get()) == 0;
        return done ? good : failed_at(key_);
    }

private:
    static std::optional<Reply> failed_at(const std::string& path) { return failure("the game's file " + path); }
    std::optional<Reply> make_parents(const std::string& path) const {
        for (auto slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
            const auto parent = path.substr(0, slash);
            if (::mkdirat(place_.get(), parent.c_str(), 0750) != 0 && errno != EEXIST) return failed_at(parent);
        }
        return good;
    }
    std::optional<Reply> write(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto count = ::write(file_.get(), bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failed_at(path_);
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return good;
    }

    Descriptor folder_;
    std::string key_;
    Descriptor place_;
    Descriptor file_;
    std::string path_;
};

// Nothing: the other side is gone or talks nonsense.
std::optional<Part> hear_part(Conversation& with) {
    for (;;) {
        auto framed = wire::shim::read_game_files_part(with.heard());
        if (!framed) return std::nullopt;
        if (framed->message) {
            with.heard().erase(with.heard().begin(), with.heard().begin() + static_cast<std::ptrdiff_t>(framed->size));
            return std::move(framed->message);
        }
        if (!with.hear()) return std::nullopt;
    }
}

// What was fetched for another version, or did not come whole.
void remove_others(const std::string& folder) {
    const auto files = ConfinedFiles::open(folder);
    if (!files) return;
    const auto entries = files->list("");
    if (!entries) return;
    for (const auto& entry : *entries) (void)files->remove(entry.name, true);
}

std::optional<Reply> take_all(Conversation& with, Intake& intake) {
    if (auto failed = intake.begin()) return failed;
    if (!with.say(wire::shim::encode(Reply{.kind = Reply::Kind::wanted, .detail = {}}))) return nonsense();
    // What still comes after a failure is heard to its end: a reply to somebody who is still talking would be lost.
    for (std::optional<Reply> failed;;) {
        const auto part = hear_part(with);
        if (!part || part->kind == Part::Kind::begin) return nonsense();
        if (part->kind == Part::Kind::end) return failed ? failed : intake.finish();
        if (!failed) failed = intake.take(*part);
    }
}

}  // namespace

void serve_game_files(Conversation with, const wire::shim::Answer& answer, const std::string& folder) {
    if (!with.begin(answer)) return;
    const auto asked = hear_part(with);
    if (!asked || asked->kind != Part::Kind::begin || !is_inner(asked->text) || asked->text.contains('/')) return;
    Descriptor place(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ::flock(place.get(), LOCK_EX);  // One at a time; who comes later finds what the other has brought.
    Intake intake(std::move(place), asked->text);
    if (intake.is_there()) {
        with.say(wire::shim::encode(Reply{.kind = Reply::Kind::present, .detail = {}}));
        return;
    }
    remove_others(folder);
    const auto failed = take_all(with, intake);
    with.say(wire::shim::encode(failed.value_or(Reply{.kind = Reply::Kind::stored, .detail = {}})));
}

}  // namespace gk::shim
