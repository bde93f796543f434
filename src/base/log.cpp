#include "base/log.hpp"

#include <atomic>

namespace gk::log {
namespace {

// The one global of the code base: a parameter for the log in every constructor would tell nobody anything.
std::atomic<Sink*> current_sink{nullptr};
std::atomic<Level> least_level{Level::info};

}  // namespace

Sink* set_sink(Sink* sink, Level least) {
    least_level.store(least, std::memory_order_relaxed);
    return current_sink.exchange(sink, std::memory_order_acq_rel);
}

void write(Level level, std::string_view module, std::string_view event, std::initializer_list<Field> fields) {
    auto* sink = current_sink.load(std::memory_order_acquire);
    if (sink == nullptr || level < least_level.load(std::memory_order_relaxed)) return;
    sink->write({.level = level, .module = module, .event = event, .fields = std::span(fields.begin(), fields.size())});
}

}  // namespace gk::log
