#include "matcher.hpp"

#include "matcher_node.hpp"
#include "memory/value/number.hpp"

#include <algorithm>
#include <array>

namespace cormorant::memory {

struct matcher::state {
    match_node root;
    std::vector<path_constraint> constraints;
    std::vector<equality> equalities;
    bool empty = false;
    bool uses_expr = false;
    std::shared_ptr<text_query const> text;
    bool text_required = false;
    /// Made by `compile_element` from fields: applies to documents only.
    bool object_only = false;
};

namespace {

constexpr std::array<std::string_view, 6> geo_operators = {
    "$near", "$nearSphere", "$geoNear", "$geoWithin", "$within", "$geoIntersects"};

/// `{$gt: ...}`: operators, as opposed to a document to compare with. A DBRef begins with `$` too.
bool is_operators(value const& v, bool incomplete_reference = false) {
    auto const* const d = v.if_document();
    if (d == nullptr || d->empty() || !d->begin()->key().starts_with('$')) {
        return false;
    }
    bool const has_ref = d->contains("$ref");
    bool const has_id = d->contains("$id");
    return !(incomplete_reference ? has_ref || has_id || d->contains("$db") : has_ref && has_id);
}

/// Keywords that join whole conditions or stand for one, rather than operators on a field.
bool is_keyword(std::string_view name) noexcept {
    constexpr std::array<std::string_view, 8> keywords = {
        "$and", "$or", "$nor", "$expr", "$where", "$text", "$jsonSchema", "$comment"};
    return std::ranges::find(keywords, name) != keywords.end();
}

/// Compiles filters; gathers what indexes and upserts want to know about the conditions that must all hold.
class filter_parser {
public:
    explicit filter_parser(query_options const& options) noexcept : options_(options) {}

    /// `element`: of `$pull` and array filters, where `$expr` has another error.
    enum class level { top, nested, element };

    /// `required`: the document must meet these conditions (they are not below an `$or`, `$not`...).
    std::vector<match_node> conjunction(document const& filter, level at, bool required) {
        std::vector<match_node> result;
        for (auto const& [key, v] : filter) {
            if (key.starts_with('$')) {
                if (auto node = keyword(key, v, at, required)) {
                    result.push_back(std::move(node));
                }
            } else {
                field(key, v, required, result);
            }
        }
        return result;
    }

    /// A condition on a path: operators or a value that it equals.
    void field(std::string_view path, value const& v, bool required, std::vector<match_node>& out) {
        if (v.is_regex()) {
            auto const r = v.as_regex();
            out.push_back(path_node(path, make_regex(r.pattern, r.options)));
        } else if (is_operators(v)) {
            operators(path, v.as_document(), required, out);
        } else {
            out.push_back(equals(path, v, required));
        }
    }

    void operators(std::string_view path, document const& d, bool required, std::vector<match_node>& out) {
        for (auto const& [name, operand] : d) {
            if (auto node = one_operator(path, name, operand, d, required)) {
                out.push_back(std::move(node));
            }
        }
    }

    std::vector<path_constraint> constraints;
    std::vector<matcher::equality> equalities;
    bool uses_expr = false;
    std::shared_ptr<text_query const> text;
    bool text_required = false;

private:
    static match_node path_node(std::string_view path, predicate_ptr condition) {
        return make_path(field_path(path), std::move(condition));
    }

    // --- what indexes want to know ----------------------------------------------------------------------------------

    bool indexable(value const& v) const {
        switch (v.type()) {
        case bson_type::null:
        case bson_type::undefined:
        case bson_type::array:
        case bson_type::regex:
            return false;
        case bson_type::string:
        case bson_type::symbol:
        case bson_type::document:
            return options_.collation == nullptr;
        default:
            return true;
        }
    }

    void constrain(std::string_view path, std::vector<value> any_of, bool required) {
        if (required && std::ranges::all_of(any_of, [this](value const& v) { return indexable(v); })) {
            constraints.push_back({std::string(path), std::move(any_of), {}, {}});
        }
    }

    void constrain(std::string_view path, comparison op, value const& v, bool required) {
        if (!required || !indexable(v) || v.is_min_key() || v.is_max_key() || is_nan(v)) {
            return;
        }
        path_constraint::bound bound{v, op == comparison::gte || op == comparison::lte};
        bool const lower = op == comparison::gt || op == comparison::gte;
        path_constraint result{std::string(path), {}, {}, {}};
        (lower ? result.lower : result.upper) = std::move(bound);
        constraints.push_back(std::move(result));
    }

