#include "impl.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace cormorant::memory {

int symbols::find(std::string_view name) const noexcept {
    auto const found = std::find(names_.rbegin(), names_.rend(), name);
    return found == names_.rend() ? -1 : static_cast<int>(names_.rend() - found) - 1;
}

std::size_t symbols::push(std::string name) {
    names_.push_back(std::move(name));
    return names_.size() - 1;
}

namespace {

class constant_expression final : public expression {
public:
    explicit constant_expression(value const& v) : value_(v) {}
    operand evaluate(scope&) const override { return operand::of(&value_); }
    value const* constant() const noexcept override { return &value_; }

private:
    value value_;
};

class array_expression final : public expression {
public:
    explicit array_expression(std::vector<expression_ptr> elements) : elements_(std::move(elements)) {}
    operand evaluate(scope& s) const override {
        array result;
        result.reserve(elements_.size());
        for (auto const& e : elements_) {
            result.push_back(e->evaluate(s).take());
        }
        return value(std::move(result));
    }

private:
    std::vector<expression_ptr> elements_;
};

class object_expression final : public expression {
public:
    explicit object_expression(std::vector<std::pair<std::string, expression_ptr>> members) : members_(std::move(members)) {}
    operand evaluate(scope& s) const override {
        document result;
        result.reserve(members_.size());
        for (auto const& [key, e] : members_) {
            if (auto v = e->evaluate(s); !v.missing()) {
                result.append(key, std::move(v).take());
            }
        }
        return value(std::move(result));
    }

private:
    std::vector<std::pair<std::string, expression_ptr>> members_;
};

/// `$a.b` or `$$ROOT.a.b`.
class field_expression final : public expression {
public:
    explicit field_expression(field_path path) : path_(std::move(path)) {}
    operand evaluate(scope& s) const override { return path_value(s.root, path_); }

private:
    field_path path_;
};

/// `$$v.a.b`: in a document, or in each document of an array.
operand member_value(value const* v, std::optional<field_path> const& path) {
    if (!path || v == nullptr) {
        return operand::of(v);
    }
    if (auto const* const d = v->if_document()) {
        return path_value(*d, *path);
    }
    auto const* const a = v->if_array();
    if (a == nullptr) {
        return {};
    }
    array result;
    for (value const& e : *a) {
        if (auto const* const d = e.if_document()) {
            if (auto found = path_value(*d, *path); !found.missing()) {
                result.push_back(std::move(found).take());
            }
        }
    }
    return value(std::move(result));
}

class variable_expression final : public expression {
public:
    variable_expression(std::size_t slot, std::optional<field_path> path) : path_(std::move(path)), slot_(slot) {}
    operand evaluate(scope& s) const override {
        return member_value(slot_ < s.variables.size() ? s.variables[slot_] : nullptr, path_);
    }

private:
    std::optional<field_path> path_;
    std::size_t slot_;
};

/// A variable of the command's `let`, which is the same for every document.
class given_expression final : public expression {
public:
    given_expression(value const& v, std::optional<field_path> path) : value_(v), path_(std::move(path)) {}
    operand evaluate(scope&) const override {
        // Undefined stands for a missing value.
        return member_value(value_.is_undefined() ? nullptr : &value_, path_);
    }

private:
    value value_;
    std::optional<field_path> path_;
};

expression_ptr compile_variable(std::string_view text, compile_context& context) {
    auto const name = path_head(text);
    std::optional<field_path> path;
    if (name.size() != text.size()) {
        path = checked_path(path_rest(text));
    }
    if (name.empty()) {
        refuse(code::failed_to_parse, "empty variable names are not allowed");
    }
    if (int const slot = context.names.find(name); slot >= 0) {
        return std::make_unique<variable_expression>(static_cast<std::size_t>(slot), std::move(path));
    }
    if (name == "ROOT" || name == "CURRENT") {
        if (path) {
            return std::make_unique<field_expression>(std::move(*path));
        }
        return make_expression([](scope& s) { return operand(value(s.root)); });
    }
    if (name == "REMOVE") {
        return make_expression([](scope&) { return operand(); });
    }
    if (name == "NOW") {
        return make_expression([](scope& s) { return operand(value(s.world.now())); });
    }
    if (name == "CLUSTER_TIME" || name == "JS_CONTEXT" || name == "USER_ROLES") {
        unsupported(fmt::format("the memory store does not support the variable $${}", name));
    }
    if (value const* const given = context.options.let.find(name)) {
        return std::make_unique<given_expression>(*given, std::move(path));
    }
    refuse(17276, fmt::format("Use of undefined variable: {}", name));
}

/// The operands of an operator: an array is a list of them.
std::vector<expression_ptr> compile_operands(function const& what, value const& source, compile_context& context) {
    std::vector<expression_ptr> result;
    if (auto const* const list = source.if_array()) {
        result.reserve(list->size());
        for (value const& each : *list) {
            result.push_back(compile_expression(each, context));
        }
    } else {
        result.push_back(compile_expression(source, context));
    }
    if (result.size() < what.least || result.size() > what.most) {
        if (what.name == "$ifNull") {
            refuse(1257300, fmt::format("$ifNull needs at least two arguments, had: {}", result.size()));
        }
        if (what.least == what.most) {
            refuse(16020, fmt::format("Expression {} takes exactly {} arguments. {} were passed in.", what.name, what.least,
                              result.size()));
        }
        refuse(28667, what.most == function::any
                          ? fmt::format("Expression {} takes at least {} arguments, and {} were passed in.", what.name,
                                what.least, result.size())
                          : fmt::format("Expression {} takes at least {} arguments, and at most {}, but {} were passed in.",
                                what.name, what.least, what.most, result.size()));
    }
    return result;
}

template <class T, std::size_t N>
T const* find_in(std::array<std::span<T const>, N> const& families, std::string_view name) {
    for (auto const& family : families) {
        auto const found = std::ranges::find(family, name, &T::name);
        if (found != family.end()) {
            return &*found;
        }
    }
    return nullptr;
}

constexpr std::string_view known_to_the_server[] = {"$function", "$accumulator", "$dateFromParts", "$sampleRate", "$tsSecond",
    "$tsIncrement", "$binarySize", "$bsonSize", "$acos", "$acosh", "$asin", "$asinh", "$atan", "$atan2", "$atanh", "$cos",
    "$cosh", "$sin", "$sinh", "$tan", "$tanh", "$degreesToRadians", "$radiansToDegrees", "$toHashedIndexKey"};

function const* find_function(std::string_view name) {
    static std::array const families = {logic_functions(), arithmetic_functions(), array_functions(), set_functions(),
        string_functions(), convert_functions(), object_functions(), accumulator_functions()};
    return find_in(families, name);
}

form const* find_form(std::string_view name) {
    static std::array const families = {
        logic_forms(), array_forms(), string_forms(), date_forms(), convert_forms(), object_forms(), accumulator_forms()};
    return find_in(families, name);
}

bool only_the_server_has(std::string_view name) noexcept {
    return std::ranges::find(known_to_the_server, name) != std::end(known_to_the_server);
}

expression_ptr compile_operator(std::string_view name, value const& source, compile_context& context) {
    if (auto const* const found = find_function(name)) {
        return std::make_unique<function_call>(*found, compile_operands(*found, source, context));
    }
    if (auto const* const found = find_form(name)) {
        return found->compile(name, source, context);
    }
    if (only_the_server_has(name)) {
        unsupported(fmt::format("the memory store does not support the expression {}", name));
    }
    refuse(168, fmt::format("Unrecognized expression '{}'", name));
}

} // namespace

