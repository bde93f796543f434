#include "programs/match_server/client.hpp"

#include <utility>

#include "base/log.hpp"

namespace gk::programs {

void Client::flush() {
    if (cut_) return;
    if (!is_writing_ && (!unsent_.empty() || (parting_ && !has_parted_))) {
        is_writing_ = true;
        writing_.spawn("write", write_out(shared_from_this()));
    }
    if (unsent_.size() + leaving_.size() <= unsent_max) return;
    log::debug("match_server", "a client that does not read was dropped", {{"peer", transport_->peer().address}});
    cut();
}

void Client::part() {
    if (parting_) return;
    parting_ = true;
    flush();
}

void Client::cut() {
    if (cut_) return;
    cut_ = true;
    transport_->close();
}

Task<void> Client::write_out(std::shared_ptr<Client> self) {
    while (!self->unsent_.empty() && !self->cut_) {
        self->leaving_ = std::exchange(self->unsent_, {});
        const auto error = co_await self->transport_->write_all(self->leaving_);
        self->leaving_.clear();
        if (error) self->cut();
    }
    self->is_writing_ = false;
    if (!self->parting_ || self->cut_) co_return;
    self->has_parted_ = true;
    co_await self->transport_->shutdown_send();
}

}  // namespace gk::programs
