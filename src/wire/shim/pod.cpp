#include "wire/shim/pod.hpp"

#include "wire/shim/archive.hpp"

namespace gk::wire::shim {

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

bool fields(auto& a, Is<LogQuery> auto& v) { return a(v.cursor, v.lines_max); }
bool fields(auto& a, Is<LogLine> auto& v) { return a(v.cursor, v.at, v.text); }
bool fields(auto& a, Is<LogPart> auto& v) { return a(v.lines); }
bool fields(auto& a, Is<PodUse> auto& v) { return a(v.at, v.cpu_ns, v.memory_bytes, v.disk_bytes, v.disk_bytes_max); }

namespace {

template <class T>
std::string text_of(const T& value) {
    Writer out;
    out(value);
    return std::string(as_text(out.take()));
}

template <class T>
std::optional<T> value_of(std::string_view text) {
    Reader in(as_byte_span(text));
    T value;
    if (!in(value) || !in.at_end()) return std::nullopt;
    return value;
}

}  // namespace

std::string to_text(const LogQuery& query) { return text_of(query); }
std::string to_text(const LogPart& part) { return text_of(part); }
std::string to_text(const PodUse& use) { return text_of(use); }
std::optional<LogQuery> log_query_from(std::string_view text) { return value_of<LogQuery>(text); }
std::optional<LogPart> log_part_from(std::string_view text) { return value_of<LogPart>(text); }
std::optional<PodUse> pod_use_from(std::string_view text) { return value_of<PodUse>(text); }

}  // namespace gk::wire::shim
