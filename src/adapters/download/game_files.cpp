#include "adapters/download/game_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "adapters/download/failure.hpp"
#include "async/deadline.hpp"
#include "async/off_loop.hpp"
#include "async/signal.hpp"
#include "base/bytes.hpp"
#include "base/descriptor.hpp"
#include "base/log.hpp"
#include "tls/digest.hpp"

namespace gk::download {
namespace fs = std::filesystem;
namespace {

using Kind = GameFilesError::Kind;
using Done = Result<Success, GameFilesError>;
using Algorithm = catalog::Download::Algorithm;

std::string key_of(const catalog::Download& download) {
    const auto text = fmt::format("{}\n{}\n{}\n{}", download.digest, name_of(download.unpack), download.unpack_below, download.file);
    return tls::hex(tls::sha256(as_byte_span(text)));
}

// As the definition writes it.
std::string digest_text(Algorithm algorithm, tls::HashStream& stream) {
    const auto bytes = stream.finish();
    return algorithm == Algorithm::sha256 ? tls::hex(bytes) : "sha512-" + tls::base64(bytes);
}

// What is not finished goes when it is left.
class Workplace {
public:
    explicit Workplace(fs::path place) : place_(std::move(place)) {
        std::error_code ignored;
        fs::remove_all(place_, ignored);
    }
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;
    ~Workplace() {
        std::error_code ignored;
        fs::remove_all(place_, ignored);
    }
    std::string archive() const { return (place_ / "archive").string(); }
    std::string files() const { return (place_ / "files").string(); }
    Done make() const {
        std::error_code error;
        fs::create_directories(files(), error);
        if (error) {
            errno = error.value();
            return fail_errno(fmt::format("{} could not be made", files()));
        }
        // Games with other uids look into it; whatever the umask of this process is.
        if (::chmod(files().c_str(), 0755) != 0) return fail_errno(fmt::format("{} could not be opened to games", files()));
        return Success{};
    }

private:
    fs::path place_;
};

// The body on its way to the disk, and its hash.
class Sink {
public:
    Sink(const std::string& path, Algorithm algorithm)
        : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755)),
          path_(path),
          hash_(algorithm == Algorithm::sha256 ? tls::Hash::sha256 : tls::Hash::sha512) {
        // It may be a program; nothing says so but the command that names it. Where this fails, writing does too.
        ::fchmod(file_.get(), 0755);
    }

