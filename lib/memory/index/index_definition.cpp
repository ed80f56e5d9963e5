#include "index.hpp"
#include "memory/value/server_text.hpp"

#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace cormorant::memory {

namespace {

constexpr int cannot_create_index = 67;
constexpr int invalid_specification_option = 197;

/// `listIndexes` answers the options in this order, whatever the order in which they were given.
constexpr std::array known_options{
    "background", "unique", "hidden", "partialFilterExpression", "sparse", "expireAfterSeconds", "collation"};

/// Of text indexes; `listIndexes` answers them last.
constexpr std::array<std::string_view, 4> text_options{"weights", "default_language", "language_override", "textIndexVersion"};

[[noreturn]] void refuse_specification(document const& specification, int code, std::string_view reason) {
    refuse(code, fmt::format("Error in specification {} :: caused by :: {}", server_text(specification), reason));
}

class compiler {
public:
    explicit compiler(index_model const& model) : model_(model) {
        specification_.set("key", model.keys).set("name", model.name()).merge(model.options);
    }

    index_definition run() {
        definition_.keys = model_.keys;
        bool const is_text = std::ranges::any_of(model_.keys, [](auto const& key) { return key.value().if_string() == "text"; });
        if (is_text)
            compile_text();
        else
            compile_keys();
        definition_.name = std::string(specification_.at("name").as_string());
        if (definition_.name.empty())
            refuse_specification(specification_, cannot_create_index, "index name cannot be empty");
        if (definition_.name == "*")
            refuse(code::bad_value, "The index name '*' is not valid.");
        compile_options();
        list();
        return std::move(definition_);
    }

private:
    void compile_keys() {
        if (model_.keys.empty())
            refuse_specification(specification_, cannot_create_index, "Index keys cannot be empty.");
        for (auto const& [path, direction] : model_.keys) {
            check_path(path);
            if (auto const kind = direction.if_string()) {
                if (*kind == "2dsphere" || *kind == "2d" || *kind == "hashed" || *kind == "geoHaystack")
                    unsupported(fmt::format("the memory store has no \"{}\" indexes", *kind));
                refuse_specification(specification_, cannot_create_index, fmt::format("Unknown index plugin '{}'", *kind));
            }
            auto const number = direction.if_double();
            if (!number)
                refuse_specification(specification_, cannot_create_index,
                    fmt::format(
                        "Values in v:2 index key pattern cannot be of type {}. Only numbers > 0, numbers < 0, and strings "
                        "are allowed.",
                        to_string(direction.type())));
            if (!(*number < 0) && !(*number > 0))
                refuse_specification(specification_, cannot_create_index, "Values in the index key pattern cannot be 0.");
            definition_.parts.push_back({std::string(path), *number < 0});
            definition_.paths.emplace_back(path);
        }
    }

    // --- text indexes

    /// The keys become those of the server: `{before: 1, _fts: "text", _ftsx: 1, after: 1}`.
    void compile_text() {
        auto made = std::make_shared<text_specification>();
        document keys;
        bool ended = false;
        for (auto at = model_.keys.begin(); at != model_.keys.end(); ++at) {
            auto const path = at->key();
            bool const wildcard = path == "$**";
            if (!wildcard)
                check_path(path);
            auto const kind = at->value().if_string();
            if (kind && *kind != "text")
                refuse_specification(
                    specification_, cannot_create_index, "Can't use more than one index plugin for a single index.");
            if (!kind) {
                if (!at->value().is_number() || at->value().as_double() == 0)
                    refuse_specification(
                        specification_, cannot_create_index, "Values in the index key pattern must be numbers but 0.");
                ended = keys.contains("_fts");
                keys.append(path, at->value());
                (ended ? made->suffix : made->prefix).emplace_back(path);
                continue;
            }
            if (ended)
                refuse_specification(specification_, cannot_create_index, "'text' fields in index must all be adjacent");
            keys.set("_fts", "text").set("_ftsx", 1);
            if (path == "_fts") { // as `listIndexes` shows it; the fields are those of the weights
                auto const next = std::next(at);
                if (next == model_.keys.end() || next->key() != "_ftsx")
                    refuse_specification(specification_, cannot_create_index, "expected _ftsx after _fts");
                at = next;
            } else {
                made->weights[std::string(path)] = 1;
            }
        }
        compile_weights(*made);
        made->wildcard = made->weights.erase("$**") != 0;
        made->default_language = compile_language();
        made->language_override = text_option("language_override", "language");
        if (made->language_override.empty())
            refuse_specification(specification_, cannot_create_index, "language_override is not valid");
        check_version();
        definition_.text = std::move(made);
        definition_.keys = std::move(keys);
        // The tree has one entry for each word.
        definition_.parts.push_back({"_fts", false});
        definition_.paths.emplace_back("_fts");
    }

