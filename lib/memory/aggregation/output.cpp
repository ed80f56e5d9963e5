#include "output.hpp"

#include "memory/expression/impl.hpp"
#include "pipeline.hpp"
#include "stage.hpp"

#include <algorithm>

namespace cormorant::memory {

namespace {

constexpr int invalid_namespace = 73;

template <class T>
struct choice {
    std::string_view name;
    T what;
};

using matched = pipeline_output::matched;
using not_matched = pipeline_output::not_matched;

constexpr choice<matched> when_matched[] = {
    {"replace", matched::replace}, {"keepExisting", matched::keep_existing}, {"merge", matched::merge}, {"fail", matched::fail}};
constexpr choice<not_matched> when_not_matched[] = {
    {"insert", not_matched::insert}, {"discard", not_matched::discard}, {"fail", not_matched::fail}};

template <class T, std::size_t N>
T chosen(choice<T> const (&choices)[N], std::string_view field, std::string_view name) {
    auto const* const found = std::ranges::find(choices, name, &choice<T>::name);
    if (found == std::end(choices))
        refuse(code::bad_value, fmt::format("Enumeration value '{}' for field '{}' is not a valid value.", name, field));
    return found->what;
}

template <class T, std::size_t N>
std::string_view name_of(choice<T> const (&choices)[N], T what) {
    auto const* const found = std::ranges::find(choices, what, &choice<T>::what);
    return found == std::end(choices) ? "pipeline" : found->name;
}

bool is_internal(std::string_view database) noexcept {
    return database == "admin" || database == "local" || database == "config";
}

void refuse_unknown(std::string_view field) {
    refuse(40415, fmt::format("BSON field '{}' is an unknown field.", field));
}

std::string text_member(document const& d, std::string_view name) {
    value const& v = d.at(name);
    if (!v.is_string())
        refuse(13111, fmt::format("wrong type for field ({}) {} != string", name, to_string(v.type())));
    return std::string(v.as_string());
}

pipeline_output compile_out(value const& source) {
    pipeline_output result;
    result.stage = "$out";
    if (source.is_string()) {
        result.collection = source.as_string();
    } else if (auto const* const d = source.if_document()) {
        if (d->size() != 2 || !d->contains("db") || !d->contains("coll"))
            refuse(16994, "If an object is passed to $out it must have exactly 2 fields: 'db' and 'coll'");
        result.database = text_member(*d, "db");
        result.collection = text_member(*d, "coll");
    } else {
        refuse(16990, fmt::format("$out only supports a string or object argument, but found {}", to_string(source.type())));
    }
    if (result.collection.empty())
        refuse(invalid_namespace, fmt::format("Invalid $out target namespace, {}.", result.database));
    if (is_internal(result.database))
        refuse(31321, fmt::format("Can't $out to internal database: {}", result.database));
    if (result.collection.starts_with("system."))
        refuse(17385, fmt::format("Can't $out to special collection: {}", result.collection));
    return result;
}

class merge_compiler {
public:
    explicit merge_compiler(query_options const& options) : options_(options) { result_.stage = "$merge"; }

    pipeline_output compile(value const& source) {
        if (source.is_string())
            add_into(source);
        else if (auto const* const d = source.if_document())
            add_members(*d);
        else
            refuse(code::type_mismatch,
                fmt::format("$merge requires a string or object argument, but found {}", to_string(source.type())));
        check_target();
        check_modes();
        add_variables();
        return std::move(result_);
    }

private:
    void add_members(document const& d) {
        if (!d.contains("into"))
            refuse(40414, "BSON field '$merge.into' is missing but a required field");
        for (auto const& [key, v] : d) {
            if (key == "into")
                add_into(v);
            else if (key == "on")
                add_on(v);
            else if (key == "whenMatched")
                add_when_matched(v);
            else if (key == "whenNotMatched")
                result_.when_not_matched =
                    chosen(when_not_matched, "$merge.whenNotMatched", typed(key, v, bson_type::string).as_string());
            else if (key == "let")
                let_ = typed(key, v, bson_type::document).as_document();
            else
                refuse_unknown(fmt::format("$merge.{}", key));
        }
    }

    static value const& typed(std::string_view key, value const& v, bson_type type) {
        if (v.type() != type)
            refuse(code::type_mismatch, fmt::format("BSON field '$merge.{}' is the wrong type '{}', expected type '{}'", key,
                                            to_string(v.type()), to_string(type)));
        return v;
    }

