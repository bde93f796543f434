#include "shim/console.hpp"

#include "shim/econ_console.hpp"
#include "shim/input_console.hpp"

namespace gk::shim {

std::unique_ptr<Console> make_console(EventLoop& loop, const wire::shim::Console& spec, int input) {
    switch (spec.kind) {
    case wire::shim::Console::Kind::none: return nullptr;
    case wire::shim::Console::Kind::input: return std::make_unique<InputConsole>(loop, input);
    case wire::shim::Console::Kind::econ: return std::make_unique<EconConsole>(loop, spec);
    }
    return nullptr;
}

}  // namespace gk::shim
