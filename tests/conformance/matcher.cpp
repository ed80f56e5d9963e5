#include "matcher.hpp"

#include <cormorant/bson/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

namespace conformance {

using cormorant::bson_type;

/// Where the comparison stands: a chain of keys and positions towards the root.
struct matcher::place {
    place const* parent = nullptr;
    std::string segment;

    place below(std::string_view key) const { return {this, std::string(key)}; }
    place below(std::size_t position) const { return {this, std::to_string(position)}; }
    std::string path() const {
        if (parent == nullptr) {
            return segment;
        }
        auto const above = parent->path();
        return above.empty() ? segment : above + "." + segment;
    }
};

namespace {

std::string describe(value const* v) {
    return v == nullptr || v->is_undefined() ? "nothing" : cormorant::shorten(*v, 400);
}

bool is_operator(std::string_view key) {
    return key.starts_with("$$");
}

bool has_operators(document const& d) {
    return std::any_of(d.begin(), d.end(), [](auto const& member) { return is_operator(member.key()); });
}

bool has_type(value const& v, std::string_view type) {
    static constexpr std::pair<std::string_view, bool (*)(value const&)> types[] = {
        {"any", [](value const&) { return true; }},
        {"objectId", [](value const& x) { return x.is_object_id(); }},
        {"string", [](value const& x) { return x.is_string(); }},
        {"int", [](value const& x) { return x.is_number() && x.if_int64().has_value(); }},
        {"double", [](value const& x) { return x.is_number(); }},
        {"number", [](value const& x) { return x.is_number(); }},
        {"date", [](value const& x) { return x.is_date(); }},
        {"bool", [](value const& x) { return x.is_bool(); }},
        {"array", [](value const& x) { return x.is_array(); }},
        {"object", [](value const& x) { return x.is_document(); }},
        {"null", [](value const& x) { return x.is_null(); }},
    };
    for (auto const& [name, holds] : types) {
        if (name == type) {
            return holds(v);
        }
    }
    throw bad_case(fmt::format("unknown type '{}' in $$type", type));
}

std::string name_argument(std::string_view operation, value const& argument) {
    if (auto const name = argument.if_string()) {
        return std::string(*name);
    }
    throw bad_case(fmt::format("{} takes a name, not {}", operation, cormorant::shorten(argument)));
}

/// Gives every expected element an element of its own (augmenting paths). `partners[i]` is the element for expectation `i`.
class assignment {
public:
    explicit assignment(std::vector<std::vector<bool>> fits) : fits_(std::move(fits)), taken_by_(fits_.size(), none) {}

    /// The first expectation for which there is no element left, or nothing.
    std::optional<std::size_t> solve() {
        for (std::size_t i = 0; i < fits_.size(); ++i) {
            std::vector<bool> tried(fits_.size(), false);
            if (!place(i, tried)) {
                return i;
            }
        }
        return std::nullopt;
    }
    std::vector<std::size_t> partners() const {
        std::vector<std::size_t> result(fits_.size(), none);
        for (std::size_t element = 0; element < taken_by_.size(); ++element) {
            result[taken_by_[element]] = element;
        }
        return result;
    }

private:
    static constexpr auto none = static_cast<std::size_t>(-1);

    bool place(std::size_t expectation, std::vector<bool>& tried) {
        for (std::size_t element = 0; element < taken_by_.size(); ++element) {
            if (!fits_[expectation][element] || tried[element]) {
                continue;
            }
            tried[element] = true;
            if (taken_by_[element] == none || place(taken_by_[element], tried)) {
                taken_by_[element] = expectation;
                return true;
            }
        }
        return false;
    }

