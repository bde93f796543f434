#include "net/shim/conversation.hpp"

#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "wire/shim/pod.hpp"

namespace gk::net::shim {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

Result<Success, std::string> checked(const error_code& error) {
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) return std::unexpected("the shim hung up: " + error.message());
    return Success{};
}

}  // namespace

Conversation::Conversation(asio::generic::stream_protocol::socket socket, const noise::Key& key)
    : socket_(std::move(socket)),
      seal_(noise::Session::client(key, wire::shim::pod_purpose)) {}

Conversation::Answer<Success> Conversation::say(std::vector<std::byte> bytes) {
    seal_.send(bytes);
    CO_TRY_OK(co_await send_out());
    while (!seal_.is_proved()) {
        CO_TRY_OK(co_await hear());
        CO_TRY_OK(co_await send_out());
    }
    co_return Success{};
}

Conversation::Answer<Success> Conversation::await(std::size_t size) {
    while (in_.size() < size) CO_TRY_OK(co_await hear());
    co_return Success{};
}

Conversation::Answer<Success> Conversation::send_out() {
    const auto out = seal_.take_output();
    const auto buffer = asio::buffer(out);
    error_code error;
    co_await asio::async_write(socket_, buffer, asio::redirect_error(asio::use_awaitable, error));
    co_return checked(error);
}

Conversation::Answer<Success> Conversation::hear() {
    const auto buffer = asio::buffer(chunk_);
    error_code error;
    const auto count = co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, error));
    CO_TRY_OK(checked(error));
    const auto fed = seal_.feed(ByteSpan(chunk_).first(count));
    if (!fed) co_return std::unexpected(fed.error());
    const auto plain = seal_.take_plain();
    in_.insert(in_.end(), plain.begin(), plain.end());
    co_return Success{};
}

// The shim hands this connection to a process that does what was asked for, if our epoch is good enough.
Conversation::Answer<Success> Conversation::ask_for(wire::shim::Op op, Epoch epoch) {
    auto request = wire::shim::encode(wire::shim::Request{.id = 1, .epoch = epoch, .op = op, .text = {}});
    CO_TRY_OK(co_await say(std::move(request)));
    for (;;) {
        const auto framed = wire::shim::read_from_shim(in_);
        if (!framed) co_return std::unexpected(std::string("the shim speaks another protocol"));
        if (!framed->message) {
            CO_TRY_OK(co_await hear());
            continue;
        }
        drop(framed->size);
        const auto* answer = std::get_if<wire::shim::Answer>(&*framed->message);
        if (answer == nullptr) co_return std::unexpected(std::string("the shim answers something else"));
        if (answer->outcome == wire::shim::Outcome::ok) co_return Success{};
        refusal_ = *answer;
        co_return std::unexpected("the shim refuses: " + answer->text);
    }
}

}  // namespace gk::net::shim
