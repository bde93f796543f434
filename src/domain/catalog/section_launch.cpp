#include <algorithm>

#include <fmt/format.h>

#include "domain/catalog/names.hpp"
#include "domain/catalog/sections.hpp"

namespace gk::catalog {
namespace {

constexpr std::size_t init_max = 8;
// Of containers that we put into the pod ourselves.
constexpr auto own_names = std::to_array<std::string_view>({"game", "shim"});

void check_program(ObjectReader& in, std::string_view key, const std::vector<Template>& argv) {
    const auto begins_at_root = !argv.empty() && argv.front().fill_text([](std::string_view) { return Value("/"); }).starts_with('/');
    if (!begins_at_root) in.fail(key, "bad_format", "the first part is the program: an absolute path, as in the image");
}

bool decode_init(const Value& value, const std::string& pointer, Errors& errors, InitStep& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    in.optional("image", out.image);
    in.required("command", out.argv);
    if (!in.finish()) return false;
    if (!is_slug(out.name) || std::ranges::find(own_names, out.name) != own_names.end())
        in.fail("name", "bad_format",
                fmt::format("'{}' is no name for an init container: write lower-case letters, digits and '-', but not {}", out.name,
                            fmt::join(own_names, " or ")));
    check_program(in, "command", out.argv);
    return errors.list().size() == before;
}

}  // namespace

bool decode_launch(const Value& value, const std::string& pointer, Errors& errors, LaunchWays& out) {
    const auto before = errors.list().size();
    ObjectReader in(value, pointer, errors);
    in.optional("wrapper", out.wrapper);
    const auto* init = in.find("init");
    in.finish();
    if (!out.wrapper.empty()) check_program(in, "wrapper", out.wrapper);
    if (init == nullptr) return errors.list().size() == before;
    const auto* items = init->as_array();
    if (items == nullptr || items->size() > init_max) {
        in.fail("init", "wrong_type", fmt::format("a list of at most {} init containers is expected here, each with 'name' and 'command'", init_max));
        return false;
    }
    for (std::size_t i = 0; i < items->size(); ++i) {
        auto step = InitStep();
        if (!decode_init((*items)[i], pointer_to(in.pointer("init"), i), errors, step)) continue;
        if (std::ranges::find(out.init, step.name, &InitStep::name) != out.init.end())
            errors.add(pointer_to(in.pointer("init"), i), "not_allowed", fmt::format("the name '{}' is taken already", step.name),
                       (*items)[i].mark());
        out.init.push_back(std::move(step));
    }
    return errors.list().size() == before;
}

}  // namespace gk::catalog
