#include "wire/shim/spec.hpp"

#include "wire/shim/archive.hpp"
#include "wire/shim/document.hpp"

namespace gk::wire::shim {

namespace {
constexpr std::string_view spec_magic = "GKSP";
}  // namespace

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

bool fields(auto& a, Is<Target> auto& v) { return a(v.query, v.address, v.port); }
bool fields(auto& a, Is<Program> auto& v) { return a(v.argv, v.env, v.working_directory, v.files_max, v.memory_bytes_max); }
bool fields(auto& a, Is<Container> auto& v) { return a(v.runc, v.root, v.bundle, v.id, v.cgroup_root, v.cgroup); }
bool fields(auto& a, Is<Identity> auto& v) { return a(v.uid, v.gid, v.client_gid); }
bool fields(auto& a, Is<Ready> auto& v) { return a(v.log_pattern, v.target, v.timeout); }
bool fields(auto& a, Is<Rung> auto& v) { return a(v.kind, v.command, v.signal, v.wait); }
bool fields(auto& a, Is<Console> auto& v) { return a(v.kind, v.target, v.password); }
bool fields(auto& a, Is<Quiesce> auto& v) { return a(v.before, v.confirm_pattern, v.after, v.timeout); }
bool fields(auto& a, Is<Players> auto& v) { return a(v.target, v.join_pattern, v.leave_pattern, v.every); }
bool fields(auto& a, Is<Logging> auto& v) { return a(v.file_bytes, v.files); }
bool fields(auto& a, Is<Spec> auto& v) {
    return a(v.epoch, v.server, v.name, v.mode, v.program, v.container, v.identity, v.terminal, v.ready, v.stop, v.console, v.quiesce, v.players,
             v.log);
}

std::vector<std::byte> encode(const Spec& spec) { return encode_document(spec_magic, spec); }

Result<Spec, ParseError> decode_spec(ByteSpan bytes) { return decode_document<Spec>(spec_magic, spec_size_max, bytes); }

}  // namespace gk::wire::shim
