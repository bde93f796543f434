#pragma once

#include "ports/files.hpp"
#include "wire/files/protocol.hpp"

// Between the port's types and those of the protocol, which counts its values itself so that both ends may differ in age.
namespace gk::system {

wire::files::Status to_status(FilesError::Kind kind);
// Of a status that is not `done`.
FilesError::Kind to_kind(wire::files::Status status);
wire::files::Entry to_entry(const FileInfo& info);
FileInfo to_info(const wire::files::Entry& entry);

}  // namespace gk::system
