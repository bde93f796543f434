#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "domain/catalog/edit/edit.hpp"

// JSON as games keep it: comments (// and /* */) are stepped over, everything else is left as it is.
namespace gk::catalog {
namespace {

struct Range {
    std::size_t begin = 0;
    std::size_t end = 0;
};

// An object or list whose members have been looked at.
struct Container {
    std::optional<Range> found;   // The value that was looked for.
    std::size_t first = 0;        // Where the first member begins ...
    std::size_t last_end = 0;     // ... and the last one ends; both 0: it is empty.
    std::size_t count = 0;
    std::size_t close = 0;        // Its closing bracket.
};

class JsonEditor {
public:
    explicit JsonEditor(std::string content) : text_(std::move(content)) {}

    Result<std::string, EditError> set(const Edit& edit) {
        std::size_t at = 0;
        TRY_OK(skip_space(at));
        if (at == text_.size()) {
            // Behind a comment that goes to the end of its line.
            if (text_.find('/') != std::string::npos && !text_.ends_with('\n')) text_ += '\n';
            at = text_.size();
            text_ += "{}\n";
        }
        for (std::size_t depth = 0; depth < edit.path.size(); ++depth) {
            const auto& name = edit.path[depth];
            if (text_[at] != '{' && text_[at] != '[') {
                return fail(at, fmt::format("'{}' cannot be set here: this is neither an object nor a list", name));
            }
            TRY(container, look_for(at, name));
            if (!container.found) return add(at, container, edit, depth);
            if (depth + 1 == edit.path.size()) return replaced(*container.found, edit);
            at = container.found->begin;
        }
        return fail(at, "the path is empty");
    }

private:
    std::unexpected<EditError> fail(std::size_t at, std::string message) const {
        const auto before = std::string_view(text_).substr(0, at);
        return std::unexpected(EditError{static_cast<int>(std::ranges::count(before, '\n')) + 1, std::move(message)});
    }

    Result<std::string, EditError> replaced(Range range, const Edit& edit) {
        const char first = text_[range.begin];
        if (first == '{' || first == '[') return fail(range.begin, fmt::format("'{}' is an object or a list, not a single value", edit.path.back()));
        text_.replace(range.begin, range.end - range.begin, to_json(edit.value));
        return std::move(text_);
    }

    // The missing part of the path, as a new member of the object that begins at `open`.
    Result<std::string, EditError> add(std::size_t open, const Container& container, const Edit& edit, std::size_t depth) {
        if (text_[open] == '[') return fail(open, fmt::format("this list has {} items and none of number {}", container.count, edit.path[depth]));
        auto value = to_json(edit.value);
        for (auto i = edit.path.size(); --i > depth;) {
            std::string name;
            append_json_string(name, edit.path[i]);
            value = fmt::format("{{{}: {}}}", name, value);
        }
        std::string member;
        append_json_string(member, edit.path[depth]);
        member += ": " + value;
        if (container.count > 0) {
            text_.insert(container.last_end, "," + gap_before(open, container) + member);
        } else {
            const auto outer = line_indent(open);
            const auto* feed = text_.find("\r\n") == std::string::npos ? "\n" : "\r\n";
            text_.replace(open + 1, container.close - open - 1, fmt::format("{}{}  {}{}{}", feed, outer, member, feed, outer));
        }
        return std::move(text_);
    }

    // What stands between the members: a line break and its indentation, or a blank.
    std::string gap_before(std::size_t open, const Container& container) const {
        const auto gap = std::string_view(text_).substr(open + 1, container.first - open - 1);
        const auto feed = gap.rfind('\n');
        if (feed == std::string_view::npos) return " ";
        const auto start = feed > 0 && gap[feed - 1] == '\r' ? feed - 1 : feed;
        return std::string(gap.substr(start));
    }

