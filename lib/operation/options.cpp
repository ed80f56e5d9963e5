#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/operation/options.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace cormorant {

namespace {

[[noreturn]] void refuse(std::string_view name, std::string_view wanted, value const& v) {
    diagnostics details;
    details.path = name;
    details.value = shorten(v);
    throw error(
        errc::invalid_argument, fmt::format("the option '{}' must be {}, not {}", name, wanted, shorten(v)), std::move(details));
}

void read(std::string_view name, value const& v, bool& out) {
    auto const flag = v.if_bool();
    if (!flag) {
        refuse(name, "true or false", v);
    }
    out = *flag;
}

void read(std::string_view name, value const& v, std::optional<bool>& out) {
    read(name, v, out.emplace());
}

void read(std::string_view name, value const& v, std::int64_t& out) {
    auto const number = v.if_int64();
    if (!number || *number < 0) {
        refuse(name, "an integer that is not negative", v);
    }
    out = *number;
}

void read(std::string_view name, value const& v, std::int32_t& out) {
    std::int64_t number = 0;
    read(name, v, number);
    if (number > std::numeric_limits<std::int32_t>::max()) {
        refuse(name, "an integer of 32 bits", v);
    }
    out = static_cast<std::int32_t>(number);
}

void read(std::string_view name, value const& v, document& out) {
    auto const* const d = v.if_document();
    if (d == nullptr) {
        refuse(name, "a document", v);
    }
    out = *d;
}

void read(std::string_view name, value const& v, array& out) {
    auto const* const items = v.if_array();
    if (items == nullptr) {
        refuse(name, "an array", v);
    }
    out = *items;
}

/// An index.
void read(std::string_view name, value const& v, std::string& out) {
    auto const text = v.if_string();
    if (!text) {
        refuse(name, "text", v);
    }
    out = *text;
}

void read(std::string_view name, value const& v, std::optional<value>& out) {
    if (!v.is_string() && !v.is_document()) {
        refuse(name, "the name or the keys of an index", v);
    }
    out = v;
}

/// `{title: 1}` or `["title"]`.
void read_fields(std::string_view name, value const& v, document& out) {
    auto const* const names = v.if_array();
    if (names == nullptr) {
        read(name, v, out);
        return;
    }
    out.clear();
    for (auto const& item : *names) {
        auto const text = item.if_string();
        if (!text) {
            refuse(name, "a document or an array of names", v);
        }
        out.set(*text, 1);
    }
}

/// A document, or a short form of it: `"majority"` for `{level: "majority"}`.
void read_short(std::string_view name, value const& v, std::string_view key, document& out) {
    if (v.is_string() || v.is_number()) {
        out = doc(key, v);
    } else {
        read(name, v, out);
    }
}

void put(document& out, std::string_view name, document const& d) {
    if (!d.empty()) {
        out.set(name, d);
    }
}

void put(document& out, std::string_view name, std::int64_t n) {
    if (n != 0) {
        out.set(name, n);
    }
}

void put(document& out, std::string_view name, std::string const& text) {
    if (!text.empty()) {
        out.set(name, text);
    }
}

void put(document& out, std::string_view name, std::optional<value> const& v) {
    if (v) {
        out.set(name, *v);
    }
}

template <class Options>
struct option {
    std::string_view name;
    void (*set)(Options&, std::string_view name, value const&);
};

/// An option that is kept in one member.
template <auto Member, class Options>
void set_member(Options& o, std::string_view name, value const& v) {
    read(name, v, o.*Member);
}

template <class Options, std::size_t N>
bool set_from(std::array<option<Options>, N> const& table, Options& o, std::string_view name, value const& v) {
    auto const* const found = std::find_if(table.begin(), table.end(), [&](auto const& entry) { return entry.name == name; });
    if (found == table.end()) {
        return false;
    }
    found->set(o, name, v);
    return true;
}

} // namespace

hook_requests parse_hook_requests(value const& list) {
    auto const* const items = list.if_array();
    if (items == nullptr) {
        refuse("hooks", "an array", list);
    }
    hook_requests result;
    result.reserve(items->size());
    for (auto const& item : *items) {
        if (auto const name = item.if_string()) {
            result.emplace_back(std::string(*name));
            continue;
        }
        auto const* const d = item.if_document();
        auto const* const name = d == nullptr ? nullptr : d->find("name");
        if (name == nullptr || !name->is_string()) {
            refuse("hooks", "an array of names or of {name[, args]}", item);
        }
        hook_request request{std::string(name->as_string())};
        for (auto const& [key, v] : *d) {
            if (key == "args") {
                read("hooks.args", v, request.args.emplace());
            } else if (key != "name") {
                refuse("hooks", "an array of names or of {name[, args]}", item);
            }
        }
        result.push_back(std::move(request));
    }
    return result;
}

array to_array(hook_requests const& requests) {
    array result;
    result.reserve(requests.size());
    for (auto const& request : requests) {
        auto item = doc("name", request.name);
        if (request.args) {
            item.append("args", *request.args);
        }
        result.push_back(std::move(item));
    }
    return result;
}

