#include "adapters/memory/files.hpp"

#include <fmt/format.h>

#include "wire/files/world_path.hpp"

namespace gk::memory {
namespace {

using Kind = FilesError::Kind;

FilesError error(Kind kind, std::string_view path, std::string_view why) { return {kind, fmt::format("{}: {}", path, why)}; }

Result<std::vector<std::string>, FilesError> names_in(std::string_view path) {
    auto names = wire::files::world_path_names(path);
    if (!names) return std::unexpected(error(Kind::escapes, path, "this path can name nothing inside the world"));
    return *std::move(names);
}

}  // namespace

Result<MemoryFiles::Node*, FilesError> MemoryFiles::walk(Node& root, const Names& names) {
    auto* node = &root;
    for (const auto& name : names) {
        if (!node->is_directory) return std::unexpected(error(Kind::not_a_directory, name, "the name before it is a file"));
        const auto child = node->children.find(name);
        if (child == node->children.end()) return std::unexpected(error(Kind::not_found, name, "no such file or directory"));
        node = &child->second;
    }
    return node;
}

Files::Answer<std::vector<FileInfo>> MemoryFiles::list(ServerUid server, std::string path) {
    CO_TRY(names, names_in(path));
    CO_TRY(node, walk(worlds_[server], names));
    if (!node->is_directory) co_return std::unexpected(error(Kind::not_a_directory, path, "this is a file"));
    std::vector<FileInfo> items;
    for (const auto& [name, child] : node->children) {
        items.push_back({.name = name,
                         .type = child.is_directory ? FileInfo::Type::directory : FileInfo::Type::file,
                         .size = static_cast<std::int64_t>(child.content.size()),
                         .modified = child.modified,
                         .mode = child.is_directory ? 0755u : 0644u});
    }
    co_return items;
}

Files::Answer<std::vector<std::byte>> MemoryFiles::read(ServerUid server, std::string path, std::size_t size_max) {
    CO_TRY(names, names_in(path));
    CO_TRY(node, walk(worlds_[server], names));
    if (node->is_directory) co_return std::unexpected(error(Kind::not_a_file, path, "this is a directory"));
    if (node->content.size() > size_max) co_return std::unexpected(error(Kind::too_large, path, "larger than may be read at once"));
    co_return node->content;
}

Files::Answer<Success> MemoryFiles::write(ServerUid server, std::string path, std::vector<std::byte> content) {
    CO_TRY(names, names_in(path));
    if (names.empty()) co_return std::unexpected(error(Kind::not_a_file, path, "this is the world itself"));
    const auto last = std::move(names.back());
    names.pop_back();
    auto* node = &worlds_[server];
    for (const auto& name : names) {
        node = &node->children.try_emplace(name, Node{.is_directory = true, .content = {}, .children = {}, .modified = clock_.now()}).first->second;
        if (!node->is_directory) co_return std::unexpected(error(Kind::not_a_directory, path, "a part of this path is a file"));
    }
    auto& file = node->children.try_emplace(last, Node{.is_directory = false, .content = {}, .children = {}, .modified = {}}).first->second;
    if (file.is_directory) co_return std::unexpected(error(Kind::not_a_file, path, "this is a directory"));
    file.content = std::move(content);
    file.modified = clock_.now();
    co_return Success{};
}

Files::Answer<Success> MemoryFiles::remove(ServerUid server, std::string path, bool recursive) {
    CO_TRY(names, names_in(path));
    if (names.empty()) co_return std::unexpected(error(Kind::not_a_file, path, "the world itself cannot be removed"));
    const auto last = std::move(names.back());
    names.pop_back();
    auto parent = walk(worlds_[server], names);
    if (!parent && parent.error().kind == Kind::not_found) co_return Success{};
    if (!parent) co_return std::unexpected(std::move(parent).error());
    if (!(*parent)->is_directory) co_return std::unexpected(error(Kind::not_a_directory, path, "a part of this path is a file"));
    auto& siblings = (*parent)->children;
    const auto node = siblings.find(last);
    if (node == siblings.end()) co_return Success{};
    if (!node->second.children.empty() && !recursive) co_return std::unexpected(error(Kind::exists, path, "the directory is not empty"));
    siblings.erase(node);
    co_return Success{};
}

}  // namespace gk::memory
