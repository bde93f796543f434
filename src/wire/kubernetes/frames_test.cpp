#include "wire/kubernetes/frames.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace gk::wire::kubernetes {
namespace {

std::vector<std::string> frames_of(FrameSplitter& splitter) {
    std::vector<std::string> out;
    for (;;) {
        auto frame = splitter.next();
        EXPECT_TRUE(frame) << frame.error();
        if (!frame || !*frame) return out;
        out.push_back(std::move(**frame));
    }
}

TEST(FrameSplitter, CutsAlikeWhereverThePiecesEnd) {
    const std::string body = "{\"a\":1}\n{}\r\n\n{\"text\":\"line\\nend\"}\n";

    for (std::size_t piece = 1; piece <= body.size(); ++piece) {
        FrameSplitter splitter;
        std::vector<std::string> got;
        for (std::size_t at = 0; at < body.size(); at += piece) {
            splitter.feed(std::string_view(body).substr(at, piece));
            for (auto& frame : frames_of(splitter)) got.push_back(std::move(frame));
        }
        EXPECT_EQ(got, (std::vector<std::string>{"{\"a\":1}", "{}", "{\"text\":\"line\\nend\"}"})) << "in pieces of " << piece;
    }
}

TEST(FrameSplitter, HalfAFrameIsNone) {
    FrameSplitter splitter;

    splitter.feed("{}\n{\"half");

    EXPECT_EQ(frames_of(splitter), std::vector<std::string>{"{}"});
}

TEST(FrameSplitter, TakesAFrameOfTheGreatestLengthAndNoLongerOne) {
    FrameSplitter fits(8);
    fits.feed("12345678\n");
    FrameSplitter ended(8);
    ended.feed("123456789\n");
    FrameSplitter endless(8);
    endless.feed("1234");
    EXPECT_EQ(frames_of(endless).size(), 0u);
    endless.feed("56789");

    EXPECT_EQ(frames_of(fits), std::vector<std::string>{"12345678"});
    EXPECT_EQ(ended.next().error(), "a frame of the watch is longer than 8 B");
    EXPECT_FALSE(endless.next());
}

}  // namespace
}  // namespace gk::wire::kubernetes