void operation_options::set(std::string_view name, value const& v) {
    if (!set_own(name, v)) {
        custom.set(name, v);
    }
}

void operation_options::merge(document const& more) {
    for (auto const& [name, v] : more) {
        set(name, v);
    }
}

void operation_options::lift_options() {
    document const given = std::move(options_value);
    options_value.clear();
    for (auto const& [name, v] : given) {
        bool const own = name != "hooks" && name != "context" && name != "options" && set_own(name, v);
        if (!own) {
            options_value.set(name, v);
        }
    }
}

bool operation_options::set_own(std::string_view name, value const& v) {
    using self = operation_options;
    static constexpr std::array<option<self>, 7> table{{
        {"hooks", [](self& o, std::string_view, value const& given) { o.hooks_value = parse_hook_requests(given); }},
        {"context",
            [](self& o, std::string_view key, value const& given) {
                document values;
                read(key, given, values);
                o.context_value.share();
                for (auto const& [inner, item] : values) {
                    o.context_value.set(inner, item);
                }
            }},
        {"options", &set_member<&self::options_value, self>},
        {"timeoutMS",
            [](self& o, std::string_view key, value const& given) {
                std::int64_t milliseconds = 0;
                read(key, given, milliseconds);
                o.deadline_value.reset();
                if (milliseconds != 0) {
                    o.deadline_value = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
                }
            }},
        {"readPreference",
            [](self& o, std::string_view key, value const& given) { read_short(key, given, "mode", o.read_preference_value); }},
        {"readConcern",
            [](self& o, std::string_view key, value const& given) { read_short(key, given, "level", o.read_concern_value); }},
        {"writeConcern",
            [](self& o, std::string_view key, value const& given) { read_short(key, given, "w", o.write_concern_value); }},
    }};
    return set_from(table, *this, name, v);
}

document operation_options::to_document() const {
    document result;
    if (hooks_value) {
        result.set("hooks", to_array(*hooks_value));
    }
    put(result, "context", context_value.values());
    put(result, "options", options_value);
    put(result, "readPreference", read_preference_value);
    put(result, "readConcern", read_concern_value);
    put(result, "writeConcern", write_concern_value);
    result.merge(custom);
    return result;
}

bool find_options::set_own(std::string_view name, value const& v) {
    using self = find_options;
    constexpr auto set_fields = [](self& o, std::string_view key, value const& given) {
        read_fields(key, given, o.fields_value);
    };
    static constexpr std::array<option<self>, 14> table{{
        {"fields", set_fields},
        {"projection", set_fields}, // the driver's word
        {"sort",
            [](self& o, std::string_view key, value const& given) {
                o.shuffle = given.if_string() == "random";
                if (o.shuffle) {
                    o.sort_value.clear();
                } else {
                    read(key, given, o.sort_value);
                }
            }},
        {"skip", &set_member<&self::skip_value, self>},
        {"limit", &set_member<&self::limit_value, self>},
        {"per", &set_member<&self::per_value, self>},
        {"random", [](self& o, std::string_view key, value const& given) { read(key, given, o.random_value.emplace()); }},
        {"maxSize", &set_member<&self::max_size_value, self>},
        {"castDocs", &set_member<&self::cast_docs_value, self>},
        {"count", &set_member<&self::count_value, self>},
        {"collation", &set_member<&self::collation_value, self>},
        {"hint", &set_member<&self::hint_value, self>},
        {"batchSize", &set_member<&self::batch_size_value, self>},
        {"loader", &set_member<&self::loader_value, self>},
    }};
    return set_from(table, *this, name, v) || basic_options::set_own(name, v);
}

document find_options::to_document() const {
    auto result = basic_options::to_document();
    // What hooks of a find can rely on is always there.
    for (auto const name : {"context", "options"}) {
        if (!result.contains(name)) {
            result.set(name, document());
        }
    }
    result.set("fields", fields_value);
    result.set("castDocs", cast_docs_value);
    if (shuffle) {
        result.set("sort", "random");
    } else {
        put(result, "sort", sort_value);
    }
    put(result, "skip", skip_value);
    put(result, "limit", limit_value);
    put(result, "per", per_value);
    if (random_value) {
        result.set("random", *random_value);
    }
    put(result, "maxSize", max_size_value);
    if (count_value) {
        result.set("count", true);
    }
    put(result, "collation", collation_value);
    put(result, "hint", hint_value);
    put(result, "batchSize", batch_size_value);
    if (loader_value) {
        result.set("loader", *loader_value);
    }
    return result;
}

bool count_options::set_own(std::string_view name, value const& v) {
    using self = count_options;
    static constexpr std::array<option<self>, 4> table{{
        {"collation", &set_member<&self::collation_value, self>},
        {"hint", &set_member<&self::hint_value, self>},
        {"skip", &set_member<&self::skip_value, self>},
        {"limit", &set_member<&self::limit_value, self>},
    }};
    return set_from(table, *this, name, v) || basic_options::set_own(name, v);
}

