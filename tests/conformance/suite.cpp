#include "suite.hpp"

#include <utility>

namespace conformance {

using cormorant::errc;

std::string_view kind_of(boost::system::error_code const& code) {
    static constexpr std::pair<errc, std::string_view> kinds[] = {
        {errc::validation, "validation"},
        {errc::required, "required"},
        {errc::unknown_field, "unknown_field"},
        {errc::type_mismatch, "type"},
        {errc::not_found, "not_found"},
        {errc::duplicate_key, "duplicate_key"},
        {errc::invalid_argument, "invalid_argument"},
        {errc::bad_uri, "invalid_argument"},
        {errc::hook_failed, "hook"},
        {errc::unauthorized, "unauthorized"},
        {errc::disallowed, "disallowed"},
        {errc::referenced, "referenced"},
        {errc::definition, "definition"},
        {errc::not_connected, "connection"},
        {errc::limit_exceeded, "limit"},
    };
    for (auto const& [known, kind] : kinds) {
        if (code == known) {
            return kind;
        }
    }
    return "other";
}

std::vector<cause> suite::causes(cormorant::error const& e) const {
    return {{std::string(kind_of(e.code())), e.details().path}};
}

suite_factory find_suite(std::string_view name) {
    static constexpr std::pair<std::string_view, suite_factory> suites[] = {
        {"mongolayer", make_mongolayer_suite},
        {"js-repository", make_js_repository_suite},
    };
    for (auto const& [known, make] : suites) {
        if (known == name) {
            return make;
        }
    }
    return nullptr;
}

} // namespace conformance
