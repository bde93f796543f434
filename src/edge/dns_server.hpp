#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include "domain/wake/budget.hpp"
#include "domain/wake/doorman.hpp"
#include "domain/wake/zone.hpp"
#include "edge/loop.hpp"
#include "edge/socket.hpp"
#include "wire/dns/message.hpp"

namespace gk::edge {

struct DnsLimits {
    // Of what strangers may be told by all of the edge, whole answers get this part; what is left is for answers that say "come by TCP", so that a
    // resolver in whose name somebody else asks is still served.
    wake::AnswerLimits whole{.answers = {.per_minute = 5 * 60, .most = 5},
                             .bytes = {.per_minute = 1536 * 60, .most = 1536},
                             .bytes_in_all = {.per_minute = 49152 * 60, .most = 49152}};
    std::size_t streams_max = 64;  // Of a listener on one loop. When full, who was silent for longest makes room.
    Milliseconds silence{5'000};  // Of a stream; then it is closed.
    wake::DoorLimits door{};
};

struct DnsCounts {
    std::uint64_t asked = 0;  // Questions, by datagram and stream.
    std::uint64_t answered = 0;  // In full.
    std::uint64_t cut = 0;  // "Come by TCP."
    std::uint64_t unanswered = 0;  // For want of budget.
    std::uint64_t ignored = 0;  // No question.
    DnsCounts& operator+=(const DnsCounts& other);
};

// Answers for the zones that were delegated to the edge, at one address on one loop, by datagram and by stream. A question for the name of a server
// that sleeps wakes it where the name's rule says so. Who asks is a resolver: whose player he asks for is not known.
class DnsServer {
public:
    using Wake = std::function<void(const wake::ZoneName& name, const Endpoint& source)>;

    // `loop` and `strangers`, the budget of all that this loop says to who has proved nothing, outlive it.
    static Result<std::unique_ptr<DnsServer>, std::string> open(Loop& loop, const Endpoint& at, const DnsLimits& limits,
                                                                wake::AnswerBudget& strangers, Wake wake);
    ~DnsServer();
    DnsServer(const DnsServer&) = delete;
    DnsServer& operator=(const DnsServer&) = delete;

    void update(std::shared_ptr<const wake::ZoneIndex> zones);
    // Ends what has been silent for too long. From the loop's tick.
    void sweep();

    const Endpoint& local() const { return local_; }
    std::size_t streams() const { return streams_.size(); }
    const DnsCounts& counts() const { return counts_; }

private:
    class Datagrams;
    class Listener;
    class Stream;

    DnsServer(Loop& loop, const DnsLimits& limits, wake::AnswerBudget& strangers, Wake wake, Descriptor datagrams, Descriptor streams);
    // What goes back by datagram: nothing where nothing may.
    std::vector<std::byte> answer_datagram(ByteSpan message, const Endpoint& source);
    // By stream; nothing ends the stream.
    std::vector<std::byte> answer_stream(ByteSpan message, const Endpoint& source);
    std::vector<std::byte> whole_answer(const wire::dns::Query& query, const Endpoint& source, bool is_proved, std::size_t size_max);
    void knock(const wake::ZoneName& name, const Endpoint& source, bool is_proved);
    void admit(Descriptor socket, const Endpoint& source);

    Loop& loop_;
    DnsLimits limits_;
    wake::AnswerBudget& strangers_;
    wake::AnswerBudget whole_;
    Wake wake_;
    Endpoint local_;
    std::shared_ptr<const wake::ZoneIndex> zones_;
    struct Door {
        wake::Doorman doorman;
        wake::RouteState state;  // As the table says, or `starting` since this loop asked for it.
    };
    std::map<std::string, Door> doors_;  // Of names that wake.
    std::unique_ptr<Datagrams> datagrams_;
    std::unique_ptr<Listener> listener_;
    std::list<std::unique_ptr<Stream>> streams_;  // Who was silent for longest first.
    DnsCounts counts_;
};

}  // namespace gk::edge
