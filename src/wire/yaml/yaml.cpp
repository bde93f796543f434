#include "wire/yaml/yaml.hpp"

#include <cstring>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml.h>

#include "wire/yaml/scalar.hpp"

namespace gk::wire {
namespace {

Mark mark_of(const yaml_mark_t& mark) { return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1}; }

// A list or object whose end has not been seen yet.
struct Open {
    Value value;
    bool is_object = false;
    std::optional<std::string> key;  // Of the object's member whose value comes next.
    std::unordered_set<std::string> keys;
};

struct EventDeleter {
    void operator()(yaml_event_t* event) const {
        yaml_event_delete(event);
        delete event;
    }
};
using Event = std::unique_ptr<yaml_event_t, EventDeleter>;

// libyaml's parser over a text that outlives it, one event at a time. libyaml recurses nowhere while it makes events.
class EventReader {
public:
    explicit EventReader(std::string_view text) {
        ready_ = yaml_parser_initialize(&parser_) == 1;
        if (!ready_) return;
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    }
    ~EventReader() {
        if (ready_) yaml_parser_delete(&parser_);
    }
    EventReader(const EventReader&) = delete;
    EventReader& operator=(const EventReader&) = delete;

    Result<Event, YamlError> next() {
        if (!ready_) return std::unexpected(YamlError{1, 1, "there is no memory left to read this"});
        auto raw = std::make_unique<yaml_event_t>();
        if (yaml_parser_parse(&parser_, raw.get()) != 1) return std::unexpected(failure());
        return Event(raw.release());
    }

private:
    YamlError failure() const {
        if (parser_.error == YAML_READER_ERROR) {
            return {mark_of(parser_.mark).line, mark_of(parser_.mark).column, "this is no valid UTF-8 text, or holds control characters"};
        }
        const auto mark = mark_of(parser_.problem_mark);
        std::string message = parser_.problem != nullptr ? parser_.problem : "this is no YAML";
        if (parser_.context != nullptr) message = fmt::format("{} ({})", message, parser_.context);
        return {mark.line, mark.column, std::move(message)};
    }

    yaml_parser_t parser_{};
    bool ready_ = false;
};

// Builds the document from events with a stack of its own, so that depth is bounded by a number and not by the machine's stack.
class Builder {
public:
    explicit Builder(const YamlLimits& limits) : limits_(limits) {}

    // False when the document has been refused.
    bool take(const yaml_event_t& event) {
        mark_ = mark_of(event.start_mark);
        switch (event.type) {
        case YAML_DOCUMENT_START_EVENT:
            if (++documents_ > 1) return refuse("one file holds one document here; remove the second '---' and what follows it");
            return true;
        case YAML_ALIAS_EVENT: return refuse("aliases (*name) are not supported; write the value out");
        case YAML_SCALAR_EVENT: return scalar(event);
        case YAML_SEQUENCE_START_EVENT: return open(false, event.data.sequence_start.anchor, event.data.sequence_start.tag);
        case YAML_MAPPING_START_EVENT: return open(true, event.data.mapping_start.anchor, event.data.mapping_start.tag);
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_END_EVENT: return close();
        default: return true;
        }
    }
    Value take_root() { return std::move(root_); }
    YamlError take_error() { return std::move(*error_); }

private:
    bool refuse(std::string message) {
        error_ = YamlError{mark_.line, mark_.column, std::move(message)};
        return false;
    }

    bool plain_of_decoration(const unsigned char* anchor, const unsigned char* tag) {
        if (anchor != nullptr) return refuse("anchors (&name) are not supported; write the value out where it is needed");
        if (tag != nullptr) return refuse("tags (!name) are not supported; quote a value to make it a text");
        return true;
    }

    bool scalar(const yaml_event_t& event) {
        const auto& in = event.data.scalar;
        if (!plain_of_decoration(in.anchor, in.tag)) return false;
        const std::string_view text(reinterpret_cast<const char*>(in.value), in.length);
        if (expects_key()) return key(text);
        if (in.style != YAML_PLAIN_SCALAR_STYLE) return place(Value(text), mark_);
        auto value = plain_scalar(text);
        if (!value) return refuse(fmt::format("'{}' is no number that can be kept here; quote it if it is a text", text));
        return place(std::move(*value), mark_);
    }

    bool expects_key() const { return !stack_.empty() && stack_.back().is_object && !stack_.back().key; }

    bool key(std::string_view text) {
        auto& object = stack_.back();
        if (!object.keys.emplace(text).second) return refuse(fmt::format("'{}' stands here twice; remove one", text));
        object.key = std::string(text);
        return true;
    }

    bool open(bool is_object, const unsigned char* anchor, const unsigned char* tag) {
        if (!plain_of_decoration(anchor, tag)) return false;
        if (expects_key()) return refuse("a key must be a plain word, not a list or an object");
        if (static_cast<int>(stack_.size()) >= limits_.depth_max) {
            return refuse(fmt::format("lists and objects are nested more than {} deep here", limits_.depth_max));
        }
        auto value = is_object ? Value(Value::Object()) : Value(Value::Array());
        value.set_mark(mark_);
        stack_.push_back({.value = std::move(value), .is_object = is_object, .key = {}, .keys = {}});
        return true;
    }

    bool close() {
        auto value = std::move(stack_.back().value);
        const auto mark = value.mark();
        stack_.pop_back();
        return place(std::move(value), mark);
    }

    bool place(Value value, Mark mark) {
        value.set_mark(mark);
        if (stack_.empty()) {
            root_ = std::move(value);
            return true;
        }
        auto& parent = stack_.back();
        if (!parent.is_object) {
            parent.value.as_array()->push_back(std::move(value));
            return true;
        }
        parent.value.as_object()->emplace_back(std::move(*parent.key), std::move(value));
        parent.key.reset();
        return true;
    }

    const YamlLimits& limits_;
    std::vector<Open> stack_;
    Value root_;
    Mark mark_;
    int documents_ = 0;
    std::optional<YamlError> error_;
};

}  // namespace

Result<Value, YamlError> parse_yaml(std::string_view text, YamlLimits limits) {
    if (text.size() > limits.size_max_bytes) {
        return std::unexpected(YamlError{1, 1, fmt::format("this has {} bytes; at most {} are read", text.size(), limits.size_max_bytes)});
    }
    // libyaml would count it as a column, and take the second line for one that is indented less.
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    EventReader reader(text);
    Builder builder(limits);
    for (;;) {
        TRY(event, reader.next());
        if (event->type == YAML_STREAM_END_EVENT) return builder.take_root();
        if (!builder.take(*event)) return std::unexpected(builder.take_error());
    }
}

}  // namespace gk::wire
