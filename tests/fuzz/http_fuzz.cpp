// However the bytes of a connection are cut up, the same requests must come out of them: where that fails, requests can be smuggled.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "net/http/request_reader.hpp"

namespace {
using namespace gk::net;

constexpr std::size_t body_max = 4096;

// What the server would make of the bytes: one line for each request, and the status with which it would refuse the rest.
class Transcript {
public:
    explicit Transcript(std::size_t step) : step_(step) {}

    std::string of(std::string_view bytes) {
        for (std::size_t at = 0; at < bytes.size() && refused_ == 0; at += step_) {
            unread_ += bytes.substr(at, step_);
            while (refused_ == 0 && advance()) {
            }
        }
        return text_ + std::to_string(refused_);
    }

private:
    // True when something was taken, so that there may be more to take.
    bool advance() {
        const auto taken = has_head_ ? reader_.read_body(unread_, request_, body_max) : reader_.read_head(unread_, request_);
        if (!taken) {
            refused_ = taken.error().status;
            return false;
        }
        unread_.erase(0, *taken);
        if (!has_head_ && *taken > 0) {
            has_head_ = true;
            if (!reader_.is_complete()) return true;
        }
        if (!has_head_ || !reader_.is_complete()) return *taken > 0;
        text_ += std::string(gk::name_of(request_.method)) + ' ' + std::string(request_.raw_target) + ' ' + request_.body + '\n';
        reader_.reset();
        has_head_ = false;
        return true;
    }

    std::size_t step_;
    RequestReader reader_;
    Request request_;
    std::string unread_;
    std::string text_;
    bool has_head_ = false;
    int refused_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = Transcript(size + 1).of(bytes);
    ASSERT(Transcript(1).of(bytes) == whole, "byte by byte gives the same requests");
    ASSERT(Transcript(7).of(bytes) == whole, "pieces give the same requests");
    return 0;
}
