#include "schema/type.hpp"

#include "schema/failure.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace cormorant::detail {

std::string place::path() const {
    auto const own = key.data() == nullptr ? std::to_string(position) : std::string(key);
    return parent == nullptr ? own : parent->path() + '.' + own;
}

void findings::add(place const& at, std::string_view rule, std::string message, value const* v, errc code) {
    violation found;
    found.path = at.path();
    found.code = code;
    found.rule = rule;
    found.message = std::move(message);
    if (v != nullptr) {
        found.value = shorten(*v);
    }
    out_.push_back(std::move(found));
}

void findings::unknown_type(place const& at, std::string_view name) const {
    throw_definition(model_, at.path(), fmt::format("the validation type '{}' does not exist", name));
}

namespace {

std::string_view with_article(type_kind kind) noexcept {
    switch (kind) {
    case type_kind::string:
        return "a string";
    case type_kind::number:
        return "a number";
    case type_kind::integer:
        return "an integer";
    case type_kind::boolean:
        return "true or false";
    case type_kind::date:
        return "a date";
    case type_kind::object_id:
        return "an object id";
    case type_kind::decimal:
        return "a decimal128";
    case type_kind::binary:
        return "binary data";
    case type_kind::object:
    case type_kind::map:
        return "an object";
    case type_kind::array:
        return "an array";
    case type_kind::any:
    case type_kind::unknown:
        break;
    }
    return "a value";
}

bool meets(type_kind kind, value const& v) noexcept {
    switch (kind) {
    case type_kind::any:
    case type_kind::unknown:
        return true;
    case type_kind::string:
        return v.is_string();
    case type_kind::number:
        return v.is_number();
    case type_kind::integer:
        return v.is_int32() || v.is_int64() || v.if_int64().has_value();
    case type_kind::boolean:
        return v.is_bool();
    case type_kind::date:
        return v.is_date();
    case type_kind::object_id:
        return v.is_object_id();
    case type_kind::decimal:
        return v.is_decimal128();
    case type_kind::binary:
        return v.is_binary();
    case type_kind::object:
    case type_kind::map:
        return v.is_document();
    case type_kind::array:
        return v.is_array();
    }
    return false;
}

/// UTF-8: every byte but the continuations begins a character.
std::int64_t characters(std::string_view text) noexcept {
    return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

} // namespace

std::unique_ptr<boost::regex> compile_pattern(regex const& r, std::string_view model, std::string const& path) {
    // As in MongoDB and JavaScript: ^ and $ are the ends of the text and a dot no line end, unless options say so.
    boost::regex::flag_type flags = boost::regex::perl;
    bool lines = false;
    bool dot_all = false;
    for (char const option : r.options) {
        switch (option) {
        case 'i':
            flags |= boost::regex::icase;
            break;
        case 'm':
            lines = true;
            break;
        case 's':
            dot_all = true;
            break;
        case 'x':
            flags |= boost::regex::mod_x;
            break;
        case 'u':
            break;
        default:
            throw_definition(model, path, fmt::format("the pattern /{}/ has the unknown option '{}'", r.pattern, option));
        }
    }
    flags |= dot_all ? boost::regex::mod_s : boost::regex::no_mod_s;
    if (!lines) {
        flags |= boost::regex::no_mod_m;
    }
    try {
        return std::make_unique<boost::regex>(r.pattern, flags);
    } catch (boost::regex_error const& e) {
        throw_definition(model, path, fmt::format("the pattern /{}/ is no regular expression: {}", r.pattern, e.what()));
    }
}

bool matches(boost::regex const& pattern, std::string_view text) {
    try {
        return boost::regex_search(text.begin(), text.end(), pattern);
    } catch (std::runtime_error const&) {
        return false; // Boost.Regex gives up
    }
}

bool is_item(std::string_view segment) noexcept {
    return path_position(segment).has_value() || segment == "$" || (segment.starts_with("$[") && segment.ends_with("]"));
}

compiled_type::compiled_type(field_type const& type, empty_values const* empties, std::string_view model, std::string const& path)
    : type_(&type), empties_(empties), has_transforms_(!type.transforms.empty()), has_checks_(!type.checks.empty()) {
    if (type.min_size && type.max_size && *type.min_size > *type.max_size) {
        throw_definition(
            model, path, fmt::format("the least size {} is greater than the greatest size {}", *type.min_size, *type.max_size));
    }
    if ((type.min_size && *type.min_size < 0) || (type.max_size && *type.max_size < 0)) {
        throw_definition(model, path, "a size must not be negative");
    }
    if (type.min && type.max && compare(*type.min, *type.max) > 0) {
        throw_definition(model, path,
            fmt::format("the least value {} is greater than the greatest value {}", shorten(*type.min), shorten(*type.max)));
    }
    for (auto const& check : type.checks) {
        if (!check.test) {
            throw_definition(model, path, fmt::format("the check '{}' has no function", check.label));
        }
    }
    for (auto const& transform : type.transforms) {
        if (!transform.function) {
            throw_definition(model, path, fmt::format("the transform '{}' has no function", transform.label));
        }
    }
    if (type.pattern) {
        pattern_ = compile_pattern(*type.pattern, model, path);
    }
    auto const take_over = [this](compiled_type const& inner) {
        has_defaults_ = has_defaults_ || inner.has_defaults_;
        has_transforms_ = has_transforms_ || inner.has_transforms_;
        has_checks_ = has_checks_ || inner.has_checks_;
    };
    if (type.element) {
        element_ =
            std::make_unique<compiled_type>(*type.element, empties, model, path + (type.kind == type_kind::array ? ".$" : ".~"));
        take_over(*element_);
    }
    std::vector<std::string> names;
    names.reserve(type.fields.size());
    fields_.reserve(type.fields.size());
    std::set<std::string_view> seen;
    for (auto const& field : type.fields) {
        auto const inner = path + '.' + field.name;
        if (field.name.empty()) {
            throw_definition(model, path, "a key of an object needs a name");
        }
        if (!seen.insert(field.name).second) {
            throw_definition(model, inner, "the key is declared twice");
        }
        if (!field.persist || !field.to_json) {
            throw_definition(model, inner, "only fields at the top of a document can be left out when stored or written as JSON");
        }
        if (field.unique != uniqueness::none) {
            throw_definition(model, inner, "only fields at the top of a document can be unique");
        }
        names.push_back(field.name);
        fields_.emplace_back(field.type, empties, model, inner);
        has_defaults_ = has_defaults_ || field.has_default();
        take_over(fields_.back());
    }
    keys_ = name_table(std::move(names));
}

void compiled_type::check(value& v, place const& at, findings& out) const {
    if (type_->kind == type_kind::unknown) {
        out.unknown_type(at, type_->unknown_name);
    }
    if (!meets(type_->kind, v)) {
        out.add(at, "type", fmt::format("must be {}, not {}", with_article(type_->kind), to_string(v.type())), &v);
        return;
    }
    switch (type_->kind) {
    case type_kind::string:
        check_text(v.as_string(), v, at, out);
        break;
    case type_kind::binary:
        check_size(static_cast<std::int64_t>(v.bytes().size()), "bytes", v, at, out);
        break;
    case type_kind::number:
    case type_kind::integer:
    case type_kind::date:
        check_bounds(v, at, out);
        break;
    case type_kind::object:
        check_object(v.as_document(), at, out);
        break;
    case type_kind::array: {
        auto& items = v.as_array();
        check_size(static_cast<std::int64_t>(items.size()), "items", v, at, out);
        if (element_) {
            for (std::size_t i = 0; i < items.size(); ++i) {
                element_->check(items[i], place(i, &at), out);
            }
        }
        break;
    }
    case type_kind::map:
        if (element_) {
            for (auto& member : v.as_document()) {
                element_->check(member.value(), place(member.key(), &at), out);
            }
        }
        break;
    default:
        break;
    }
    if (!type_->one_of.empty() && !is_choice(v)) {
        array choices;
        for (auto const& choice : type_->one_of) {
            choices.push_back(choice);
        }
        out.add(at, "one_of", fmt::format("must be one of {}", shorten(choices)), &v);
    }
}

bool compiled_type::is_choice(value const& v) const {
    auto const text = v.if_string();
    return std::any_of(type_->one_of.begin(), type_->one_of.end(),
        [&](value const& choice) { return text && choice.is_string() ? choice.as_string() == *text : choice == v; });
}

void compiled_type::collect(value& v, std::string path, rule_kind kind, std::vector<rule_call>& out) const {
    if (!has(kind) || (empties_ != nullptr && empties_->is_empty(type_->kind, v))) {
        return;
    }
    if (auto* const d = v.if_document()) {
        for (auto& member : *d) {
            auto const* const inner = step(member.key());
            if (inner != nullptr && inner->has(kind)) {
                inner->collect(member.value(), fmt::format("{}.{}", path, member.key()), kind, out);
            }
        }
    } else if (auto* const items = v.if_array(); items != nullptr && element_ && element_->has(kind)) {
        for (std::size_t i = 0; i < items->size(); ++i) {
            element_->collect((*items)[i], fmt::format("{}.{}", path, i), kind, out);
        }
    }
    if (kind == rule_kind::transform ? !type_->transforms.empty() : !type_->checks.empty()) {
        out.push_back(rule_call{&v, this, std::move(path)});
    }
}

void compiled_type::check_object(document& d, place const& at, findings& out) const {
    if (has_defaults_) {
        fill(d);
    }
    std::uint64_t given = 0; // of the first 64; the others are looked for
    auto const bit_of = [](std::size_t position) { return position < 64 ? std::uint64_t{1} << position : 0; };
    if (!fields_.empty() || type_->extra != extra_keys::allow) {
        std::size_t next = 0;
        for (auto it = d.begin(); it != d.end();) {
            auto const position = keys_.find(it->key(), next);
            if (position != name_table::npos) {
                if (empties_ == nullptr || !empties_->is_empty(type_->fields[position].type.kind, it->value())) {
                    given |= bit_of(position);
                    fields_[position].check(it->value(), place(it->key(), &at), out);
                }
            } else if (type_->extra == extra_keys::remove) {
                it = d.erase(it);
                continue;
            } else if (type_->extra == extra_keys::refuse) {
                out.add(place(it->key(), &at), "unknown_field", "is not a declared key of the object", &it->value());
            }
            ++it;
        }
    }
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        auto const& field = type_->fields[i];
        if (field.required && (given & bit_of(i)) == 0 && is_missing(empties_, field.type.kind, d.find(field.name))) {
            out.add(place(field.name, &at), "required", "is required", nullptr);
        }
    }
}

