#include "adapters/download/game_files.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "adapters/download/test_archive.hpp"
#include "adapters/memory/random.hpp"
#include "async/mailbox.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "base/bytes.hpp"
#include "net/http/server.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tls/digest.hpp"
#include "tls/test_authority.hpp"

namespace gk::download {
namespace {
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace fs = std::filesystem;
using Kind = GameFilesError::Kind;

// A game's web site: a server of ours with a certificate that the store under test trusts.
class DownloadTest : public testing::Test {
protected:
    void SetUp() override {
        net::Router router;
        add(router, "/server.jar", [this](net::Request&) { return whole(jar); });
        add(router, "/game.tar.gz", [this](net::Request&) { return whole(archive); });
        add(router, "/moved", [](net::Request&) { return moved("/server.jar"); });
        add(router, "/loop", [](net::Request&) { return moved("/loop"); });
        add(router, "/plain", [](net::Request&) { return moved("http://127.0.0.1/server.jar"); });
        add(router, "/busy", [](net::Request&) { return status(503); });
        add(router, "/stream", [this](net::Request&) { return streamed(*this); });
        server.emplace(io.get_executor(), clock, random, std::move(router));
        auto identity = tls::Context::for_server(authority.identity("127.0.0.1")).value();
        site = "https://" + server->listen_tls(net::parse_endpoint("127.0.0.1:0").value(), std::move(identity)).value().text();
        open();
    }
    void TearDown() override {
        group.cancel();
        async::run_until_done(io, group.join());
        stop_server();
        files.reset();
    }
    static void add(net::Router& router, std::string pattern, net::Handler handler) {
        router.add({.method = net::Method::get, .pattern = std::move(pattern), .handler = std::move(handler)});
    }
    Task<net::Response> whole(std::string body) {
        ++visits;
        co_return net::Response::text(200, "application/octet-stream", std::move(body));
    }
    static Task<net::Response> moved(std::string to) {
        net::Response response{.status = 302};
        response.headers.emplace_back("Location", std::move(to));
        co_return response;
    }
    static Task<net::Response> status(int code) { co_return net::Response{.status = code}; }
    static Task<net::Response> streamed(DownloadTest& test) {
        co_return net::Response::streaming("application/octet-stream", [&test](net::Stream& stream) { return produce(test, stream); });
    }
    static Task<void> produce(DownloadTest& test, net::Stream& stream) {
        while (auto piece = co_await test.pieces.receive()) {
            if (!co_await stream.write(std::move(*piece))) co_return;
        }
    }

    void open() {
        files.reset();
        auto trust = tls::Context::for_client({.authorities = authority.certificate()}).value();
        DownloadOptions options{.folder = (directory.path() / "downloads").string(), .patience = 2s, .web = {}, .unpack = {}};
        files = std::make_unique<DownloadedGameFiles>(io.get_executor(), clock, std::move(trust), std::move(options));
        group.spawn("files", files->run());
    }
    // Without a grace: connections are cut as they are.
    void stop_server() {
        if (!server) return;
        finish(server->stop(0s));
        server.reset();
    }
    // Runs to its end, moving time on when nothing else happens.
    template <class T>
    T finish(Task<T> task) {
        async::TaskGroup time(io.get_executor());
        time.spawn("time", keep_time_moving());
        if constexpr (std::is_void_v<T>) {
            async::run_until_done(io, std::move(task));
            time.cancel();
            async::run_until_done(io, time.join());
        } else {
            auto result = async::run_until_done(io, std::move(task));
            time.cancel();
            async::run_until_done(io, time.join());
            return result;
        }
    }
    Task<void> keep_time_moving() {
        for (;;) {
            co_await asio::post(io, asio::use_awaitable);
            clock.advance(1ms);
        }
    }
    catalog::Download of(const std::string& path, const std::string& content) const {
        return {.url = site + path, .digest = tls::hex(tls::sha256(as_byte_span(content))), .file = "server.jar"};
    }
    // Until it is here or has failed.
    Result<bool, GameFilesError> fetch(const catalog::Download& download) {
        for (;;) {
            auto done = finish(files->fetch(download));
            if (!done || *done) return done;
            ++waits;
        }
    }
    GameFilesError failure(const catalog::Download& download) {
        const auto done = fetch(download);
        EXPECT_FALSE(done);
        EXPECT_FALSE(files->has(download));
        EXPECT_TRUE(nothing_is_left());
        return done ? GameFilesError{} : done.error();
    }
    bool nothing_is_left() const {
        const auto incoming = directory.path() / "downloads/incoming";
        return !fs::exists(incoming) || fs::is_empty(incoming);
    }
    std::string content(const catalog::Download& download, const std::string& name) {
        std::ifstream file(files->folder(download) + "/" + name);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }

