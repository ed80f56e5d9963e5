#include "memory/value/number.hpp"
#include "updater_tree.hpp"

#include <cormorant/bson/path.hpp>

namespace cormorant::memory {

namespace {

/// Assigns unless it is the same; answers whether it was not.
bool assign(value& to, value const& from) {
    if (identical(to, from)) {
        return false;
    }
    to = from;
    return true;
}

class set_operator final : public update_operator {
public:
    set_operator(value const& operand, bool only_on_insert) : operand_(operand), only_on_insert_(only_on_insert) {}
    bool apply(value& v, update_context& context) const override {
        return (!only_on_insert_ || context.insert) && assign(v, operand_);
    }
    std::optional<value> create(update_context& context) const override {
        return !only_on_insert_ || context.insert ? std::optional(operand_) : std::nullopt;
    }

private:
    value operand_;
    bool only_on_insert_;
};

class unset_operator final : public update_operator {
public:
    bool apply(value&, update_context&) const override { return false; }
    std::optional<value> create(update_context&) const override { return std::nullopt; }
    bool removes() const noexcept override { return true; }
};

class rename_source final : public update_operator {
public:
    bool apply(value&, update_context&) const override { return false; }
    std::optional<value> create(update_context&) const override { return std::nullopt; }
};

class rename_target final : public update_operator {
public:
    explicit rename_target(std::size_t index) noexcept : index_(index) {}
    bool apply(value& v, update_context& context) const override {
        auto const& renamed = context.renamed[index_];
        if (!renamed) {
            return false;
        }
        if (context.path == "_id") { // refused even when it is the same value
            refuse(code::immutable_field, "Performing an update on the path '_id' would modify the immutable field '_id'");
        }
        v = *renamed;
        return true;
    }
    std::optional<value> create(update_context& context) const override { return context.renamed[index_]; }

private:
    std::size_t index_;
};

/// `$inc` and `$mul`.
class arithmetic_operator final : public update_operator {
public:
    arithmetic_operator(std::string_view name, std::string_view path, value const& operand) : name_(name), operand_(operand) {
        if (!operand.is_number()) {
            refuse(code::type_mismatch, fmt::format("Cannot {} with non-numeric argument: {{{}: {}}}",
                                            multiplies() ? "multiply" : "increment", path, to_string(operand)));
        }
    }
    bool apply(value& v, update_context& context) const override {
        if (!v.is_number()) {
            refuse(code::type_mismatch,
                fmt::format("Cannot apply {} to a value of non-numeric type. {} has the field '{}' of non-numeric type {}", name_,
                    context.document_name(), path_leaf(context.path), to_string(v.type())));
        }
        auto const result = multiplies() ? multiply_exactly(v, operand_) : add_exactly(v, operand_);
        if (!result) {
            refuse(code::bad_value, fmt::format("Failed to apply {} operations to current value ((NumberLong){}) for document {}",
                                        name_, to_string(v), context.document_name()));
        }
        return assign(v, *result);
    }
    std::optional<value> create(update_context&) const override {
        return multiplies() ? multiply_exactly(operand_, 0) : std::optional(operand_);
    }

private:
    bool multiplies() const noexcept { return name_ == "$mul"; }

    std::string name_;
    value operand_;
};

/// `$min` and `$max`.
class bound_operator final : public update_operator {
public:
    bound_operator(bool least, value const& operand, std::shared_ptr<collator const> collation)
        : operand_(operand), collation_(std::move(collation)), least_(least) {}
    bool apply(value& v, update_context&) const override {
        auto const order = compare(operand_, v, collation_.get());
        if (least_ ? order >= 0 : order <= 0) {
            return false;
        }
        v = operand_;
        return true;
    }
    std::optional<value> create(update_context&) const override { return operand_; }

private:
    value operand_;
    std::shared_ptr<collator const> collation_;
    bool least_;
};

class current_date_operator final : public update_operator {
public:
    explicit current_date_operator(value const& operand) {
        if (operand.is_bool()) {
            return;
        }
        auto const* const d = operand.if_document();
        if (d == nullptr) {
            refuse(code::bad_value,
                fmt::format(
                    "{} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({{$type: "
                    "'timestamp/date'}}).",
                    to_string(operand.type())));
        }
        if (d->empty()) {
            refuse(code::bad_value, type_required);
        }
        for (auto const& [key, v] : *d) {
            if (key != "$type") {
                refuse(code::bad_value, fmt::format("Unrecognized $currentDate option: {}", key));
            }
            auto const type = v.if_string();
            if (type != "date" && type != "timestamp") {
                refuse(code::bad_value, type_required);
            }
            timestamp_ = type == "timestamp";
        }
    }
    bool apply(value& v, update_context& context) const override {
        v = now(context);
        return true;
    }
    std::optional<value> create(update_context& context) const override { return now(context); }

private:
    value now(update_context const& context) const {
        if (!timestamp_) {
            return context.now;
        }
        auto const seconds = std::chrono::floor<std::chrono::seconds>(context.now).time_since_epoch().count();
        return timestamp{static_cast<std::uint32_t>(seconds), 1};
    }