expression_ptr compile_expression(value const& source, compile_context& context) {
    if (auto const text = source.if_string(); text && text->starts_with('$')) {
        if (text->starts_with("$$")) {
            return compile_variable(text->substr(2), context);
        }
        if (text->size() == 1) {
            refuse(16872, "'$' by itself is not a valid FieldPath");
        }
        return std::make_unique<field_expression>(checked_path(text->substr(1)));
    }
    if (auto const* const list = source.if_array()) {
        std::vector<expression_ptr> elements;
        elements.reserve(list->size());
        bool constant = true;
        for (value const& each : *list) {
            elements.push_back(compile_expression(each, context));
            constant = constant && elements.back()->constant() && identical(*elements.back()->constant(), each);
        }
        if (constant) {
            return std::make_unique<constant_expression>(source);
        }
        return std::make_unique<array_expression>(std::move(elements));
    }
    if (auto const* const d = source.if_document(); d && !d->empty()) {
        if (d->begin()->key().starts_with('$')) {
            if (d->size() != 1) {
                refuse(15983, fmt::format("an expression specification must contain exactly one field, the name of the "
                                          "expression. Found {} fields in {}",
                                  d->size(), to_string(*d)));
            }
            return compile_operator(d->begin()->key(), d->begin()->value(), context);
        }
        std::vector<std::pair<std::string, expression_ptr>> members;
        for (auto const& [key, v] : *d) {
            if (key.starts_with('$') || key.empty() || key.find('.') != std::string_view::npos) {
                checked_path(key);
                refuse(16412,
                    fmt::format("FieldPath field names may not contain '.'. Consider using $getField or $setField: {}", key));
            }
            members.emplace_back(key, compile_expression(v, context));
        }
        return std::make_unique<object_expression>(std::move(members));
    }
    return std::make_unique<constant_expression>(source);
}