    // --- conditions ---------------------------------------------------------------------------------------------------

    match_node equals(std::string_view path, value const& v, bool required) {
        if (v.is_undefined()) {
            refuse(code::bad_value, "cannot compare to undefined");
        }
        if (required) {
            equalities.push_back({std::string(path), v});
        }
        constrain(path, {v}, required);
        return path_node(path, make_comparison(comparison::eq, v, options_));
    }

    match_node ordered(std::string_view path, comparison op, value const& v, bool required) {
        if (v.is_undefined()) {
            refuse(code::bad_value, "cannot compare to undefined");
        }
        if (v.is_regex()) {
            refuse(code::bad_value, fmt::format("Can't have RegEx as arg to predicate over field '{}'.", path));
        }
        constrain(path, op, v, required);
        return path_node(path, make_comparison(op, v, options_));
    }

    match_node in(std::string_view path, std::string_view name, value const& operand, bool required) {
        auto const* const a = operand.if_array();
        if (a == nullptr) {
            refuse(code::bad_value, fmt::format("{} needs an array", name));
        }
        for (value const& v : *a) {
            if (is_operators(v, true)) {
                refuse(code::bad_value, "cannot nest $ under $in");
            }
            if (v.is_undefined()) {
                refuse(code::bad_value, "InMatchExpression equality cannot be undefined");
            }
        }
        if (required && a->size() == 1 && !a->front().is_regex()) {
            equalities.push_back({std::string(path), a->front()});
        }
        constrain(path, {a->begin(), a->end()}, required);
        return path_node(path, make_in(*a, options_));
    }

    match_node all(std::string_view path, value const& operand, bool required) {
        auto const* const a = operand.if_array();
        if (a == nullptr) {
            refuse(code::bad_value, "$all needs an array");
        }
        if (a->empty()) {
            return make_constant(false);
        }
        auto const elem_match = [](value const& v) { return is_operators(v) && v.as_document().begin()->key() == "$elemMatch"; };
        std::vector<match_node> result;
        if (elem_match(a->front())) {
            for (value const& v : *a) {
                if (!elem_match(v)) {
                    refuse(code::bad_value, "$all/$elemMatch has to be consistent");
                }
                result.push_back(path_node(path, this->elem_match(v.as_document().begin()->value())));
            }
            return make_and(std::move(result));
        }
        for (value const& v : *a) {
            if (v.is_regex()) {
                auto const r = v.as_regex();
                result.push_back(path_node(path, make_regex(r.pattern, r.options)));
            } else if (is_operators(v)) {
                refuse(code::bad_value, "no $ expressions in $all");
            } else {
                result.push_back(equals(path, v, required));
            }
        }
        return make_and(std::move(result));
    }

    predicate_ptr elem_match(value const& operand) {
        auto const* const d = operand.if_document();
        if (d == nullptr) {
            refuse(code::bad_value, "$elemMatch needs an Object");
        }
        if (is_operators(operand, true) && !is_keyword(d->begin()->key())) {
            std::vector<match_node> conditions;
            operators("", *d, false, conditions);
            return make_elem_match_value(make_and(std::move(conditions)));
        }
        return make_elem_match_object(make_and(conjunction(*d, level::nested, false)));
    }

    match_node negation(std::string_view path, value const& operand) {
        if (operand.is_regex()) {
            auto const r = operand.as_regex();
            return make_not(path_node(path, make_regex(r.pattern, r.options)));
        }
        auto const* const d = operand.if_document();
        if (d == nullptr) {
            refuse(code::bad_value, "$not needs a regex or a document");
        }
        if (d->empty()) {
            refuse(code::bad_value, "$not cannot be empty");
        }
        std::vector<match_node> conditions;
        operators(path, *d, false, conditions);
        return make_not(make_and(std::move(conditions)));
    }