    std::string line_indent(std::size_t at) const {
        const auto feed = text_.rfind('\n', at);
        const auto start = feed == std::string::npos ? 0 : feed + 1;
        const auto end = text_.find_first_not_of(" \t", start);
        return text_.substr(start, end - start);
    }

    Result<Container, EditError> look_for(std::size_t open, std::string_view name) {
        const bool is_object = text_[open] == '{';
        Container out;
        std::size_t at = open + 1;
        for (;;) {
            TRY_OK(skip_space(at));
            if (at >= text_.size()) return fail(open, "this bracket is never closed");
            if (text_[at] == (is_object ? '}' : ']')) break;
            if (out.count == 0) out.first = at;
            const auto begin = at;
            if (is_object) {
                TRY_OK(skip_value(at));
                const auto key = Range{begin, at};
                TRY_OK(skip_space(at));
                if (at >= text_.size() || text_[at] != ':') return fail(begin, "a ':' is missing behind this name");
                ++at;
                TRY_OK(skip_space(at));
                const auto value = at;
                TRY_OK(skip_value(at));
                if (is_name(key, name)) out.found = Range{value, at};
            } else {
                TRY_OK(skip_value(at));
                if (is_index(out.count, name)) out.found = Range{begin, at};
            }
            ++out.count;
            out.last_end = at;
            TRY_OK(skip_space(at));
            if (at < text_.size() && text_[at] == ',') ++at;
            else if (at < text_.size() && text_[at] != (is_object ? '}' : ']')) return fail(at, "a ',' is missing before this");
        }
        out.close = at;
        return out;
    }

    bool is_name(Range key, std::string_view name) const {
        std::string written;
        append_json_string(written, name);
        return std::string_view(text_).substr(key.begin, key.end - key.begin) == written;
    }

    static bool is_index(std::size_t index, std::string_view name) { return name == fmt::format("{}", index); }

    Result<Success, EditError> skip_space(std::size_t& at) const {
        for (;;) {
            at = std::min(text_.find_first_not_of(" \t\r\n", at), text_.size());
            const auto rest = std::string_view(text_).substr(at);
            if (rest.starts_with("//")) {
                at = std::min(text_.find('\n', at), text_.size());
            } else if (rest.starts_with("/*")) {
                const auto end = text_.find("*/", at + 2);
                if (end == std::string::npos) return fail(at, "this comment is never closed");
                at = end + 2;
            } else if (rest.starts_with("\xef\xbb\xbf") && at == 0) {
                at = 3;
            } else {
                return Success{};
            }
        }
    }

    // Steps over one value without looking into it; depth is a number here, never the machine's stack.
    Result<Success, EditError> skip_value(std::size_t& at) const {
        const auto start = at;
        std::size_t depth = 0;
        while (at < text_.size()) {
            const char c = text_[at];
            if (c == '"') {
                if (!skip_string(at)) return fail(start, "this text is never closed");
            } else if (c == '{' || c == '[') {
                ++depth;
                ++at;
            } else if (c == '}' || c == ']') {
                if (depth == 0) break;
                --depth;
                ++at;
            } else if (depth == 0) {
                const auto end = text_.find_first_of(" \t\r\n,:]}/", at);
                if (end == at) break;
                at = std::min(end, text_.size());
            } else if (c == '/') {
                TRY_OK(skip_space(at));
                if (text_[at] == '/') return fail(at, "a value is expected here");
            } else {
                ++at;
            }
            if (depth == 0) break;
        }
        if (at == start || depth != 0) return fail(start, "a value is expected here");
        return Success{};
    }

    bool skip_string(std::size_t& at) const {
        for (++at; at < text_.size(); ++at) {
            if (text_[at] == '\\') ++at;
            else if (text_[at] == '"') {
                ++at;
                return true;
            }
        }
        return false;
    }

    std::string text_;
};

}  // namespace

Result<std::string, EditError> edit_json(std::string_view content, const Edit& edit) { return JsonEditor(std::string(content)).set(edit); }

}  // namespace gk::catalog
