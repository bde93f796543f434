#pragma once

#include "base/value.hpp"

// What the REST API refuses of a new server without looking at its game, as CEL, with the sentences of app/servers/rules.cpp and
// domain/server/exposure.cpp: tests/cluster/test_same_words.py sends the same mistakes to both. Where the schema itself refuses (an unknown member,
// a wrong type, a word that is none of an enum) the API server looks at no rule, and says so in words of its own. What only those know who have the
// catalogue and the operator's configuration (games, packages, settings, what may be chosen) and what CEL cannot read (cron fields) says the
// condition Accepted.
namespace gk::programs {

// Adds them to the schema of a GameServer's spec.
void add_spec_rules(Value& spec);
// Of an object and its name, with what a server keeps once it is made.
Value server_rules();

}  // namespace gk::programs
