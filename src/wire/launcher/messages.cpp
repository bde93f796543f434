#include "wire/launcher/messages.hpp"

#include "wire/shim/archive.hpp"

namespace gk::wire::launcher {

using shim::Reader;
using shim::Writer;

// The archive finds these by the namespace of their argument, so that they cannot stand in an unnamed one.

template <class T, class... U>
concept Is = (std::same_as<std::remove_const_t<T>, U> || ...);

bool fields(auto&, Is<ListServers, FindShortcomings, Done, DescriptorFollows> auto&) { return true; }
bool fields(auto& a, Is<SeeDisks, SwitchDisk, Kill, Clean, Forget, MeasureWorld, OpenFiles> auto& v) { return a(v.server); }
bool fields(auto& a, Is<CreateDisk> auto& v) { return a(v.server, v.disk, v.slot, v.mebibytes, v.in_memory); }
bool fields(auto& a, Is<RemoveDisk> auto& v) { return a(v.server, v.disk); }
bool fields(auto& a, Is<OwnDisk> auto& v) { return a(v.server, v.disk, v.slot); }
bool fields(auto& a, Is<Mount> auto& v) { return a(v.source, v.target); }
bool fields(auto& a, Is<RunConfined> auto& v) {
    return a(v.server, v.disk, v.needs_world, v.may_write_world, v.folder, v.may_write_folder, v.needs_network, v.host_name, v.argv, v.env, v.input,
             v.extra_files, v.time_limit);
}
bool fields(auto& a, Is<Cancel> auto& v) { return a(v.request); }
bool fields(auto& a, Is<StartEdge> auto& v) { return a(v.loops); }
bool fields(auto& a, Is<DisksSeen> auto& v) { return a(v.live, v.staged); }
bool fields(auto& a, Is<Servers> auto& v) { return a(v.uids); }
bool fields(auto& a, Is<Measured> auto& v) { return a(v.bytes); }
bool fields(auto& a, Is<ProgramEnded> auto& v) { return a(v.code, v.output, v.errors); }
bool fields(auto& a, Is<Texts> auto& v) { return a(v.texts); }
bool fields(auto& a, Is<Failure> auto& v) { return a(v.kind, v.text); }

// The spec travels in its own encoding, with its own version and bounds.
static bool fields(Writer& a, const Launch& v) {
    const auto spec = shim::encode(v.spec);
    return a(v.server, v.slot, std::string(as_text(spec)), v.mounts, v.cpu_millis, v.memory_mebibytes, v.internal_ports);
}
static bool fields(Reader& a, Launch& v) {
    std::string text;
    if (!a(v.server, v.slot, text, v.mounts, v.cpu_millis, v.memory_mebibytes, v.internal_ports)) return false;
    auto spec = shim::decode_spec(as_byte_span(text));
    if (!spec) return false;
    v.spec = std::move(*spec);
    return true;
}

namespace {

template <class Choice>
std::vector<std::byte> encode_frame(std::uint64_t id, const Choice& choice) {
    Writer body;
    body(version, id, static_cast<std::uint8_t>(choice.index()));
    std::visit([&](const auto& chosen) { fields(body, chosen); }, choice);
    const auto bytes = body.take();
    ByteWriter frame;
    frame.big_endian(static_cast<std::uint32_t>(bytes.size())).bytes(bytes);
    return frame.take();
}

// Reads the alternative that the kind byte names; none when there is no such alternative.
template <class Choice, std::size_t... I>
std::optional<bool> read_choice(Reader& in, std::size_t kind, Choice& out, std::index_sequence<I...>) {
    std::optional<bool> read;
    ((kind == I ? static_cast<void>(read = fields(in, out.template emplace<I>())) : static_cast<void>(0)), ...);
    return read;
}

template <class Message, class Choice>
Result<Message, ParseError> decode_frame(ByteSpan frame, Choice Message::* choice) {
    Reader in(frame);
    Message out;
    std::uint8_t seen_version = 0;
    std::uint8_t kind = 0;
    if (!in(seen_version)) return std::unexpected(ParseError::bad_value);
    if (seen_version != version) return std::unexpected(ParseError::bad_version);
    if (!in(out.id, kind)) return std::unexpected(ParseError::bad_value);
    const auto read = read_choice(in, kind, out.*choice, std::make_index_sequence<std::variant_size_v<Choice>>());
    if (!read) return std::unexpected(ParseError::unknown_kind);
    if (!*read) return std::unexpected(ParseError::bad_value);
    if (!in.at_end()) return std::unexpected(ParseError::trailing_bytes);
    return out;
}

}  // namespace

std::vector<std::byte> encode(const Request& request) { return encode_frame(request.id, request.order); }
std::vector<std::byte> encode(const Reply& reply) { return encode_frame(reply.id, reply.outcome); }
Result<Request, ParseError> decode_request(ByteSpan frame) { return decode_frame<Request>(frame, &Request::order); }
Result<Reply, ParseError> decode_reply(ByteSpan frame) { return decode_frame<Reply>(frame, &Reply::outcome); }

std::optional<std::vector<std::byte>> Frames::next() {
    ByteReader in(ByteSpan(buffer_).subspan(start_));
    const auto size = in.big_endian<std::uint32_t>();
    if (!size || broken_) return std::nullopt;
    if (*size > size_max_) {
        broken_ = true;
        return std::nullopt;
    }
    const auto frame = in.bytes(*size);
    if (!frame) return std::nullopt;
    std::vector<std::byte> out(frame->begin(), frame->end());
    start_ += sizeof(std::uint32_t) + *size;
    if (start_ == buffer_.size() || start_ > (1 << 20)) {
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(start_));
        start_ = 0;
    }
    return out;
}

}  // namespace gk::wire::launcher