    void compile_weights(text_specification& made) {
        if (auto const* const given = model_.options.find("weights")) {
            if (!given->is_document())
                refuse_specification(specification_, cannot_create_index, "text index option 'weights' must be an object");
            for (auto const& [path, v] : given->as_document()) {
                if (!v.is_number())
                    refuse_specification(specification_, cannot_create_index, "weight for text index needs numeric type");
                double const weight = std::trunc(v.as_double());
                if (!(weight > 0 && weight < 100000))
                    refuse_specification(specification_, cannot_create_index,
                        fmt::format("text index weight must be in the exclusive interval (0,100000) but found: {}", weight));
                made.weights[std::string(path)] = weight;
            }
        }
        for (auto const& [path, weight] : made.weights)
            weights_.append(path, static_cast<std::int32_t>(weight));
    }

    std::string text_option(char const* name, std::string_view otherwise) const {
        auto const* const given = model_.options.find(name);
        if (given != nullptr && !given->is_string())
            refuse_specification(specification_, code::type_mismatch,
                fmt::format("The field '{}' must be a string, but got {}", name, to_string(given->type())));
        return std::string(given == nullptr ? otherwise : given->as_string());
    }

    text_language const* compile_language() const {
        auto const* const found = text_language::find(text_option("default_language", "english"));
        if (found == nullptr)
            refuse_specification(specification_, cannot_create_index, "default_language is not valid");
        return found;
    }

    void check_version() const {
        auto const* const given = model_.options.find("textIndexVersion");
        if (given == nullptr || *given == value(3))
            return;
        if (*given == value(1) || *given == value(2))
            unsupported(fmt::format("the memory store has no text indexes of version {}", to_string(*given)));
        refuse_specification(specification_, cannot_create_index, fmt::format("bad textIndexVersion: {}", to_string(*given)));
    }

    void check_path(std::string_view path) const {
        if (path.empty())
            refuse_specification(specification_, cannot_create_index, "Index keys cannot be an empty field.");
        if (path == "$**" || path.ends_with(".$**"))
            unsupported("the memory store has no wildcard indexes");
        if (path.starts_with('.') || path.ends_with('.') || path.find("..") != std::string_view::npos)
            refuse_specification(specification_, cannot_create_index, "Index keys cannot contain an empty field.");
        if (path.starts_with('$') || path.find(".$") != std::string_view::npos)
            refuse_specification(
                specification_, cannot_create_index, "Index key contains an illegal field name: field name starts with '$'.");
    }

    bool flag(std::string_view name, value const& v) const {
        if (!v.is_bool() && !v.is_number())
            refuse_specification(specification_, code::type_mismatch,
                fmt::format("The field '{0} has value {0}: {1}, which is not convertible to bool", name, server_text(v)));
        return v.truthy();
    }

