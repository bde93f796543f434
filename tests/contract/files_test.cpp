#include "adapters/memory/files.hpp"

#include <map>
#include <sys/socket.h>
#include <thread>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/system/files.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "shim/files/files_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::contract {
namespace {

using Kind = FilesError::Kind;

// Worlds in directories, each call served by a thread instead of a process.
class ServedWorlds {
public:
    explicit ServedWorlds(Clock& clock) : files_([this](ServerUid uid) { return open(uid); }, clock) {}
    ~ServedWorlds() {
        for (auto& thread : servers_) thread.join();
    }
    Files& files() { return files_; }

private:
    Host::Answer<int> open(ServerUid uid) {
        const std::string directory = directory_.path() / uid.text();
        std::filesystem::create_directories(directory);
        std::array<int, 2> ends{};
        const int made = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data());
        if (made != 0) co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, "no socket pair"});
        servers_.emplace_back([end = ends[1], directory] { shim::files_server_main(end, directory); });
        co_return ends[0];
    }

    test::TemporaryDirectory directory_;
    std::vector<std::thread> servers_;
    system::SystemFiles files_;
};

class MemoryWorlds {
public:
    explicit MemoryWorlds(Clock& clock) : files_(clock) {}
    Files& files() { return files_; }

private:
    memory::MemoryFiles files_;
};

template <class Worlds>
class FilesContract : public testing::Test {
protected:
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    Files& files() { return worlds_.files(); }
    static std::vector<std::byte> bytes(std::string_view text) {
        const auto run = as_byte_span(text);
        return {run.begin(), run.end()};
    }
    auto write(std::string path, std::string_view text) { return wait(files().write(server_, std::move(path), bytes(text))); }
    auto read(std::string path, std::size_t size_max = 1000) { return wait(files().read(server_, std::move(path), size_max)); }
    auto list(std::string path) { return wait(files().list(server_, std::move(path))); }
    auto remove(std::string path, bool recursive) { return wait(files().remove(server_, std::move(path), recursive)); }

    boost::asio::io_context io_{1};
    async::ManualClock clock_;
    Worlds worlds_{clock_};
    ServerUid server_{uuid_from_random({1})};
    ServerUid neighbour_{uuid_from_random({2})};
};

using AllWorlds = testing::Types<MemoryWorlds, ServedWorlds>;
class WorldsName {
public:
    template <class Worlds>
    static std::string GetName(int) {
        return std::is_same_v<Worlds, MemoryWorlds> ? "memory" : "system";
    }
};
TYPED_TEST_SUITE(FilesContract, AllWorlds, WorldsName);

TYPED_TEST(FilesContract, StartsEmpty) {
    EXPECT_TRUE(this->list("")->empty());
    EXPECT_EQ(this->read("a").error().kind, Kind::not_found);
    EXPECT_EQ(this->list("a").error().kind, Kind::not_found);
}

TYPED_TEST(FilesContract, ReadsWhatWasWrittenLast) {
    ASSERT_TRUE(this->write("deep/in/file.txt", "first"));
    ASSERT_TRUE(this->write("deep//in/./file.txt", "second"));

    EXPECT_EQ(as_text(*this->read("deep/in/file.txt")), "second");
    EXPECT_EQ(this->wait(this->files().read(this->neighbour_, "deep/in/file.txt", 10)).error().kind, Kind::not_found);
}

TYPED_TEST(FilesContract, KeepsBytesAsTheyAre) {
    const std::string_view all("\0\xff\n\r\x80 end", 9);
    ASSERT_TRUE(this->write("binary", all));
    ASSERT_TRUE(this->write("empty", ""));

    EXPECT_EQ(as_text(*this->read("binary")), all);
    EXPECT_TRUE(this->read("empty")->empty());
}

TYPED_TEST(FilesContract, ListsByName) {
    ASSERT_TRUE(this->write("b.txt", "12345"));
    ASSERT_TRUE(this->write("a/x", ""));
    ASSERT_TRUE(this->write("c", ""));

    const auto items = this->list(".");

    ASSERT_EQ(items->size(), 3u);
    EXPECT_EQ((*items)[0].name, "a");
    EXPECT_EQ((*items)[0].type, FileInfo::Type::directory);
    EXPECT_EQ((*items)[1].name, "b.txt");
    EXPECT_EQ((*items)[1].type, FileInfo::Type::file);
    EXPECT_EQ((*items)[1].size, 5);
}