    static match_node regex_operator(std::string_view path, value const& source, document const& siblings) {
        std::string text;
        std::string flags;
        if (source.is_regex()) {
            auto r = source.as_regex();
            text = std::move(r.pattern);
            flags = std::move(r.options);
        } else if (source.is_string()) {
            text = source.as_string();
        } else {
            refuse(code::bad_value, "$regex has to be a string");
        }
        if (auto const* const given = siblings.find("$options")) {
            if (!given->is_string()) {
                refuse(code::bad_value, "$options has to be a string");
            }
            if (!flags.empty()) {
                refuse(51075, "options set in both $regex and $options");
            }
            flags = given->as_string();
            std::ranges::sort(flags);
        }
        return path_node(path, make_regex(text, flags));
    }

    match_node one_operator(
        std::string_view path, std::string_view name, value const& operand, document const& siblings, bool required) {
        if (name == "$eq") {
            return equals(path, operand, required);
        }
        if (name == "$ne") {
            if (operand.is_regex()) {
                refuse(code::bad_value, "Can't have regex as arg to $ne.");
            }
            return make_not(equals(path, operand, false));
        }
        if (name == "$gt") {
            return ordered(path, comparison::gt, operand, required);
        }
        if (name == "$gte") {
            return ordered(path, comparison::gte, operand, required);
        }
        if (name == "$lt") {
            return ordered(path, comparison::lt, operand, required);
        }
        if (name == "$lte") {
            return ordered(path, comparison::lte, operand, required);
        }
        if (name == "$in") {
            return in(path, name, operand, required);
        }
        if (name == "$nin") {
            return make_not(in(path, name, operand, false));
        }
        if (name == "$not") {
            return negation(path, operand);
        }
        if (name == "$exists") {
            auto result = path_node(path, make_exists());
            return operand.truthy() ? std::move(result) : make_not(std::move(result));
        }
        if (name == "$type") {
            return path_node(path, make_type(path, operand));
        }
        if (name == "$regex") {
            return regex_operator(path, operand, siblings);
        }
        if (name == "$options") {
            if (!siblings.contains("$regex")) {
                refuse(code::bad_value, "$options needs a $regex");
            }
            return nullptr;
        }
        if (name == "$mod") {
            return path_node(path, make_mod(operand));
        }
        if (name == "$size") {
            return path_node(path, make_size(operand));
        }
        if (name == "$all") {
            return all(path, operand, required);
        }
        if (name == "$elemMatch") {
            return path_node(path, elem_match(operand));
        }
        if (name == "$bitsAllSet" || name == "$bitsAnySet" || name == "$bitsAllClear" || name == "$bitsAnyClear") {
            return path_node(path, make_bits(path, name, operand));
        }
        if (std::ranges::find(geo_operators, name) != geo_operators.end()) {
            unsupported(fmt::format("the memory store does not support the operator {} (field '{}')", name, path));
        }
        refuse(code::bad_value, fmt::format("unknown operator: {}", name));
    }

    match_node keyword(std::string_view key, value const& v, level at, bool required) {
        if (key == "$and" || key == "$or" || key == "$nor") {
            auto const* const list = v.if_array();
            if (list == nullptr) {
                refuse(code::bad_value, fmt::format("{} must be an array", key));
            }
            if (list->empty()) {
                refuse(code::bad_value, "$and/$or/$nor must be a nonempty array");
            }
            bool const all = key == "$and" || (key == "$or" && list->size() == 1);
            std::vector<match_node> parts;
            negations_ += key == "$nor" ? 1 : 0;
            for (value const& part : *list) {
                auto const* const d = part.if_document();
                if (d == nullptr) {
                    refuse(code::bad_value, "$or/$and/$nor entries need to be full objects");
                }
                parts.push_back(make_and(conjunction(*d, at, required && all)));
            }
            negations_ -= key == "$nor" ? 1 : 0;
            if (key == "$and") {
                return make_and(std::move(parts));
            }
            auto either = make_or(std::move(parts));
            return key == "$or" ? std::move(either) : make_not(std::move(either));
        }
        if (key == "$comment") {
            return nullptr;
        }
        if (key == "$alwaysTrue" || key == "$alwaysFalse") {
            if (v != value(1)) {
                refuse(code::failed_to_parse, fmt::format("{} must be an integer value of 1", key));
            }
            return make_constant(key == "$alwaysTrue");
        }
        if (key == "$expr") {
            if (at == level::element) {
                refuse(224, "$expr is not allowed in this context");
            }
            if (at != level::top) {
                refuse(code::bad_value, "$expr can only be applied to the top-level document");
            }
            uses_expr = true;
            return make_expr(v, options_);
        }
        if (key == "$text") {
            return text_search(v, at, required);
        }
        if (key == "$where" || key == "$jsonSchema" || key == "$sampleRate") {
            unsupported(fmt::format("the memory store does not support the operator {}", key));
        }
        refuse(code::bad_value,
            fmt::format("unknown top level operator: {}. If you have a field name that starts with a '$' symbol, consider using "
                        "$getField or $setField.",
                key));
    }