    void compile_options() {
        bool const is_id = definition_.keys.size() == 1 && definition_.keys.begin()->key() == "_id";
        for (auto const& [name, v] : model_.options) {
            if (is_id && name != "name" && name != "v" && name != "background" && name != "collation" && name != "ns")
                refuse(invalid_specification_option,
                    fmt::format("The field '{}' is not valid for an _id index specification. Specification: {}", name,
                        server_text(specification_)));
            if (name == "unique") {
                definition_.unique = flag(name, v);
            } else if (name == "sparse") {
                definition_.sparse = flag(name, v);
            } else if (name == "hidden") {
                definition_.hidden = flag(name, v);
            } else if (name == "background") {
                flag(name, v);
            } else if (name == "expireAfterSeconds") {
                check_expiry(v);
            } else if (name == "partialFilterExpression") {
                compile_partial(v);
            } else if (name == "collation") {
                if (!v.is_document())
                    refuse_specification(specification_, code::type_mismatch, "The field 'collation' must be an object");
                definition_.collation = collator::make(v.as_document());
            } else if (definition_.text && std::ranges::find(text_options, name) != text_options.end()) {
                continue; // done with the keys
            } else if (name == "weights") {
                refuse_specification(specification_, cannot_create_index,
                    fmt::format("the field '{}' can only be specified with text indexes", name));
            } else if (name == "storageEngine" || name == "default_language" || name == "language_override" ||
                       name == "textIndexVersion" || name == "wildcardProjection") {
                unsupported(fmt::format("the memory store does not know the index option \"{}\"", name));
            } else if (name != "name" && name != "v" && name != "ns") {
                refuse_specification(specification_, invalid_specification_option,
                    fmt::format("The field '{}' is not valid for an index specification. Specification: {}", name,
                        server_text(specification_)));
            }
        }
        if (definition_.text && (definition_.unique || definition_.partial_filter))
            unsupported("the memory store has no unique or partial text indexes");
        if (definition_.text && definition_.collation)
            refuse_specification(specification_, cannot_create_index, "Index type 'text' does not support collation");
        if (definition_.sparse && definition_.partial_filter)
            refuse_specification(
                specification_, cannot_create_index, "cannot mix \"partialFilterExpression\" and \"sparse\" options");
    }

    void check_expiry(value const& v) const {
        auto const text = [&] { return server_text(specification_); };
        auto const seconds = v.if_double();
        if (!seconds)
            refuse(
                cannot_create_index, fmt::format("TTL index 'expireAfterSeconds' option must be numeric, but received a type of "
                                                 "'{}'. Index spec: {}",
                                         to_string(v.type()), text()));
        if (!(*seconds >= 0) || *seconds > std::numeric_limits<std::int32_t>::max())
            refuse(cannot_create_index,
                fmt::format(
                    "TTL index 'expireAfterSeconds' option must be within an acceptable range, try a different number than "
                    "{}. Index spec: {}",
                    server_text(v), text()));
        if (definition_.parts.size() != 1)
            refuse(cannot_create_index,
                fmt::format("TTL indexes are single-field indexes, compound indexes do not support TTL. Index spec: {}", text()));
    }

    void compile_partial(value const& v) {
        auto const* filter = v.if_document();
        if (filter == nullptr)
            refuse_specification(specification_, code::type_mismatch,
                fmt::format("The field 'partialFilterExpression' must be an object, but got {}", to_string(v.type())));
        check_partial(*filter);
        definition_.partial_filter = std::make_shared<document const>(*filter);
        definition_.partial = matcher::compile(*definition_.partial_filter);
    }

    [[noreturn]] void refuse_partial(std::string_view what) const {
        refuse_specification(
            specification_, cannot_create_index, fmt::format("Expression not supported in partial index: {}", what));
    }

    /// Only what can be decided from the index's point of view is allowed; the list is the server's.
    void check_partial(document const& filter) const {
        for (auto const& [key, condition] : filter) {
            if (key == "$and" || key == "$or") {
                if (!condition.is_array())
                    refuse(code::bad_value, fmt::format("{} must be an array", key));
                for (value const& branch : condition.as_array()) {
                    if (branch.is_document())
                        check_partial(branch.as_document());
                }
            } else if (key.starts_with('$')) {
                refuse_partial(key);
            } else if (condition.is_regex()) {
                refuse_partial(fmt::format("{} regex {}", key, server_text(condition)));
            } else if (auto const* operators = condition.if_document()) {
                for (auto const& [name, operand] : *operators) {
                    bool const allowed = !name.starts_with('$') || name == "$eq" || name == "$gt" || name == "$gte" ||
                                         name == "$lt" || name == "$lte" || name == "$in" || name == "$type" ||
                                         (name == "$exists" && operand.truthy());
                    if (!allowed)
                        refuse_partial(name == "$exists" ? "$not" : name);
                }
            }
        }
    }

