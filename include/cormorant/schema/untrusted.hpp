#pragma once

/// `untrusted`: what a request brings. It is no filter, no update and no document, and becomes one only through the policy of a
/// model (`request_policy`).

#include <cormorant/bson/value.hpp>
#include <cormorant/operation/limits.hpp>
#include <cormorant/operation/options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cormorant {

namespace detail {
struct untrusted_access;
} // namespace detail

/// Input of a client, as it came: the body of a request or its query string. There is no way from here to a `value` or `document`
/// but `model::query`, `model::accept` and `model::changes`; everything else does not compile. A value.
///
/// Keys like `$oid` or `$where` have no meaning here: they are data that no policy lets through.
class untrusted {
public:
    /// Nothing: as the body or query string of a request that has none.
    untrusted() = default;

    /// JSON text, an object. Throws `errc::bad_json` (without repeating the text) and `errc::limit_exceeded`.
    static untrusted parse_json(std::string_view text, input_limits limits = {});
    /// The part of a target behind its `?`: `"status=open&age[gte]=18&tag[in]=a,b&sort=-created&limit=10"`. `%` and `+` are
    /// decoded; a name with brackets is an object, and nothing else is. Throws `errc::invalid_argument` for what is not decodable, a
    /// name that occurs twice or brackets that do not fit, and `errc::limit_exceeded`.
    static untrusted parse_query(std::string_view text, input_limits limits = {});

    /// The text at a key of the outermost object, for what is no part of a filter or document: a password to be checked, a name of
    /// a report. Nothing when there is none, or it is no text. A text stays one: as a value it is compared, never executed.
    std::optional<std::string> text(std::string_view key) const;
    bool contains(std::string_view key) const noexcept;
    bool empty() const noexcept { return data_.empty(); }

private:
    friend struct detail::untrusted_access;
    explicit untrusted(document data) noexcept : data_(std::move(data)) {}

    document data_;
};

/// What a request may ask of a model, as far as the policy of the model allows it: for `find`, `find_and_count`, `count`...
struct allowed_query {
    document filter;
    find_options options;
};

} // namespace cormorant