TYPED_TEST(FilesContract, RefusesToReadMoreThanTheCallerTakes) {
    ASSERT_TRUE(this->write("file", "12345"));

    EXPECT_TRUE(this->read("file", 5));
    EXPECT_EQ(this->read("file", 4).error().kind, Kind::too_large);
}

TYPED_TEST(FilesContract, KnowsFilesFromDirectories) {
    ASSERT_TRUE(this->write("dir/file", "x"));

    EXPECT_EQ(this->read("dir").error().kind, Kind::not_a_file);
    EXPECT_EQ(this->write("dir", "x").error().kind, Kind::not_a_file);
    EXPECT_EQ(this->write("", "x").error().kind, Kind::not_a_file);
    EXPECT_EQ(this->list("dir/file").error().kind, Kind::not_a_directory);
    EXPECT_EQ(this->read("dir/file/below").error().kind, Kind::not_a_directory);
    EXPECT_EQ(this->write("dir/file/below", "x").error().kind, Kind::not_a_directory);
    EXPECT_EQ(this->remove("dir/file/below", false).error().kind, Kind::not_a_directory);
}

TYPED_TEST(FilesContract, RemovesWhatIsAskedFor) {
    ASSERT_TRUE(this->write("dir/file", "x"));
    ASSERT_TRUE(this->write("dir/other", "x"));

    EXPECT_EQ(this->remove("dir", false).error().kind, Kind::exists);
    EXPECT_TRUE(this->remove("dir/file", false));
    EXPECT_EQ(this->list("dir")->size(), 1u);
    EXPECT_TRUE(this->remove("dir", true));
    EXPECT_TRUE(this->list("")->empty());
}

TYPED_TEST(FilesContract, RemovesAnEmptyDirectoryWithoutBeingPressed) {
    ASSERT_TRUE(this->write("dir/file", "x"));
    ASSERT_TRUE(this->remove("dir/file", false));

    EXPECT_TRUE(this->remove("dir", false));
    EXPECT_EQ(this->list("dir").error().kind, Kind::not_found);
}

TYPED_TEST(FilesContract, IsContentWhenThereIsNothingToRemove) {
    EXPECT_TRUE(this->remove("nothing", false));
    EXPECT_TRUE(this->remove("no/such/thing", true));
    EXPECT_EQ(this->remove("", true).error().kind, Kind::not_a_file);
}

TYPED_TEST(FilesContract, RefusesPathsThatLeadOut) {
    for (const auto* path : {"/etc/passwd", "..", "../x", "a/../../x", "a/.."}) {
        EXPECT_EQ(this->read(path).error().kind, Kind::escapes) << path;
        EXPECT_EQ(this->list(path).error().kind, Kind::escapes) << path;
        EXPECT_EQ(this->write(path, "x").error().kind, Kind::escapes) << path;
        EXPECT_EQ(this->remove(path, true).error().kind, Kind::escapes) << path;
    }
    EXPECT_EQ(this->read(std::string(5000, 'a')).error().kind, Kind::escapes);
}

TYPED_TEST(FilesContract, CarriesLargeFiles) {
    const std::string large(3 << 20, 'x');

    ASSERT_TRUE(this->write("large", large));

    EXPECT_EQ(this->read("large", large.size())->size(), large.size());
}

TEST(SystemFiles, SaysWhenTheServingProcessDies) {
    boost::asio::io_context io{1};
    async::ManualClock clock;
    const auto open_and_hang_up = [](ServerUid) -> Host::Answer<int> {
        std::array<int, 2> ends{};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) co_return -1;
        close(ends[1]);
        co_return ends[0];
    };
    system::SystemFiles files(open_and_hang_up, clock);

    const auto listed = async::run_until_done(io, files.list(ServerUid(), ""));

    ASSERT_FALSE(listed);
    EXPECT_EQ(listed.error().kind, Kind::unavailable);
}

}  // namespace
}  // namespace gk::contract