    match_node text_search(value const& argument, level at, bool required) {
        if (at == level::element) {
            refuse(code::bad_value, "$text is not allowed in this context");
        }
        if (at == level::nested) {
            refuse(code::bad_value, "$text can only be applied to the top-level document");
        }
        if (negations_ > 0) {
            refuse(code::bad_value, "text expression not allowed in nor");
        }
        if (text) {
            refuse(code::bad_value, "Too many text expressions");
        }
        switch (options_.text.where) {
        case text_context::place::here:
            break;
        case text_context::place::later:
            refuse(17313, "$match with $text is only allowed as the first pipeline stage");
        case text_context::place::within:
            unsupported("the memory store does not support $text in a pipeline within a stage");
        }
        if (options_.text.index == nullptr) {
            refuse(index_not_found, "text index required for $text query");
        }
        text = std::make_shared<text_query const>(argument, options_.text.index);
        text_required = required;
        return make_text(text);
    }

    static constexpr int index_not_found = 27;

    query_options const& options_;
    /// How many `$nor` there are around the condition.
    int negations_ = 0;
};

} // namespace

matcher::matcher(std::shared_ptr<state const> s) noexcept : state_(std::move(s)) {}

matcher::matcher() {
    auto made = std::make_shared<state>();
    made->root = make_constant(true);
    made->empty = true;
    state_ = std::move(made);
}

matcher matcher::compile(document const& filter, query_options const& options) {
    filter_parser parser(options);
    auto made = std::make_shared<state>();
    made->root = make_and(parser.conjunction(filter, filter_parser::level::top, true));
    made->constraints = std::move(parser.constraints);
    made->equalities = std::move(parser.equalities);
    made->empty = filter.empty();
    made->uses_expr = parser.uses_expr;
    made->text = std::move(parser.text);
    made->text_required = parser.text_required;
    return matcher(std::move(made));
}

matcher matcher::compile_element(document const& condition, query_options const& options) {
    filter_parser parser(options);
    auto made = std::make_shared<state>();
    std::vector<match_node> nodes;
    // `$not` does not begin a list of operators here: it is refused like an unknown keyword.
    auto const first = condition.empty() ? std::string_view() : condition.begin()->key();
    if (is_operators(condition) && !is_keyword(first) && first != "$not") {
        parser.operators("", condition, false, nodes);
    } else {
        nodes = parser.conjunction(condition, filter_parser::level::element, false);
        made->object_only = true;
    }
    made->root = make_and(std::move(nodes));
    made->empty = condition.empty();
    return matcher(std::move(made));
}

matcher matcher::compile_array_filter(document const& filter, query_options const& options) {
    filter_parser parser(options);
    auto made = std::make_shared<state>();
    made->root = make_and(parser.conjunction(filter, filter_parser::level::element, false));
    return matcher(std::move(made));
}

bool matcher::matches(document const& doc) const {
    return state_->root->matches(doc, nullptr);
}

bool matcher::matches(document const& doc, std::optional<std::size_t>& position) const {
    position.reset();
    return state_->root->matches(doc, &position);
}

bool matcher::matches_element(value const& element) const {
    if (state_->object_only) {
        auto const* const d = element.if_document();
        return d && state_->root->matches(*d, nullptr);
    }
    return state_->root->matches(match_target::single(element), nullptr);
}

bool matcher::matches_all() const noexcept {
    return state_->empty;
}
bool matcher::uses_expr() const noexcept {
    return state_->uses_expr;
}
text_query const* matcher::text() const noexcept {
    return state_->text.get();
}
bool matcher::text_is_required() const noexcept {
    return state_->text_required;
}
std::vector<path_constraint> const& matcher::constraints() const noexcept {
    return state_->constraints;
}
std::vector<matcher::equality> const& matcher::equalities() const noexcept {
    return state_->equalities;
}

} // namespace cormorant::memory
