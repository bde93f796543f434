#include "programs/cli/findings.hpp"

#include <fmt/format.h>

#include "base/value.hpp"
#include "programs/cli/screen.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

using enum Finding::Level;

void print(const Findings& findings, const Screen& screen) {
    for (const auto& finding : findings) {
        const auto* sign = finding.level == good ? "ok  " : finding.level == warning ? "warn" : "FAIL";
        const auto tone = finding.level == good ? Tone::good : finding.level == warning ? Tone::busy : Tone::bad;
        fmt::print("{}  {:<12} {}\n", screen.painted(tone, sign), finding.what, printable(finding.detail));
        if (!finding.cure.empty()) fmt::print("      {:<12} cure: {}\n", "", printable(finding.cure));
    }
}

void print_json(const Findings& findings) {
    Value::Array out;
    for (const auto& finding : findings) {
        out.push_back(Value::object({{"check", finding.what},
                                     {"level", finding.level == good      ? "ok"
                                               : finding.level == warning ? "warning"
                                                                          : "failed"},
                                     {"detail", finding.detail},
                                     {"cure", finding.cure}}));
    }
    fmt::print("{}\n", to_json(Value(std::move(out))));
}

}  // namespace

Done report(const Output& output, const Findings& findings) {
    if (output.json) print_json(findings);
    else print(findings, output.screen);
    for (const auto& finding : findings) {
        if (finding.level == wrong) return std::unexpected(CommandError{.exit = exit_failed, .message = "something must be mended; see FAIL above"});
    }
    return Success{};
}

}  // namespace gk::programs