    void add_into(value const& v) {
        auto const* const d = v.if_document();
        if (d == nullptr) {
            if (!v.is_string())
                refuse(51178,
                    fmt::format("$merge 'into' field  must be either a string or an object, but found {}", to_string(v.type())));
            result_.collection = v.as_string();
            return;
        }
        for (auto const& [key, member] : *d) {
            if (key != "db" && key != "coll")
                refuse_unknown(fmt::format("into.{}", key));
            if (!member.is_string())
                refuse(code::type_mismatch, fmt::format("BSON field 'into.{}' is the wrong type '{}', expected type 'string'",
                                                key, to_string(member.type())));
            (key == "db" ? result_.database : result_.collection) = member.as_string();
        }
        if (result_.collection.empty())
            refuse(5786801, "$merge 'into' field must specify a 'coll' that is not empty, null or undefined");
    }

    void add_on(value const& v) {
        auto const add = [&](std::string_view path) {
            checked_path(path);
            if (std::ranges::find(result_.on, path) != result_.on.end())
                refuse(31465, fmt::format("Found a duplicate field '{}'", path));
            result_.on.emplace_back(path);
        };
        if (v.is_string())
            return add(v.as_string());
        auto const* const list = v.if_array();
        if (list == nullptr)
            refuse(51186, fmt::format("$merge 'on' field  must be either a string or an array of strings, but found {}",
                              to_string(v.type())));
        if (list->empty())
            refuse(51187, "If explicitly specifying $merge 'on', must include at least one field");
        for (value const& each : *list) {
            if (!each.is_string())
                refuse(51134, fmt::format("$merge 'on' array elements must be strings, but found {}", to_string(each.type())));
            add(each.as_string());
        }
    }

    void add_when_matched(value const& v) {
        if (auto const* const stages = v.if_array()) {
            result_.when_matched = matched::update;
            result_.update = *stages;
        } else if (v.is_string()) {
            result_.when_matched = chosen(when_matched, "whenMatched", v.as_string());
        } else {
            refuse(51191, fmt::format("$merge 'whenMatched' field  must be either a string or an array, but found {}",
                              to_string(v.type())));
        }
    }

    void check_target() const {
        if (result_.collection.empty())
            refuse(invalid_namespace, fmt::format("Invalid $merge target namespace: '{}.'", result_.database));
        if (is_internal(result_.database))
            refuse(31320, fmt::format("Cannot $merge to internal database: {}", result_.database));
        if (result_.collection.starts_with("system."))
            refuse(31319, fmt::format("Cannot $merge to special collection: {}", result_.collection));
    }

    void check_modes() const {
        bool const keeps = result_.when_matched == matched::keep_existing || result_.when_matched == matched::fail;
        if (keeps && result_.when_not_matched != not_matched::insert)
            refuse(51181, fmt::format("Combination of $merge modes 'whenMatched: {}' and 'whenNotMatched: {}' is not supported",
                              name_of(when_matched, result_.when_matched), name_of(when_not_matched, result_.when_not_matched)));
        if (let_ && result_.when_matched != matched::update)
            refuse(51199, fmt::format("Cannot use 'let' variables with 'whenMatched: {}' mode",
                              name_of(when_matched, result_.when_matched)));
    }

    /// The document itself is `$$new`: where it may be inserted, and where `let` does not leave it out.
    void add_variables() {
        if (result_.when_matched != matched::update)
            return;
        std::vector<std::pair<std::string, bound_expression>> variables;
        query_options within = options_;
        within.let.set("new", document());
        for (auto const& [name, source] : let_.value_or(document())) {
            if (name == "new" && !(source.is_string() && source.as_string() == "$$ROOT"))
                refuse(51273, "'let' may not define a value for the reserved 'new' variable other than '$$ROOT'");
            if (name != "new")
                variables.emplace_back(variable_name(name), bound_expression(source, options_));
            within.let.set(name, undefined());
        }
        pipeline::compile(result_.update, within); // refuses what is wrong with it before anything is read
        bool const gives_new = result_.when_not_matched == not_matched::insert || !let_ || let_->contains("new");
        result_.variables = [variables = std::move(variables), gives_new](document const& merged) {
            document made;
            for (auto const& [name, e] : variables) {
                if (auto v = e.evaluate(merged); !v.missing())
                    made.set(name, std::move(v).take());
            }
            if (gives_new)
                made.set("new", merged);
            return made;
        };
    }

    query_options const& options_;
    pipeline_output result_;
    std::optional<document> let_;
};

} // namespace

std::optional<pipeline_output> compile_output(std::string_view stage, value const& source, query_options const& options) {
    if (stage == "$out")
        return compile_out(source);
    if (stage == "$merge")
        return merge_compiler(options).compile(source);
    return std::nullopt;
}

void refuse_output(std::shared_ptr<pipeline_output const> const& output, int server_code, std::string_view within) {
    if (output)
        refuse(server_code, fmt::format("{} is not allowed within a {}'s sub-pipeline", output->stage, within));
}

} // namespace cormorant::memory