    static constexpr char const* type_required =
        "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}";
    bool timestamp_ = false;
};

class bit_operator final : public update_operator {
public:
    explicit bit_operator(value const& operand) {
        auto const* const d = operand.if_document();
        if (d == nullptr) {
            refuse(code::bad_value,
                fmt::format(
                    "The $bit modifier is not compatible with a {}. You must pass in an embedded document: {{$bit: {{field: "
                    "{{and/or/xor: #}}}}",
                    to_string(operand.type())));
        }
        for (auto const& [name, v] : *d) {
            if (name != "and" && name != "or" && name != "xor") {
                refuse(code::bad_value, fmt::format("The $bit modifier only supports 'and', 'or', and 'xor', not '{}' which is "
                                                    "an unknown operator: {{{}: {}}}",
                                            name, name, to_string(v)));
            }
            if (!v.is_int32() && !v.is_int64()) {
                refuse(code::bad_value,
                    fmt::format("The $bit modifier field must be an Integer(32/64 bit); a '{}' is not supported here: {{{}: {}}}",
                        to_string(v.type()), name, to_string(v)));
            }
            steps_.push_back({name.front(), v});
        }
        if (steps_.empty()) {
            refuse(code::bad_value,
                "You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}}");
        }
    }
    bool apply(value& v, update_context& context) const override {
        if (!v.is_int32() && !v.is_int64()) {
            refuse(code::bad_value,
                fmt::format("Cannot apply $bit to a value of non-integral type.{} has the field {} of non-integer type {}",
                    context.document_name(), path_leaf(context.path), to_string(v.type())));
        }
        return assign(v, run(v));
    }
    std::optional<value> create(update_context&) const override { return run(value(0)); }

private:
    struct step {
        char what; // and, or, xor
        value operand;
    };

    value run(value const& v) const {
        auto n = v.as_int64();
        bool wide = v.is_int64();
        for (step const& s : steps_) {
            auto const m = s.operand.as_int64();
            n = s.what == 'a' ? n & m : s.what == 'o' ? n | m : n ^ m;
            wide = wide || s.operand.is_int64();
        }
        return integer(n, wide);
    }

    std::vector<step> steps_;
};

} // namespace

operator_ptr make_update_operator(
    std::string_view name, std::string_view path, value const& operand, query_options const& options) {
    if (name == "$set" || name == "$setOnInsert") {
        return std::make_shared<set_operator>(operand, name == "$setOnInsert");
    }
    if (name == "$unset") {
        return std::make_shared<unset_operator>();
    }
    if (name == "$inc" || name == "$mul") {
        return std::make_shared<arithmetic_operator>(name, path, operand);
    }
    if (name == "$min" || name == "$max") {
        return std::make_shared<bound_operator>(name == "$min", operand, options.collation);
    }
    if (name == "$currentDate") {
        return std::make_shared<current_date_operator>(operand);
    }
    if (name == "$bit") {
        return std::make_shared<bit_operator>(operand);
    }
    return make_array_operator(name, path, operand, options);
}

operator_ptr make_rename_target(std::size_t index) {
    return std::make_shared<rename_target>(index);
}
operator_ptr make_rename_source() {
    return std::make_shared<rename_source>();
}

} // namespace cormorant::memory
