#include "adapters/kubernetes/client/watch.hpp"

#include <string>
#include <utility>

#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::Failure;
using wire::kubernetes::FrameSplitter;
using wire::kubernetes::WatchEvent;

Failure unreadable(std::string why) { return {.kind = Failure::Kind::unavailable, .detail = std::move(why)}; }

Result<WatchEvent, Failure> event_of(const std::string& frame) {
    const auto document = net::parse_json(frame, {.depth = 100, .size = FrameSplitter::usual_max});
    if (!document) return std::unexpected(unreadable("a frame of the watch is no JSON: " + document.error().message));
    auto event = wire::kubernetes::watch_event_of(*document);
    if (!event) return std::unexpected(unreadable(event.error()));
    if (event->kind == WatchEvent::Kind::error) return std::unexpected(wire::kubernetes::failure_of(500, *event->object));
    return std::move(*event);
}

}  // namespace

Task<Result<std::optional<WatchEvent>, Failure>> WatchStream::next() {
    for (;;) {
        const auto frame = frames_.next();
        if (!frame) co_return std::unexpected(unreadable(frame.error()));
        if (*frame) {
            CO_TRY(event, event_of(**frame));
            co_return std::move(event);
        }
        std::string piece;
        const auto more = co_await stream_->read_some(piece, deadline_ - clock_.now());
        if (!more || !*more) co_return std::nullopt;
        frames_.feed(piece);
    }
}

}  // namespace gk::kubernetes
