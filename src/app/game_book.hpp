#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/error.hpp"
#include "domain/ports/choice.hpp"
#include "domain/server/announcement.hpp"
#include "domain/server/launch.hpp"
#include "domain/server/record.hpp"
#include "ports/task.hpp"

namespace gk::app {

// A file that must stand in the world before the game starts.
struct WorldFile {
    std::string path;  // Relative to the world.
    std::string content;
    bool operator==(const WorldFile&) const = default;
};

// What the keeper asks of the catalogue. The real one renders game definitions; the simulator has a toy.
class GameBook {
public:
    virtual ~GameBook() = default;
    // Whether what the game's source brings is on this machine, and the way to bring it; a game that comes with the system needs neither.
    virtual bool has_files(const server::Record&) const { return true; }
    // It may take long: after some patience the answer is that it is under way, and one asks again.
    enum class Fetch : std::uint8_t { done, under_way };
    virtual Task<Result<Fetch, Error>> fetch_files(server::Record) const { co_return Fetch::done; }
    // The ports that its game asks for.
    virtual std::vector<PortWish> port_wishes(const server::Record&) const { return {}; }
    // How this server is started; wrong settings come back as field errors.
    virtual Result<server::LaunchSpec, Error> launch_spec(const server::Record& record) const = 0;
    // How its players are told of what is to come.
    virtual server::Announcement announcement(const server::Record&) const { return {}; }
    // Paths whose present content files_to_write() needs.
    virtual std::vector<std::string> files_to_read(const server::Record& record) const = 0;
    // Files whose content must change, given what is there (absent paths are absent from the map).
    virtual Result<std::vector<WorldFile>, Error> files_to_write(const server::Record& record,
                                                                 const std::map<std::string, std::string>& present) const = 0;
    // What a snapshot leaves out, as restic patterns relative to the world.
    virtual std::vector<std::string> snapshot_excludes(const server::Record& record) const = 0;
    // The definition as a document, to be stored in snapshots; null when the game is unknown.
    virtual Value definition(const server::Record& record) const = 0;
};

}  // namespace gk::app