    void list() {
        auto& out = definition_.listing;
        out.set("v", 2).set("key", definition_.keys).set("name", definition_.name);
        for (char const* const name : known_options) {
            auto const* given = model_.options.find(name);
            if (given == nullptr)
                continue;
            std::string_view const option = name;
            // The server leaves out these two when they are off, and says the others as they were given.
            if ((option == "unique" || option == "hidden") && !given->truthy())
                continue;
            if (option == "expireAfterSeconds")
                out.set(option, static_cast<std::int32_t>(given->as_double()));
            else if (option == "collation" && !definition_.collation)
                continue; // {locale: "simple"}
            else if (option == "collation" || option == "partialFilterExpression")
                out.set(option, *given);
            else
                out.set(option, given->truthy());
        }
        if (definition_.text) {
            out.set("weights", weights_)
                .set("default_language", text_option("default_language", "english"))
                .set("language_override", definition_.text->language_override)
                .set("textIndexVersion", 3);
        }
    }

    index_model const& model_;
    document specification_;
    index_definition definition_;
    /// Of a text index, as `listIndexes` shows them.
    document weights_;
};

} // namespace

index_definition index_definition::compile(index_model const& model) {
    if (model.keys.size() == 1 && model.keys.begin()->key() == "_id") {
        auto const direction = model.keys.begin()->value().if_double();
        if (direction && *direction != 1.0)
            refuse(code::bad_value,
                fmt::format("The field 'key' for an _id index must be {{_id: 1}}, but got {}", server_text(model.keys)));
        auto result = compiler(model).run();
        result.unique = true;
        return result;
    }
    return compiler(model).run();
}

index_definition index_definition::from_listing(document const& listing) {
    index_model model;
    for (auto const& [name, v] : listing) {
        if (name == "key")
            model.keys = v.as_document();
        else
            model.options.append(name, v);
    }
    return compile(model);
}

index_definition index_definition::of_id() {
    index_definition result;
    result.name = "_id_";
    result.keys = doc("_id", 1);
    result.parts.push_back({"_id", false});
    result.paths.emplace_back("_id");
    result.unique = true;
    result.listing = doc("v", 2, "key", result.keys, "name", result.name);
    return result;
}

bool is_same_index(index_definition const& asked, index_definition const& existing) {
    // A second index on `_id` under any name is the one that is there.
    if (existing.is_id() && asked.keys == existing.keys)
        return true;
    auto const same_option = [&](std::string_view name) {
        auto const* a = asked.listing.find(name);
        auto const* b = existing.listing.find(name);
        return a == nullptr || b == nullptr ? a == b : identical(*a, *b);
    };
    if (asked.text && existing.text && asked.keys != existing.keys)
        refuse(cannot_create_index,
            fmt::format("only one text index per collection allowed, found existing text index \"{}\"", existing.name));
    bool const same_text = std::ranges::all_of(text_options, same_option);
    bool const equivalent = asked.keys == existing.keys && asked.unique == existing.unique && asked.sparse == existing.sparse &&
                            same_option("partialFilterExpression") && same_option("collation");
    if (equivalent && asked.name != existing.name)
        refuse(85, fmt::format("Index already exists with a different name: {}", existing.name));
    if (equivalent && (!same_option("expireAfterSeconds") || !same_text))
        refuse(
            85, fmt::format("An equivalent index already exists with the same name but different options. Requested index: {}, "
                            "existing index: {}",
                    server_text(asked.listing), server_text(existing.listing)));
    if (!equivalent && asked.name == existing.name)
        refuse(86,
            fmt::format("An existing index has the same name as the requested index. When index names are not specified, they "
                        "are auto generated and can cause conflicts. Please refer to our documentation. Requested index: {}, "
                        "existing index: {}",
                server_text(asked.listing), server_text(existing.listing)));
    return equivalent;
}

} // namespace cormorant::memory
