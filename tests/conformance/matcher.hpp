#pragma once

/// Compares what the library answered with what a case expects.

#include <cormorant/bson/value.hpp>

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

using cormorant::array;
using cormorant::document;
using cormorant::value;

/// The case file itself is at fault, or asks for something that the harness does not know. Never an expected error.
class bad_case : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What single suites relax; the defaults are those of the format.
struct match_rules {
    /// A null on either side is the same as no key.
    bool null_is_absent = false;
    /// `$$capture` and `$$ref` are one: the first sight of a name binds, all later ones must be equal.
    bool unify_names = false;
};

/// The first place at which an answer is not what was expected.
struct difference {
    std::string path;
    std::string expected;
    std::string got;
};
std::string to_string(difference const& d);

/// Matches values with expectations and keeps what `$$capture` bound, for one case.
///
/// An expectation is a value; objects match key by key in any order, arrays in order, numbers by value, dates as instants.
/// Nothing (an absent key, an operation without an answer) is a null pointer or BSON's undefined. Objects whose keys begin with
/// `$$` stand for more than one value: `$$type`, `$$absent`,
/// `$$unordered`, `$$contains`, `$$capture`, `$$ref`.
class matcher {
public:
    explicit matcher(match_rules rules = match_rules()) : rules_(rules) {}

    /// Nothing when it matches. Throws `bad_case` for an expectation that makes no sense.
    std::optional<difference> match(value const* got, value const& expected);

    /// The value with every `{"$$ref": name}` in it replaced by what was bound. Throws `bad_case` for an unknown name.
    value resolve(value const& v) const;

private:
    struct place;
    using found = std::optional<difference>;

    found any(value const* got, value const& expected, place const& at);
    found operators(value const* got, document const& expected, place const& at);
    found one_operator(value const* got, std::string_view name, value const& argument, place const& at);
    found members(document const& got, document const& expected, bool others_allowed, place const& at);
    found elements(array const& got, array const& expected, place const& at);
    found unordered(value const* got, value const& expected, place const& at);
    found bind(value const* got, std::string const& name, place const& at);
    found look_up(value const* got, std::string const& name, place const& at);
    bool is_absent(value const* v) const noexcept;

    match_rules rules_;
    std::map<std::string, value, std::less<>> names_;
};

} // namespace conformance