    std::vector<std::vector<bool>> fits_;
    std::vector<std::size_t> taken_by_;
};

} // namespace

std::string to_string(difference const& d) {
    return fmt::format("{}: expected {}, got {}", d.path.empty() ? "(whole)" : d.path, d.expected, d.got);
}

bool matcher::is_absent(value const* v) const noexcept {
    return v == nullptr || v->is_undefined() || (rules_.null_is_absent && v->is_null());
}

std::optional<difference> matcher::match(value const* got, value const& expected) {
    return any(got, expected, place());
}

matcher::found matcher::any(value const* got, value const& expected, place const& at) {
    if (auto const* object = expected.if_document(); object != nullptr && has_operators(*object)) {
        return operators(got, *object, at);
    }
    if (is_absent(got) || is_absent(&expected)) {
        if (is_absent(got) && is_absent(&expected)) {
            return std::nullopt;
        }
        return difference{at.path(), describe(&expected), describe(got)};
    }
    if (expected.is_document() && got->is_document()) {
        return members(got->as_document(), expected.as_document(), false, at);
    }
    if (expected.is_array() && got->is_array()) {
        return elements(got->as_array(), expected.as_array(), at);
    }
    if (*got == expected) {
        return std::nullopt;
    }
    return difference{at.path(), describe(&expected), describe(got)};
}

matcher::found matcher::operators(value const* got, document const& expected, place const& at) {
    for (auto const& [key, argument] : expected) {
        if (!is_operator(key)) {
            throw bad_case(fmt::format("an expectation mixes operators and keys: {}", cormorant::shorten(value(expected))));
        }
        if (auto wrong = one_operator(got, key, argument, at)) {
            return wrong;
        }
    }
    return std::nullopt;
}

matcher::found matcher::one_operator(value const* got, std::string_view name, value const& argument, place const& at) {
    if (name == "$$type") {
        auto const type = name_argument(name, argument);
        if (is_absent(got) || !has_type(*got, type)) {
            return difference{at.path(), "a value of type " + type, describe(got)};
        }
        return std::nullopt;
    }
    if (name == "$$absent") {
        if (argument != value(true)) {
            throw bad_case("$$absent takes true");
        }
        return is_absent(got) ? found() : difference{at.path(), "nothing", describe(got)};
    }
    if (name == "$$contains") {
        auto const* const wanted = argument.if_document();
        if (wanted == nullptr) {
            throw bad_case("$$contains takes an object");
        }
        if (is_absent(got) || !got->is_document()) {
            return difference{at.path(), "an object with " + describe(&argument), describe(got)};
        }
        return members(got->as_document(), *wanted, true, at);
    }
    if (name == "$$unordered") {
        return unordered(got, argument, at);
    }
    if (name == "$$capture") {
        return bind(got, name_argument(name, argument), at);
    }
    if (name == "$$ref") {
        return look_up(got, name_argument(name, argument), at);
    }
    throw bad_case(fmt::format("unknown operator '{}' in an expectation", name));
}

matcher::found matcher::members(document const& got, document const& expected, bool others_allowed, place const& at) {
    for (auto const& [key, wanted] : expected) {
        if (auto wrong = any(got.find(key), wanted, at.below(key))) {
            return wrong;
        }
    }
    for (auto const& [key, present] : got) {
        if (!others_allowed && !expected.contains(key) && !is_absent(&present)) {
            return difference{at.below(key).path(), "nothing", describe(&present)};
        }
    }
    return std::nullopt;
}

matcher::found matcher::elements(array const& got, array const& expected, place const& at) {
    auto const common = std::min(got.size(), expected.size());
    for (std::size_t i = 0; i < common; ++i) {
        if (auto wrong = any(&got[i], expected[i], at.below(i))) {
            return wrong;
        }
    }
    if (expected.size() > common) {
        return difference{
            at.below(common).path(), describe(&expected[common]), fmt::format("an array of {} elements", got.size())};
    }
    if (got.size() > common) {
        return difference{
            at.below(common).path(), fmt::format("an array of {} elements", expected.size()), describe(&got[common])};
    }
    return std::nullopt;
}

matcher::found matcher::unordered(value const* got, value const& expected, place const& at) {
    auto const* const wanted = expected.if_array();
    if (wanted == nullptr) {
        throw bad_case("$$unordered takes an array");
    }
    auto const* const present = got == nullptr ? nullptr : got->if_array();
    if (present == nullptr || present->size() != wanted->size()) {
        return difference{at.path(), "in any order " + describe(&expected), describe(got)};
    }
    // What fits is found without binding names; then the pairs are matched once more, for good.
    auto const names = names_;
    std::vector<std::vector<bool>> fits(wanted->size(), std::vector<bool>(present->size()));
    for (std::size_t i = 0; i < wanted->size(); ++i) {
        for (std::size_t j = 0; j < present->size(); ++j) {
            fits[i][j] = !any(&(*present)[j], (*wanted)[i], at);
            names_ = names;
        }
    }
    assignment pairs(std::move(fits));
    if (auto const lonely = pairs.solve()) {
        return difference{at.path(), "an element like " + describe(&(*wanted)[*lonely]), describe(got)};
    }
    auto const partners = pairs.partners();
    for (std::size_t i = 0; i < partners.size(); ++i) {
        if (auto wrong = any(&(*present)[partners[i]], (*wanted)[i], at.below(partners[i]))) {
            return wrong;
        }
    }
    return std::nullopt;
}

matcher::found matcher::bind(value const* got, std::string const& name, place const& at) {
    if (is_absent(got)) {
        return difference{at.path(), "a value to capture as '" + name + "'", "nothing"};
    }
    if (rules_.unify_names && names_.contains(name)) {
        return look_up(got, name, at);
    }
    names_.insert_or_assign(name, *got);
    return std::nullopt;
}

matcher::found matcher::look_up(value const* got, std::string const& name, place const& at) {
    auto const bound = names_.find(name);
    if (bound == names_.end()) {
        if (rules_.unify_names) {
            return bind(got, name, at);
        }
        throw bad_case(fmt::format("nothing was captured as '{}'", name));
    }
    // A captured value is data: what looks like an operator in it is none.
    if (!is_absent(got) && value(*got) == bound->second) {
        return std::nullopt;
    }
    return difference{at.path(), fmt::format("{} ('{}')", describe(&bound->second), name), describe(got)};
}

value matcher::resolve(value const& v) const {
    if (auto const* list = v.if_array()) {
        array result;
        result.reserve(list->size());
        for (auto const& element : *list) {
            result.push_back(resolve(element));
        }
        return result;
    }
    auto const* const object = v.if_document();
    if (object == nullptr) {
        return v;
    }
    if (auto const* name = object->find("$$ref"); name != nullptr && object->size() == 1) {
        auto const bound = names_.find(name_argument("$$ref", *name));
        if (bound == names_.end()) {
            throw bad_case(fmt::format("nothing was captured as '{}'", name->as_string()));
        }
        return bound->second;
    }
    document result;
    result.reserve(object->size());
    for (auto const& [key, member] : *object) {
        result.append(key, resolve(member));
    }
    return result;
}

} // namespace conformance
