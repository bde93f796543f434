#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "base/result.hpp"
#include "base/time.hpp"
#include "ports/clock.hpp"
#include "ports/game_files.hpp"
#include "ports/task.hpp"
#include "tls/context.hpp"

namespace gk::download {

struct WebLimits {
    int redirects_max = 5;
    Milliseconds answer = std::chrono::seconds(30);   // Until the head of an answer is there, connecting included.
    Milliseconds silence = std::chrono::seconds(30);  // Without a single byte of the body.
    Milliseconds total = std::chrono::hours(2);       // Of one body; a server that drips must not keep us for ever.
};

// Fetches bodies over https and nothing else, from whatever answers under that name with a certificate that `trust` accepts. What comes is for the
// receiver to prove.
class Web {
public:
    Web(boost::asio::any_io_executor executor, Clock& clock, tls::Context trust, WebLimits limits)
        : executor_(std::move(executor)),
          clock_(clock),
          trust_(std::move(trust)),
          limits_(limits) {}

    // Takes the next bytes of the body, or refuses to.
    using Receive = std::function<Result<Success, GameFilesError>(std::string_view bytes)>;
    // Follows redirects, to https addresses only. More than `bytes_max` is refused. Every error names the address.
    Task<Result<Success, GameFilesError>> get(std::string url, std::uint64_t bytes_max, Receive receive);

private:
    Task<Result<std::optional<std::string>, GameFilesError>> visit(std::string url, std::uint64_t bytes_max, Receive receive);

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    tls::Context trust_;
    WebLimits limits_;
};

}  // namespace gk::download
