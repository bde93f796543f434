#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/enum_names.hpp"
#include "base/id.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"

// Logging for every layer, without any library below it. A line is an event in the past tense plus fields:
//     log::info("keeper", "server changed its phase", {{"server", uid}, {"from", name_of(old)}, {"to", name_of(phase)}});
// The module is the name of the source folder, the request a handler works for goes into the field "request". Where lines go is decided
// once by the program (adapters/system/log); without a sink they are dropped, which is what unit tests want.
namespace gk::log {

// error: a person should look. warning: degraded, we go on by ourselves. info: what changed. debug: refused requests, bad packets.
enum class Level : std::uint8_t { debug, info, warning, error };
inline constexpr auto level_names = std::to_array<std::string_view>({"debug", "info", "warning", "error"});
constexpr std::span<const std::string_view> names_of(Level) { return level_names; }

class FieldValue {
public:
    using Data = std::variant<std::string, std::int64_t, std::uint64_t, double, bool>;
    FieldValue(std::string text) : data_(std::move(text)) {}
    FieldValue(std::string_view text) : data_(std::string(text)) {}
    FieldValue(const char* text) : data_(std::string(text)) {}
    FieldValue(bool flag) : data_(flag) {}
    FieldValue(double number) : data_(number) {}
    template <std::signed_integral T>
    FieldValue(T number) : data_(std::int64_t{number}) {}
    template <std::unsigned_integral T>
        requires(!std::same_as<T, bool>)
    FieldValue(T number) : data_(std::uint64_t{number}) {}
    FieldValue(Port port) : data_(std::uint64_t{std::to_underlying(port)}) {}
    FieldValue(Epoch epoch) : data_(std::to_underlying(epoch)) {}
    FieldValue(const Secret&) : data_(std::string("[secret]")) {}
    template <class Tag>
    FieldValue(const Id<Tag>& id) : data_(id.text()) {}
    template <class E>
        requires requires { names_of(E{}); }
    FieldValue(E word) : data_(std::string(name_of(word))) {}

    const Data& data() const { return data_; }

private:
    Data data_;
};

struct Field {
    std::string_view name;
    FieldValue value;
};

struct Line {
    Level level;
    std::string_view module;
    std::string_view event;
    std::span<const Field> fields;
};

// Takes one line at a time; must not block for long and must not throw. Called from any thread.
class Sink {
public:
    virtual ~Sink() = default;
    virtual void write(const Line& line) noexcept = 0;
};

// Sets where lines go and returns what was set before. The sink must outlive its use; null drops every line. For main() and tests, at moments
// when nothing else logs.
Sink* set_sink(Sink* sink, Level least = Level::info);

void write(Level level, std::string_view module, std::string_view event, std::initializer_list<Field> fields);
inline void debug(std::string_view module, std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::debug, module, event, fields);
}
inline void info(std::string_view module, std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::info, module, event, fields);
}
inline void warning(std::string_view module, std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::warning, module, event, fields);
}
inline void error(std::string_view module, std::string_view event, std::initializer_list<Field> fields = {}) {
    write(Level::error, module, event, fields);
}

}  // namespace gk::log
