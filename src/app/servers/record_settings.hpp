#pragma once

#include <map>
#include <string>
#include <vector>

#include "domain/catalog/catalog.hpp"
#include "domain/server/record.hpp"
#include "ports/random.hpp"

// The settings of a server between what people send, what is stored and what they are shown.
namespace gk::app {

// Names of settings that differ from those the running game was started with, and what else waits for its next start.
std::vector<std::string> pending_settings(const server::Record& record);
// Secrets leave the machine in no reply. Of a game whose definition is gone nobody knows which ones are secret: then none is shown.
std::map<std::string, Value> shown_settings(const catalog::Catalog& games, const server::Record& record);
// A client that sends back what it was shown does not mean the mask.
void drop_masks(const catalog::Catalog& games, const server::Record& record, std::map<std::string, Value>& changes);
// The values of secret settings go to the server's secrets. One that stays the same keeps its word, so that no restart is asked for.
void put_secrets_away(const catalog::Catalog& games, server::Record& record, const std::map<std::string, Value>& before, Random& random);

}  // namespace gk::app
