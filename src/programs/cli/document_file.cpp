#include "programs/cli/document_file.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "wire/yaml/yaml.hpp"

namespace gk::programs {

Result<std::string, CommandError> read_file(const std::string& file) {
    if (file == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
    std::ifstream in(file, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (!in) return std::unexpected(CommandError{.exit = exit_not_found, .message = fmt::format("{} cannot be read", file)});
    return text;
}

Result<Value, CommandError> read_document(const std::string& file) {
    TRY(text, read_file(file));
    auto document = wire::parse_yaml(text);
    if (document) return std::move(*document);
    const auto& error = document.error();
    return std::unexpected(CommandError{.exit = exit_failed, .message = fmt::format("{}:{}:{}: {}", file, error.line, error.column, error.message)});
}

Result<Success, CommandError> write_file(const std::string& file, const std::string& text) {
    std::ofstream out(file, std::ios::binary);
    out << text;
    out.close();
    if (out) return Success{};
    return std::unexpected(CommandError{.exit = exit_failed, .message = fmt::format("{} cannot be written", file)});
}

}  // namespace gk::programs