    asio::io_context io{1};
    async::ManualClock clock;
    memory::SeededRandom random{1};
    tls::test::Authority authority;
    gk::test::TemporaryDirectory directory;
    std::string jar = std::string(200'000, 'j');
    std::string archive;
    async::Mailbox<std::string> pieces{100, async::WhenFull::refuse};
    int visits = 0;
    int waits = 0;
    std::optional<net::HttpServer> server;
    std::string site;
    async::TaskGroup group{io.get_executor()};
    std::unique_ptr<DownloadedGameFiles> files;
};

TEST_F(DownloadTest, AFileIsFetchedOnceAndKeptUnderItsHash) {
    const auto download = of("/server.jar", jar);
    EXPECT_FALSE(files->has(download));

    ASSERT_TRUE(fetch(download)) << fetch(download).error().detail;
    EXPECT_TRUE(files->has(download));
    EXPECT_EQ(content(download, "server.jar"), jar);
    EXPECT_EQ(fs::status(files->folder(download)).permissions(), fs::perms(0755)) << "games with other uids read it";
    EXPECT_EQ(fs::status(files->folder(download) + "/server.jar").permissions(), fs::perms(0755)) << "and may execute it";

    auto elsewhere = download;
    elsewhere.url = site + "/nowhere";
    EXPECT_TRUE(fetch(elsewhere)) << "the same file at another address is here already";
    EXPECT_EQ(visits, 1);
    EXPECT_TRUE(nothing_is_left());
}

TEST_F(DownloadTest, AnArchiveIsUnpacked) {
    const auto path = (directory.path() / "archive").string();
    test::write_archive(path, {{.name = "package/server.js", .content = "run", .mode = 0755}}, false, true);
    std::stringstream bytes;
    bytes << std::ifstream(path).rdbuf();
    archive = bytes.str();
    catalog::Download download{.url = site + "/game.tar.gz",
                               .algorithm = catalog::Download::Algorithm::sha512,
                               .digest = "sha512-" + tls::base64(tls::HashStream(tls::Hash::sha512).add(as_byte_span(archive)).finish()),
                               .unpack = catalog::Unpack::tar,
                               .unpack_below = 1,
                               .file = {}};

    const auto done = fetch(download);

    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(content(download, "server.js"), "run");
    EXPECT_FALSE(fs::exists(files->folder(download) + "/archive"));
}

TEST_F(DownloadTest, AnArchiveThatIsNoneIsRefusedByItsAddress) {
    archive = "not packed at all";
    auto download = of("/game.tar.gz", archive);
    download.unpack = catalog::Unpack::tar;

    const auto error = failure(download);

    EXPECT_EQ(error.kind, Kind::refused);
    EXPECT_TRUE(error.detail.starts_with(download.url + ": the archive is refused: ")) << error.detail;
}

TEST_F(DownloadTest, AnotherFileIsNeverKeptAndBothHashesAreNamed) {
    const auto download = of("/server.jar", "what it was when the definition was written");

    const auto error = failure(download);

    EXPECT_EQ(error.kind, Kind::different);
    EXPECT_TRUE(error.detail.contains(download.url)) << error.detail;
    EXPECT_TRUE(error.detail.contains("expected " + download.digest)) << error.detail;
    EXPECT_TRUE(error.detail.contains("found " + of("", jar).digest)) << error.detail;
}

TEST_F(DownloadTest, MoreThanTheDefinitionAllowsIsNotFetched) {
    jar.assign(3 << 20, 'j');
    auto announced = of("/server.jar", jar);
    announced.size_max = MebiBytes{2};
    EXPECT_EQ(failure(announced).kind, Kind::refused);

    for (int i = 0; i < 3; ++i) pieces.send(std::string(1 << 20, 'j'));
    auto endless = of("/stream", jar);
    endless.size_max = MebiBytes{2};
    const auto error = failure(endless);

    EXPECT_EQ(error.kind, Kind::refused);
    EXPECT_TRUE(error.detail.contains("larger than 2 MiB")) << error.detail;
}

TEST_F(DownloadTest, RedirectsAreFollowedToHttpsAndNotForEver) {
    EXPECT_TRUE(fetch(of("/moved", jar)));

    EXPECT_TRUE(failure(of("/loop", "x")).detail.contains("more than 5 times"));
    const auto plain = failure(of("/plain", "x"));
    EXPECT_EQ(plain.kind, Kind::refused);
    EXPECT_TRUE(plain.detail.contains("no https address")) << plain.detail;
}

TEST_F(DownloadTest, WhatIsNotThereIsFinalAndWhatIsBusyIsNot) {
    EXPECT_EQ(failure(of("/nowhere", "x")).kind, Kind::refused);
    EXPECT_EQ(failure(of("/busy", "x")).kind, Kind::unavailable);
}

TEST_F(DownloadTest, ABodyThatStopsComingIsGivenUpAndBegunAnewWhenAskedAgain) {
    pieces.send(jar.substr(0, 1000));
    const auto error = failure(of("/stream", jar));
    EXPECT_EQ(error.kind, Kind::unavailable);
    EXPECT_TRUE(error.detail.contains("ended too early, after 1000 bytes: nothing came for 30s")) << error.detail;
    EXPECT_GE(waits, 10) << "nobody is held for all that time";

    pieces.send(jar);
    pieces.close();
    EXPECT_TRUE(fetch(of("/stream", jar)));
}

TEST_F(DownloadTest, ABodyThatIsCutOffIsNotKept) {
    const auto download = of("/stream", jar);
    pieces.send(jar.substr(0, 1000));
    ASSERT_FALSE(finish(files->fetch(download)).value()) << "under way";

    stop_server();
    const auto error = failure(download);

    EXPECT_EQ(error.kind, Kind::unavailable);
    EXPECT_TRUE(error.detail.contains(download.url)) << error.detail;
}

TEST_F(DownloadTest, AServerThatIsNotTrustedIsNotHeard) {
    tls::test::Authority stranger;
    auto identity = tls::Context::for_server(stranger.identity("127.0.0.1")).value();
    const auto at = server->listen_tls(net::parse_endpoint("127.0.0.1:0").value(), std::move(identity)).value();
    auto download = of("/server.jar", jar);
    download.url = "https://" + at.text() + "/server.jar";

    const auto error = failure(download);

    EXPECT_TRUE(error.detail.contains("certificate")) << error.detail;
    EXPECT_EQ(visits, 0);
}

TEST_F(DownloadTest, WhatACrashLeftHalfDoneGoesAtTheNextStart) {
    const auto download = of("/server.jar", jar);
    const auto half = directory.path() / "downloads/incoming" / fs::path(files->folder(download)).filename();
    fs::create_directories(half / "files");
    std::ofstream(half / "files/server.jar") << jar.substr(0, 1000);

    group.cancel();
    async::run_until_done(io, group.join());
    async::TaskGroup another(io.get_executor());
    auto trust = tls::Context::for_client({.authorities = authority.certificate()}).value();
    DownloadedGameFiles after(io.get_executor(), clock, std::move(trust),
                              {.folder = (directory.path() / "downloads").string(), .patience = 1min, .web = {}, .unpack = {}});
    EXPECT_TRUE(nothing_is_left());
    EXPECT_FALSE(after.has(download));
    EXPECT_EQ(finish(after.fetch(download)).error().kind, Kind::unavailable) << "nobody fetches yet";
    another.spawn("files", after.run());

    EXPECT_TRUE(finish(after.fetch(download)).value());

    another.cancel();
    async::run_until_done(io, another.join());
}

TEST_F(DownloadTest, AFetchThatIsCutShortByOurEndLeavesNothing) {
    pieces.send(jar.substr(0, 1000));
    ASSERT_FALSE(finish(files->fetch(of("/stream", jar))).value());
    EXPECT_FALSE(nothing_is_left());

    group.cancel();
    async::run_until_done(io, group.join());

    EXPECT_TRUE(nothing_is_left());
}

}  // namespace
}  // namespace gk::download
