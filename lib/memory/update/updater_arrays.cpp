#include "memory/value/field_path.hpp"
#include "updater_tree.hpp"

#include <algorithm>

namespace cormorant::memory {

namespace {

bool replace(value& v, array&& by) {
    value made(std::move(by));
    if (identical(v, made)) {
        return false;
    }
    v = std::move(made);
    return true;
}

/// The elements of `operand`: those of `$each`, or itself.
array elements_of(std::string_view name, value const& operand, int server_code) {
    auto const* const d = operand.if_document();
    value const* const each = d ? d->find("$each") : nullptr;
    if (each == nullptr) {
        return arr(operand);
    }
    if (!each->is_array()) {
        refuse(server_code, fmt::format("The argument to $each in {} must be an array but it was of type{} {}", name,
                                name == "$push" ? ":" : "", to_string(each->type())));
    }
    return each->as_array();
}

class push_operator final : public update_operator {
public:
    push_operator(value const& operand, query_options const& options)
        : elements_(elements_of("$push", operand, code::bad_value)), collation_(options.collation) {
        auto const* const d = operand.if_document();
        if (d == nullptr || !d->contains("$each")) {
            return;
        }
        for (auto const& [key, v] : *d) {
            if (key == "$each") {
                continue;
            }
            if (key == "$slice") {
                slice_ = whole("The value for $slice must be an integer value but was given type: ", v);
            } else if (key == "$position") {
                position_ = whole("The value for $position must be an integer value, not of type: ", v);
            } else if (key == "$sort") {
                parse_sort(v);
            } else {
                refuse(code::bad_value, fmt::format("Unrecognized clause in $push: {}", key));
            }
        }
    }

    bool apply(value& v, update_context& context) const override {
        auto const* const a = v.if_array();
        if (a == nullptr) {
            refuse(code::bad_value, fmt::format("The field '{}' must be an array but is of type {} in document {}",
                                        path_leaf(context.path), to_string(v.type()), context.document_name()));
        }
        // To the server a push is a change, even when `$slice` takes away what it brought; so is sorting what is sorted.
        bool const counts = !elements_.empty() || (!sort_.empty() && !a->empty());
        return replace(v, pushed(*a)) || counts;
    }
    std::optional<value> create(update_context&) const override { return pushed(array()); }

private:
    struct sort_part {
        std::string path;
        bool descending;
    };

    static std::int64_t whole(std::string_view message, value const& v) {
        auto const n = v.if_int64();
        if (!v.is_number() || !n) {
            refuse(code::bad_value, fmt::format("{}{}", message, to_string(v.type())));
        }
        return *n;
    }

    void parse_sort(value const& v) {
        auto const direction = [](value const& each, std::string_view message) {
            auto const n = each.if_int64();
            if (!each.is_number() || (n != 1 && n != -1)) {
                refuse(code::bad_value, std::string(message));
            }
            return n == -1;
        };
        if (v.is_number()) {
            sort_.push_back({"", direction(v, "The $sort element value must be either 1 or -1")});
            sorts_whole_ = true;
            return;
        }
        auto const* const d = v.if_document();
        if (d == nullptr) {
            refuse(code::bad_value,
                "The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields");
        }
        if (d->empty()) {
            refuse(code::bad_value, "The sort pattern is empty when it should be a set of fields.");
        }
        for (auto const& [path, each] : *d) {
            if (path.empty()) {
                refuse(code::bad_value, "The $sort field cannot be empty");
            }
            sort_.push_back({std::string(path), direction(each, "The sort element value must be either 1 or -1")});
        }
    }

    bool less(value const& a, value const& b) const {
        if (sorts_whole_) {
            auto const order = compare(a, b, collation_.get());
            return sort_.front().descending ? order > 0 : order < 0;
        }
        value const null;
        auto const at = [&](value const& v, std::string const& path) -> value const& {
            auto const* const found = v.is_document() ? get_path(v.as_document(), path) : nullptr;
            return found ? *found : null;
        };
        for (sort_part const& part : sort_) {
            auto const order = compare(at(a, part.path), at(b, part.path), collation_.get());
            if (order != 0) {
                return part.descending ? order > 0 : order < 0;
            }
        }
        return false;
    }

    array pushed(array const& before) const {
        array result = before;
        auto const size = static_cast<std::int64_t>(before.size());
        std::int64_t at = position_.value_or(size);
        at = at < 0 ? std::max<std::int64_t>(size + at, 0) : std::min(at, size);
        result.reserve(before.size() + elements_.size());
        for (value const& e : elements_) {
            result.insert(result.begin() + at++, e);
        }
        if (!sort_.empty()) {
            std::stable_sort(result.begin(), result.end(), [this](value const& a, value const& b) { return less(a, b); });
        }
        if (slice_) {
            auto const count = static_cast<std::int64_t>(result.size());
            if (*slice_ >= 0) {
                result.erase(result.begin() + std::min(*slice_, count), result.end());
            } else {
                result.erase(result.begin(), result.begin() + std::max<std::int64_t>(count + *slice_, 0));
            }
        }
        return result;
    }

