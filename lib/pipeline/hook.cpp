#include <cormorant/pipeline/hook.hpp>

#include <fmt/format.h>

namespace cormorant {

namespace {

hook_type type_named(std::string_view type, std::string_view name) {
    auto const parsed = parse_hook_type(type);
    if (!parsed)
        throw error(errc::definition, fmt::format("hook \"{}\": there is no hook type \"{}\"", name, type));
    return *parsed;
}

} // namespace

hook_definition::hook_definition(std::string_view t, std::string n, hook_handler h, bool is_required)
    : type(type_named(t, n)), name(std::move(n)), handler(std::move(h)), required(is_required) {
    if (name.empty())
        throw error(errc::definition, fmt::format("a {} hook has no name", t));
    if (!handler.accepts(type))
        throw error(errc::definition, fmt::format("hook \"{}\": its handler does not take the arguments of {} hooks", name, t));
}

} // namespace cormorant
