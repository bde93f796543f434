#pragma once

#include <string>
#include <string_view>

#include "base/value.hpp"
#include "programs/cli/screen.hpp"

// The API's values in the words of people.
namespace gk::programs {

// "2026-11-21T06:39:42.139Z" -> "2026-11-21 06:39:42 UTC"; what is no such time stays.
std::string when(std::string_view rfc3339);
// Every such time within a text.
std::string with_times(std::string_view text);
// "before_restore" -> "before restore".
std::string plain(std::string name);
// {cpu_millis, memory_mib, disk_mib} -> "0.5 cpu, 1 GiB memory, 5 GiB disk".
std::string resources_text(const Value& resources);
// "500" -> "0.5 cpu".
std::string cpu_text(std::int64_t millis);
std::string mebibytes_text(std::int64_t count);
// The first characters of an id, which are enough where a command takes a unique beginning of one.
std::string short_id(const std::string& id);
// Of a server's state or an operation's or snapshot's status.
Tone tone_of(std::string_view state);

}  // namespace gk::programs
