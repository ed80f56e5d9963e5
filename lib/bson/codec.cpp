#include <cormorant/bson/codec.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/bson/mapping.hpp>

#include <fmt/format.h>

namespace cormorant::detail {

void prepend_path(error& e, std::string_view segment) {
    auto& path = e.details().path;
    path.insert(0, path.empty() ? std::string(segment) : std::string(segment) + '.');
}

void name_type(error& e, std::string_view type, std::string_view verb) {
    auto const& details = static_cast<error const&>(e).details();
    e = details.path.empty()
            ? error(static_cast<errc>(e.code().value()), fmt::format("cannot {} {}: {}", verb, type, e.message()), details)
            : error(static_cast<errc>(e.code().value()),
                  fmt::format("cannot {} {}::{}: {}", verb, type, details.path, e.message()), details);
}

void throw_out_of_range(std::int64_t v, int bits, bool is_signed) {
    diagnostics details;
    details.value = std::to_string(v);
    throw error(errc::type_mismatch,
        fmt::format("the number does not fit into {} integer of {} bits", is_signed ? "a signed" : "an unsigned", bits),
        std::move(details));
}

void throw_wrong_size(std::size_t wanted, std::size_t got) {
    throw error(errc::type_mismatch, fmt::format("expected an array of {} elements, got {}", wanted, got));
}

void throw_undescribed_member(std::string_view type) {
    throw error(errc::definition, fmt::format("the member is not in the description of {}", type));
}

void throw_missing_member(std::string_view name) {
    throw error(errc::required, fmt::format("the key {} is missing", name));
}

void throw_unknown_member(std::string_view name) {
    throw error(errc::unknown_field, fmt::format("the key {} is no member", name));
}

void throw_unknown_enumerator(std::string_view type, value const& got) {
    diagnostics details;
    details.value = shorten(got);
    throw error(errc::type_mismatch, fmt::format("the value is no enumerator of {}", type), std::move(details));
}

} // namespace cormorant::detail