    array elements_;
    std::optional<std::int64_t> slice_;
    std::optional<std::int64_t> position_;
    std::vector<sort_part> sort_;
    std::shared_ptr<collator const> collation_;
    bool sorts_whole_ = false;
};

class add_to_set_operator final : public update_operator {
public:
    add_to_set_operator(value const& operand, query_options const& options) : collation_(options.collation) {
        auto const* const d = operand.if_document();
        bool const each = d && !d->empty() && d->begin()->key() == "$each";
        if (each && d->size() > 1) {
            refuse(code::bad_value, fmt::format("Found unexpected fields after $each in $addToSet: {}", to_string(*d)));
        }
        array const given = each ? elements_of("$addToSet", operand, code::type_mismatch) : arr(operand);
        add(elements_, given);
    }
    bool apply(value& v, update_context& context) const override {
        auto* const a = v.if_array();
        if (a == nullptr) {
            refuse(
                code::bad_value, fmt::format("Cannot apply $addToSet to non-array field. Field named '{}' has non-array type {}",
                                     path_leaf(context.path), to_string(v.type())));
        }
        auto const before = a->size();
        add(*a, elements_);
        return a->size() != before;
    }
    std::optional<value> create(update_context&) const override { return elements_; }

private:
    void add(array& to, array const& from) const {
        for (value const& e : from) {
            if (std::ranges::none_of(to, [&](value const& other) { return equal(e, other, collation_.get()); })) {
                to.push_back(e);
            }
        }
    }

    array elements_;
    std::shared_ptr<collator const> collation_;
};

/// `$pull` and `$pullAll`: removes the elements that meet a condition.
class pull_operator : public update_operator {
public:
    bool apply(value& v, update_context&) const final {
        auto* const a = v.if_array();
        if (a == nullptr) {
            refuse(code::bad_value, "Cannot apply $pull to a non-array value");
        }
        auto* const kept = std::remove_if(a->begin(), a->end(), [this](value const& e) { return removes_element(e); });
        bool const changed = kept != a->end();
        a->erase(kept, a->end());
        return changed;
    }
    std::optional<value> create(update_context&) const final { return std::nullopt; }
    bool needs_viable_path() const noexcept final { return true; }

private:
    virtual bool removes_element(value const& e) const = 0;
};

class pull_matching final : public pull_operator {
public:
    pull_matching(document const& condition, query_options const& options)
        : condition_(matcher::compile_element(condition, options)) {}

private:
    bool removes_element(value const& e) const override { return condition_.matches_element(e); }
    matcher condition_;
};

class pull_values final : public pull_operator {
public:
    pull_values(array const& values, query_options const& options) : values_(values), collation_(options.collation) {}

private:
    bool removes_element(value const& e) const override {
        return std::ranges::any_of(values_, [&](value const& v) { return equal(e, v, collation_.get()); });
    }
    array values_;
    std::shared_ptr<collator const> collation_;
};

class pop_operator final : public update_operator {
public:
    pop_operator(std::string_view path, value const& operand) {
        if (!operand.is_number()) {
            refuse(code::failed_to_parse, fmt::format("Expected a number in: {}: {}", path, to_string(operand)));
        }
        auto const n = operand.if_int64();
        if (!n) {
            refuse(code::failed_to_parse, fmt::format("Expected an integer: {}: {}", path, to_string(operand)));
        }
        if (n != 1 && n != -1) {
            refuse(code::failed_to_parse, fmt::format("$pop expects 1 or -1, found: {}", *n));
        }
        first_ = n == -1;
    }
    bool apply(value& v, update_context& context) const override {
        auto* const a = v.if_array();
        if (a == nullptr) {
            refuse(code::type_mismatch,
                fmt::format("Path '{}' contains an element of non-array type '{}'", context.path, to_string(v.type())));
        }
        if (a->empty()) {
            return false;
        }
        a->erase(first_ ? a->begin() : a->end() - 1);
        return true;
    }
    std::optional<value> create(update_context&) const override { return std::nullopt; }
    bool needs_viable_path() const noexcept override { return true; }

private:
    bool first_ = false;
};

} // namespace

operator_ptr make_array_operator(
    std::string_view name, std::string_view path, value const& operand, query_options const& options) {
    if (name == "$push") {
        return std::make_shared<push_operator>(operand, options);
    }
    if (name == "$addToSet") {
        return std::make_shared<add_to_set_operator>(operand, options);
    }
    if (name == "$pull") {
        if (auto const* const d = operand.if_document()) {
            return std::make_shared<pull_matching>(*d, options);
        }
        if (operand.is_regex()) {
            return std::make_shared<pull_matching>(doc("$regex", operand), options);
        }
        return std::make_shared<pull_values>(arr(operand), options);
    }
    if (name == "$pullAll") {
        if (!operand.is_array()) {
            refuse(code::bad_value,
                fmt::format("$pullAll requires an array argument but was given a {}", to_string(operand.type())));
        }
        return std::make_shared<pull_values>(operand.as_array(), options);
    }
    if (name == "$pop") {
        return std::make_shared<pop_operator>(path, operand);
    }
    return nullptr;
}

} // namespace cormorant::memory