void compiled_type::check_size(std::int64_t size, std::string_view unit, value const& v, place const& at, findings& out) const {
    bool const is_text = type_->kind == type_kind::string || type_->kind == type_kind::binary;
    if (type_->min_size && size < *type_->min_size) {
        out.add(at, is_text ? "min_length" : "min_items",
            fmt::format("must have at least {} {}, has {}", *type_->min_size, unit, size), &v);
    }
    if (type_->max_size && size > *type_->max_size) {
        out.add(at, is_text ? "max_length" : "max_items",
            fmt::format("must have at most {} {}, has {}", *type_->max_size, unit, size), &v);
    }
}

void compiled_type::check_text(std::string_view text, value const& v, place const& at, findings& out) const {
    // A character has one to four bytes: mostly there is nothing to count.
    auto const bytes = static_cast<std::int64_t>(text.size());
    bool const may_be_too_short = type_->min_size && bytes / 4 < *type_->min_size;
    bool const may_be_too_long = type_->max_size && bytes > *type_->max_size;
    if (may_be_too_short || may_be_too_long) {
        check_size(characters(text), "characters", v, at, out);
    }
    if (!pattern_) {
        return;
    }
    try {
        if (!boost::regex_search(text.begin(), text.end(), *pattern_)) {
            out.add(at, "pattern", fmt::format("must match /{}/{}", type_->pattern->pattern, type_->pattern->options), &v);
        }
    } catch (std::runtime_error const&) {
        // Boost.Regex gives up on texts that would take exponential time.
        out.add(at, "pattern", fmt::format("is too complex for the pattern /{}/", type_->pattern->pattern), &v);
    }
}

