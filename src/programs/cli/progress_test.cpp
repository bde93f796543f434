#include "programs/cli/progress.hpp"

#include <cstdlib>
#include <memory>

#include <gtest/gtest.h>

namespace gk::programs {
namespace {

Value step(const char* name, const char* status, std::int64_t ms) {
    return Value::object({{"name", name}, {"status", status}, {"ms", ms < 0 ? Value() : Value(ms)}, {"error", Value()}});
}

Value operation(Value::Array steps) { return Value::object({{"steps", std::move(steps)}}); }

// What a progress prints, byte by byte.
class Shown {
public:
    explicit Shown(Progress::Style style) : file_(open_memstream(&text_, &size_)), progress_(style, file_) {}
    ~Shown() {
        std::fclose(file_);
        std::free(text_);
    }
    Shown(const Shown&) = delete;
    Shown& operator=(const Shown&) = delete;
    Progress& progress() { return progress_; }
    std::string text() {
        std::fflush(file_);
        return {text_, size_};
    }

private:
    char* text_ = nullptr;
    std::size_t size_ = 0;
    std::FILE* file_;
    Progress progress_;
};

TEST(Progress, APipeGetsOneLineForEachStepThatHasEnded) {
    Shown shown(Progress::Style::lines);
    shown.progress().show(operation({step("create_disk", "succeeded", 46), step("wait_ready", "running", -1)}));
    shown.progress().show(operation({step("create_disk", "succeeded", 46), step("wait_ready", "running", -1)}));
    shown.progress().show(operation({step("create_disk", "succeeded", 46), step("wait_ready", "succeeded", 1340), step("undo", "skipped", 0)}));
    shown.progress().finish();

    EXPECT_EQ(shown.text(),
              "  create disk            46 ms\n"
              "  wait ready             1.3 s\n"
              "  undo                   not needed\n");
}

TEST(Progress, ATerminalShowsTheStepUnderWayInALineThatIsWrittenAnew) {
    Shown shown(Progress::Style::terminal);
    shown.progress().show(operation({}));
    shown.progress().show(operation({step("create_disk", "running", -1)}));
    auto ended = operation({step("create_disk", "succeeded", 46)});
    ended.set("finished_at", "2026-11-21T06:39:42.139Z");
    shown.progress().show(ended);
    shown.progress().finish();

    EXPECT_EQ(shown.text(), "\r\x1b[K  working ...\r\x1b[K  create disk ...\r\x1b[K  create disk            46 ms\n");
}

TEST(Progress, AFailedStepSaysWhy) {
    Shown shown(Progress::Style::lines);
    auto failed = step("probe_vault", "failed", 12);
    failed.set("error", Value::object({{"detail", "no room\x1b"}}));
    shown.progress().show(operation({failed}));

    EXPECT_EQ(shown.text(), "  probe vault            failed after 12 ms: no room\\x1b\n");
}

TEST(Progress, JsonGetsNothing) {
    Shown shown(Progress::Style::silent);
    shown.progress().show(operation({step("create_disk", "succeeded", 46)}));

    EXPECT_EQ(shown.text(), "");
}

}  // namespace
}  // namespace gk::programs
