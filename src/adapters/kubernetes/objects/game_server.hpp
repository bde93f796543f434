#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/value.hpp"
#include "domain/operation/operation.hpp"
#include "domain/server/record.hpp"
#include "ports/declarations.hpp"
#include "wire/kubernetes/object.hpp"

// GameServer (gamekeeper.dev/v1alpha1) as documents: spec is what people declare, status.record the record without its secrets, as one text that
// nobody else reads; the rest of status is for people. docs/adr/0014.
namespace gk::kubernetes {

wire::kubernetes::Resource game_servers();

// What is stored in the object. None: it has no record, or is over and only waits for others to let go of it. The version is the object's.
// The error is a sentence: there is a record, and it cannot be read.
Result<std::optional<server::Record>, std::string> record_of(const Value& object);

// A new object for a server that our own API creates: spec, labels, finalizer; no status, which is written by a call of its own.
Value game_server_for(const server::Record& record);
// The status of the object once this record is stored in it. Members that the intake keeps (declared, observedGeneration, the condition Accepted)
// are taken from the old status, which may be null.
Value status_of(const Value& old_status, const server::Record& record, Time now);

// What people declare by the object.
Declaration declaration_of(const Value& object);
// The object with another declaration, which it says to be ours: until a look at it has been noted in the status, that is where the last meeting
// ended.
Value declared_by_us(const Value& object, Value declared);
// The object's status after a look at its declaration; the rest stays.
Value status_with(const Value& object, const Verdict& verdict, Time now);

}  // namespace gk::kubernetes