document count_options::to_document() const {
    auto result = basic_options::to_document();
    put(result, "collation", collation_value);
    put(result, "hint", hint_value);
    put(result, "skip", skip_value);
    put(result, "limit", limit_value);
    return result;
}

bool insert_options::set_own(std::string_view name, value const& v) {
    using self = insert_options;
    static constexpr std::array<option<self>, 2> table{{
        {"stripEmpty", &set_member<&self::strip_empty_value, self>},
        {"ordered", &set_member<&self::ordered_value, self>},
    }};
    return set_from(table, *this, name, v) || basic_options::set_own(name, v);
}

document insert_options::to_document() const {
    auto result = basic_options::to_document();
    if (!strip_empty_value) {
        result.set("stripEmpty", false);
    }
    if (!ordered_value) {
        result.set("ordered", false);
    }
    return result;
}

bool save_options::set_own(std::string_view name, value const& v) {
    using self = save_options;
    static constexpr std::array<option<self>, 2> table{{
        {"stripEmpty", &set_member<&self::strip_empty_value, self>},
        {"upsert",
            [](self&, std::string_view key, value const& given) {
                if (given.if_bool() != true) {
                    refuse(key, "true: a save writes the document in any case", given);
                }
            }},
    }};
    return set_from(table, *this, name, v) || basic_options::set_own(name, v);
}

document save_options::to_document() const {
    auto result = basic_options::to_document();
    if (!strip_empty_value) {
        result.set("stripEmpty", false);
    }
    // Hooks see what the store is asked to do.
    auto to_store = options_value;
    to_store.set("upsert", true);
    result.set("options", std::move(to_store));
    return result;
}

bool update_options::set_own(std::string_view name, value const& v) {
    using self = update_options;
    static constexpr std::array<option<self>, 6> table{{
        {"stripEmpty", &set_member<&self::strip_empty_value, self>},
        {"multi", &set_member<&self::multi_value, self>},
        {"upsert", &set_member<&self::upsert_value, self>},
        {"arrayFilters", &set_member<&self::array_filters_value, self>},
        {"collation", &set_member<&self::collation_value, self>},
        {"hint", &set_member<&self::hint_value, self>},
    }};
    return set_from(table, *this, name, v) || basic_options::set_own(name, v);
}

document update_options::to_document() const {
    auto result = basic_options::to_document();
    if (!strip_empty_value) {
        result.set("stripEmpty", false);
    }
    if (multi_value) {
        result.set("multi", true);
    }
    if (upsert_value) {
        result.set("upsert", true);
    }
    if (!array_filters_value.empty()) {
        result.set("arrayFilters", array_filters_value);
    }
    put(result, "collation", collation_value);
    put(result, "hint", hint_value);
    return result;
}

bool remove_options::set_own(std::string_view name, value const& v) {
    using self = remove_options;
    static constexpr std::array<option<self>, 3> table{{
        {"justOne", &set_member<&self::just_one_value, self>},
        {"collation", &set_member<&self::collation_value, self>},
        {"hint", &set_member<&self::hint_value, self>},
    }};
    return set_from(table, *this, name, v) || basic_options::set_own(name, v);
}

document remove_options::to_document() const {
    auto result = basic_options::to_document();
    if (just_one_value) {
        result.set("justOne", true);
    }
    put(result, "collation", collation_value);
    put(result, "hint", hint_value);
    return result;
}

bool aggregate_options::set_own(std::string_view name, value const& v) {
    using self = aggregate_options;
    // Fields of the server's command need no `options` around them here.
    constexpr auto pass_on = [](self& o, std::string_view key, value const& given) { o.options_value.set(key, given); };
    static constexpr std::array<option<self>, 11> table{{
        {"maxSize", &set_member<&self::max_size_value, self>},
        {"castDocs", &set_member<&self::cast_docs_value, self>},
        {"virtuals",
            [](self& o, std::string_view key, value const& given) {
                array names;
                read(key, given, names);
                o.virtuals_value.clear();
                for (auto const& item : names) {
                    if (!item.is_string()) {
                        refuse(key, "an array of names", given);
                    }
                    o.virtuals_value.emplace_back(item.as_string());
                }
            }},
        {"collation", &set_member<&self::collation_value, self>},
        {"hint", &set_member<&self::hint_value, self>},
        {"batchSize", &set_member<&self::batch_size_value, self>},
        {"allowDiskUse", pass_on},
        {"bypassDocumentValidation", pass_on},
        {"comment", pass_on},
        {"let", pass_on},
        {"maxTimeMS", pass_on},
    }};
    return set_from(table, *this, name, v) || basic_options::set_own(name, v);
}

document aggregate_options::to_document() const {
    auto result = basic_options::to_document();
    put(result, "maxSize", max_size_value);
    if (cast_docs_value) {
        result.set("castDocs", true);
    }
    if (!virtuals_value.empty()) {
        array names;
        for (auto const& name : virtuals_value) {
            names.push_back(name);
        }
        result.set("virtuals", std::move(names));
    }
    put(result, "collation", collation_value);
    put(result, "hint", hint_value);
    put(result, "batchSize", batch_size_value);
    return result;
}

} // namespace cormorant