    Done take(std::string_view bytes) {
        hash_.add(as_byte_span(bytes));
        while (!bytes.empty()) {
            const auto count = ::write(file_.get(), bytes.data(), bytes.size());
            if (count < 0) return fail_errno(fmt::format("{} could not be written", path_));
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return Success{};
    }
    Done check(const catalog::Download& download) {
        const auto found = digest_text(download.algorithm, hash_);
        if (found == download.digest) return Success{};
        return fail(Kind::different, fmt::format("{} is not the file that the definition means: expected {}, found {}. Somebody has put another file "
                                                 "there: look at it, and write its hash into the definition if it is right",
                                                 download.url, download.digest, found));
    }

private:
    Descriptor file_;
    std::string path_;
    tls::HashStream hash_;
};

// On the disk first, then under its name; after a loss of power what has the name is whole.
Done put_in_place(const std::string& files, const std::string& place) {
    const Descriptor folder(::open(files.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::syncfs(folder.get()) != 0) return fail_errno(fmt::format("{} could not be kept", files));
    if (::rename(files.c_str(), place.c_str()) != 0) return fail_errno(fmt::format("{} could not be kept", place));
    const Descriptor parent(::open(fs::path(place).parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent || ::fsync(parent.get()) != 0) return fail_errno(fmt::format("{} could not be kept", place));
    return Success{};
}

}  // namespace

DownloadedGameFiles::DownloadedGameFiles(boost::asio::any_io_executor executor, Clock& clock, tls::Context trust, DownloadOptions options)
    : executor_(executor),
      clock_(clock),
      options_(std::move(options)),
      web_(std::move(executor), clock, std::move(trust), options_.web) {
    std::error_code ignored;  // What cannot be removed or made is told by the fetch that needs it.
    fs::remove_all(options_.folder + "/incoming", ignored);
    fs::create_directories(options_.folder, ignored);
}

DownloadedGameFiles::~DownloadedGameFiles() { disk_.join(); }

Task<void> DownloadedGameFiles::run() {
    async::TaskGroup tasks(executor_);
    tasks_ = &tasks;
    const auto closed = std::unique_ptr<async::TaskGroup*, void (*)(async::TaskGroup**)>(&tasks_, [](async::TaskGroup** it) { *it = nullptr; });
    async::Signal never;
    auto body = never.wait();
    co_await async::run_with(tasks, std::move(body));
}

std::string DownloadedGameFiles::folder(const catalog::Download& download) const { return options_.folder + "/" + key_of(download); }

bool DownloadedGameFiles::has(const catalog::Download& download) const { return ::access(folder(download).c_str(), F_OK) == 0; }

Task<Result<bool, GameFilesError>> DownloadedGameFiles::fetch(catalog::Download download) {
    const auto key = key_of(download);
    if (!transfers_.contains(key) && has(download)) co_return true;
    if (tasks_ == nullptr) co_return fail(Kind::unavailable, "nothing is fetched while Gamekeeper starts or ends");
    auto& known = transfers_[key];
    if (!known) {
        known = std::make_shared<Transfer>();
        log::info("download", "fetch began", {{"url", download.url}});
        auto name = "fetch " + download.url;
        tasks_->spawn(std::move(name), carry_out(key, std::move(download), known));
    }
    const auto transfer = known;
    if (!transfer->result) {
        auto ended = transfer->ended.wait();
        co_await async::finishes_by(clock_, clock_.now() + options_.patience, std::move(ended));
    }
    if (!transfer->result) co_return false;
    if (const auto at = transfers_.find(key); at != transfers_.end() && at->second == transfer) transfers_.erase(at);
    if (!*transfer->result) co_return std::unexpected(transfer->result->error());
    co_return true;
}

Task<void> DownloadedGameFiles::carry_out(std::string key, catalog::Download download, std::shared_ptr<Transfer> transfer) {
    const auto begun = clock_.now();
    const auto url = download.url;
    transfer->result = co_await bring(std::move(key), std::move(download));
    if (*transfer->result) log::info("download", "fetch ended", {{"url", url}, {"ms", (clock_.now() - begun).count()}});
    transfer->ended.wake_all();
}

Task<Done> DownloadedGameFiles::bring(std::string key, catalog::Download download) {
    const Workplace work(fs::path(options_.folder) / "incoming" / key);
    CO_TRY_OK(work.make());
    const bool packed = download.unpack != catalog::Unpack::none;
    CO_TRY_OK(co_await receive(download, packed ? work.archive() : work.files() + "/" + download.file));
    const auto finish = [&]() -> Done {
        if (packed) TRY_OK(unpack(work.archive(), download.unpack, download.unpack_below, work.files(), options_.unpack));
        return put_in_place(work.files(), folder(download));
    };
    auto finished = co_await async::off_loop(disk_, std::function<Done()>(finish));
    if (!finished && packed) finished.error().detail = fmt::format("{}: {}", download.url, finished.error().detail);
    co_return finished;
}

Task<Done> DownloadedGameFiles::receive(catalog::Download download, std::string path) {
    Sink sink(path, download.algorithm);
    const auto bytes_max = static_cast<std::uint64_t>(download.size_max.count) << 20;
    const Web::Receive take = [&sink](std::string_view bytes) { return sink.take(bytes); };
    CO_TRY_OK(co_await web_.get(download.url, bytes_max, take));
    co_return sink.check(download);
}

}  // namespace gk::download
