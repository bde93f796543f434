#pragma once

namespace gk {

// Prints the text with its place and aborts. For programming errors only; input from outside is never asserted on.
[[noreturn]] void assertion_failed(const char* condition, const char* text, const char* file, int line) noexcept;

}  // namespace gk

// On in every build.
#define ASSERT(condition, text) ((condition) ? static_cast<void>(0) : ::gk::assertion_failed(#condition, text, __FILE__, __LINE__))