void compiled_type::check_bounds(value const& v, place const& at, findings& out) const {
    if (type_->min && compare(v, *type_->min) < 0) {
        out.add(at, "min", fmt::format("must not be less than {}", shorten(*type_->min)), &v);
    }
    if (type_->max && compare(v, *type_->max) > 0) {
        out.add(at, "max", fmt::format("must not be greater than {}", shorten(*type_->max)), &v);
    }
}

void compiled_type::fill(document& d) const {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        auto const& field = type_->fields[i];
        if (field.has_default() && is_missing(empties_, field.type.kind, d.find(field.name))) {
            d.set(field.name, make_default(field, d, nullptr));
        }
    }
}

void compiled_type::complete(value& v) const {
    if (!has_defaults_) {
        return;
    }
    if (auto* const d = v.if_document()) {
        if (type_->kind == type_kind::object) {
            fill(*d);
            for (std::size_t i = 0; i < fields_.size(); ++i) {
                if (auto* const inner = fields_[i].has_defaults_ ? d->find(type_->fields[i].name) : nullptr) {
                    fields_[i].complete(*inner);
                }
            }
        } else if (type_->kind == type_kind::map) {
            for (auto& member : *d) {
                element_->complete(member.value());
            }
        }
    } else if (auto* const items = v.if_array(); items != nullptr && type_->kind == type_kind::array) {
        for (auto& item : *items) {
            element_->complete(item);
        }
    }
}

compiled_type const* compiled_type::step(std::string_view segment) const noexcept {
    switch (type_->kind) {
    case type_kind::object: {
        auto const position = keys_.find(segment);
        return position == name_table::npos ? nullptr : &fields_[position];
    }
    case type_kind::array:
        return is_item(segment) ? element_.get() : nullptr;
    case type_kind::map:
        return element_.get();
    default:
        return nullptr;
    }
}

value make_default(field_definition const& field, document& data, model_document* root) {
    if (auto const* const constant = std::get_if<value>(&field.default_source)) {
        return *constant;
    }
    default_context context(field.name, data, root);
    return std::get<default_function>(field.default_source)(context);
}

} // namespace cormorant::detail