bool is_expression(std::string_view name) noexcept {
    return find_function(name) || find_form(name) || only_the_server_has(name);
}

expression_ptr make_constant_expression(value const& v) {
    return std::make_unique<constant_expression>(v);
}

std::weak_ordering compare(operand const& a, operand const& b, collator const* collation) {
    if (a.missing() || b.missing()) {
        if (a.missing() && b.missing()) {
            return std::weak_ordering::equivalent;
        }
        bool const other_is_min = (a.missing() ? b : a).get().is_min_key();
        return a.missing() != other_is_min ? std::weak_ordering::less : std::weak_ordering::greater;
    }
    return compare(a.get(), b.get(), collation);
}

std::string_view type_name(operand const& v) noexcept {
    return v.missing() ? "missing" : to_string(v.get().type());
}

operand path_value(document const& d, field_path const& path, std::size_t from) {
    document const* at = &d;
    for (std::size_t i = from;; ++i) {
        value const* const v = at->find(path[i].name);
        if (v == nullptr || i + 1 == path.size()) {
            return operand::of(v);
        }
        if (auto const* const list = v->if_array()) {
            array result;
            for (value const& e : *list) {
                if (auto const* const inner = e.if_document()) {
                    if (auto found = path_value(*inner, path, i + 1); !found.missing()) {
                        result.push_back(std::move(found).take());
                    }
                }
            }
            return value(std::move(result));
        }
        at = v->if_document();
        if (at == nullptr) {
            return {};
        }
    }
}

field_path checked_path(std::string_view path) {
    if (path.empty()) {
        refuse(40352, "FieldPath cannot be constructed with empty string");
    }
    if (path.ends_with('.')) {
        refuse(40353, "FieldPath must not end with a '.'.");
    }
    field_path result(path);
    for (std::size_t i = 0; i < result.size(); ++i) {
        if (result[i].name.empty()) {
            refuse(15998, "FieldPath field names may not be empty strings.");
        }
        if (result[i].name.starts_with('$')) {
            refuse(16410,
                fmt::format("FieldPath field names may not start with '$'. Consider using $getField or $setField: {}", path));
        }
    }
    return result;
}

named_arguments::named_arguments(
    std::string_view name, value const& source, std::span<std::string_view const> allowed, int type_code, int member_code)
    : name_(name), source_(source.if_document()) {
    if (source_ == nullptr) {
        refuse(type_code, fmt::format("{} only supports an object as its argument, not {}", name, to_string(source.type())));
    }
    for (auto const& [key, v] : *source_) {
        if (std::ranges::find(allowed, key) == allowed.end()) {
            refuse(member_code, fmt::format("Unrecognized parameter to {}: {}", name, key));
        }
    }
}

value const& named_arguments::at(std::string_view key, int server_code) const {
    value const* const found = find(key);
    if (found == nullptr) {
        refuse(server_code, fmt::format("Missing '{}' parameter to {}", key, name_));
    }
    return *found;
}

expression_ptr named_arguments::compile(std::string_view key, compile_context& context) const {
    value const* const found = find(key);
    return found ? compile_expression(*found, context) : nullptr;
}

expression_ptr named_arguments::compile(std::string_view key, compile_context& context, int missing_code) const {
    return compile_expression(at(key, missing_code), context);
}

std::string variable_name(std::string_view name) {
    if (name.empty()) {
        refuse(code::failed_to_parse, "empty variable names are not allowed");
    }
    auto const first = static_cast<unsigned char>(name.front());
    if (name != "CURRENT" && !((first >= 'a' && first <= 'z') || first >= 0x80)) {
        refuse(code::failed_to_parse, fmt::format("'{}' starts with an invalid character for a user variable name", name));
    }
    auto const ok = [](char ch) {
        auto const c = static_cast<unsigned char>(ch);
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
    };
    if (!std::ranges::all_of(name, ok)) {
        refuse(code::failed_to_parse, fmt::format("'{}' contains an invalid character for a variable name", name));
    }
    return std::string(name);
}

} // namespace cormorant::memory
