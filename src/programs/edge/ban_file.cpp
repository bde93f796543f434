#include "programs/edge/ban_file.hpp"

#include <fmt/format.h>

#include "programs/edge/kept_table.hpp"

namespace gk::programs {

Result<std::vector<wake::Ban>, std::string> BanFile::load() {
    TRY(document, read_kept_file(path_));
    std::vector<wake::Ban> bans;
    if (!document) return bans;
    Errors errors;
    ObjectReader in(*document, "", errors);
    in.required("bans", bans);
    if (in.finish_lenient()) return bans;
    return std::unexpected(fmt::format("{}: {}: {}", path_, errors.list().front().pointer, errors.list().front().detail));
}

Result<Success, std::string> BanFile::save(const std::vector<wake::Ban>& bans) {
    return keep_file(path_, to_json(Value::object({{"bans", document_of(bans)}})));
}

}  // namespace gk::programs
