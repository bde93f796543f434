#pragma once

#include <expected>
#include <utility>
#include <variant>

namespace gk {

// A value, or the error that took its place. Dropping one is a compile error; test it or hand it on with TRY.
template <class T, class E>
struct [[nodiscard]] Result : std::expected<T, E> {
    using std::expected<T, E>::expected;
};

using Success = std::monostate;

}  // namespace gk

#define GK_CONCAT_INNER(a, b) a##b
#define GK_CONCAT(a, b) GK_CONCAT_INNER(a, b)

// TRY(name, expression): binds `name` to the value, or returns the error from this function. CO_TRY does the same in a coroutine.
#define TRY(name, expr)                                                   \
    auto name##_or = (expr);                                              \
    if (!name##_or) return std::unexpected(std::move(name##_or).error()); \
    auto& name = *name##_or
#define CO_TRY(name, expr)                                                   \
    auto name##_or = (expr);                                                 \
    if (!name##_or) co_return std::unexpected(std::move(name##_or).error()); \
    auto& name = *name##_or
// TRY_OK(expression): for a Result whose value is of no interest.
#define TRY_OK(expr)                                                                             \
    do {                                                                                         \
        if (auto gk_try_ = (expr); !gk_try_) return std::unexpected(std::move(gk_try_).error()); \
    } while (false)
#define CO_TRY_OK(expr)                                                                             \
    do {                                                                                            \
        if (auto gk_try_ = (expr); !gk_try_) co_return std::unexpected(std::move(gk_try_).error()); \
    } while (false)
