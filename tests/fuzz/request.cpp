// Requests: no input becomes an operator, a path or a key that the policy does not allow. What came out is judged by the tables
// below, which know nothing of how it was made.

#include "fuzz.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/model/model.hpp>

#include <algorithm>
#include <map>
#include <set>

using namespace cormorant;

namespace {

using names = std::set<std::string, std::less<>>;

std::map<std::string, names, std::less<>> const operators_of{
    {"status", {"$eq", "$ne", "$in", "$nin", "$exists"}},
    {"title", {"$eq", "$regex", "$options"}},
    {"age", {"$eq", "$gt", "$gte", "$lt", "$lte"}},
    {"born", {"$gte"}},
    {"owner", {"$eq", "$in"}},
    {"address.city", {"$eq", "$in"}},
    {"rows.n", {"$eq"}},
    {"anything", {"$eq"}},
};
names const sorts{"title", "age"};
names const chosen{"title", "status", "address", "author.name"};
names const asked_hooks{"afterFind_author", "author.afterFind_image", "afterFind_preview"};
names const written{"title", "age", "born", "free", "tags", "anything", "address.city"};

cormorant::model const& posts() {
    static cormorant::model const made(
        model_definition("posts")
            .field("status", string())
            .field("title", string().required())
            .field("age", integer())
            .field("born", date())
            .field("owner", id())
            .field("address", object().field("city", string()).field("zip", string()))
            .field("rows", array_of(object().field("n", integer())))
            .field("tags", array_of(string()))
            .field("free", object())
            .field("anything", any())
            .relation(single("author").model("people"))
            .requests(
                request_policy()
                    .filter("status", filter_word::eq, filter_word::ne, filter_word::in, filter_word::nin, filter_word::exists)
                    .filter("title", filter_word::eq, filter_word::contains, filter_word::starts_with, filter_word::regex)
                    .filter("age", filter_word::eq, filter_word::gt, filter_word::gte, filter_word::lt, filter_word::lte)
                    .filter("born", filter_word::gte)
                    .filter("owner")
                    .filter("address.city")
                    .filter("rows.n", filter_word::eq)
                    .filter("anything", filter_word::eq)
                    .sort("title", "age")
                    .fields("title", "status", "address", "author.name")
                    .include("author", "author.image")
                    .hooks("afterFind_preview")
                    .write("title", "age", "born", "free", "tags", "anything", "address.city")
                    .page_size(20, 50)
                    .max_skip(1000)
                    .max_clauses(6)
                    .max_list(4)));
    return made;
}

bool is_scalar(value const& v) {
    return !v.is_document() && !v.is_array() && !v.is_regex() && v.type() != bson_type::code &&
           v.type() != bson_type::code_with_scope;
}

void check_operator(std::string_view path, std::string_view name, value const& operand) {
    auto const& allowed = operators_of.find(path)->second;
    fuzz::require(allowed.contains(name), std::string(path) + " is compared by " + std::string(name));
    if (name == "$in" || name == "$nin") {
        fuzz::require(operand.is_array() && operand.as_array().size() <= 4, "a list is short");
        for (value const& item : operand.as_array())
            fuzz::require(is_scalar(item), "a list holds values");
    } else if (name == "$regex" || name == "$options") {
        fuzz::require(operand.is_string(), "a pattern is a text");
    } else {
        fuzz::require(is_scalar(operand), std::string(name) + " takes a value");
    }
}

int check_filter(document const& filter, int depth) {
    fuzz::require(depth <= 6, "a filter is not deep");
    int clauses = 0;
    for (auto const& member : filter) {
        auto const key = member.key();
        if (key == "$and" || key == "$or") {
            for (value const& part : member.value().as_array())
                clauses += check_filter(part.as_document(), depth + 1);
            continue;
        }
        fuzz::require(operators_of.contains(key), "filtered by " + std::string(key));
        auto const* const condition = member.value().if_document();
        fuzz::require(condition != nullptr && !condition->empty(), "every condition says its operator");
        for (auto const& comparison : *condition)
            check_operator(key, comparison.key(), comparison.value());
        ++clauses;
    }
    return clauses;
}

bool is_or_is_below(names const& allowed, std::string_view path) {
    return std::any_of(allowed.begin(), allowed.end(),
        [&](std::string const& a) { return path == a || (path.starts_with(a) && path[a.size()] == '.'); });
}

void check_query(allowed_query const& q) {
    fuzz::require(check_filter(q.filter, 0) <= 6, "a filter has few conditions");
    fuzz::require(!posts().schema()->unknown_path(q.filter), "all paths are declared");
    for (auto const& member : q.options.sort_value)
        fuzz::require(sorts.contains(member.key()) && member.value().is_number(), "sorted by " + std::string(member.key()));
    for (auto const& member : q.options.fields_value)
        fuzz::require((is_or_is_below(chosen, member.key()) || member.key() == "author") && member.value() == value(1),
            "chosen: " + std::string(member.key()));
    fuzz::require(q.options.limit_value >= 1 && q.options.limit_value <= 50, "a page has its size");
    fuzz::require(q.options.skip_value >= 0 && q.options.skip_value <= 1000, "a page is near");
    fuzz::require(q.options.options_value.empty() && q.options.custom.empty() && !q.options.random_value && !q.options.hint_value,
        "no option comes from outside");
    if (q.options.hooks_value) {
        for (hook_request const& hook : *q.options.hooks_value)
            fuzz::require(asked_hooks.contains(hook.name) && !hook.args, "asked for " + hook.name);
    }
}

void check_data(value const& v) {
    if (auto const* d = v.if_document()) {
        for (auto const& member : *d) {
            auto const key = member.key();
            fuzz::require(!key.empty() && !key.starts_with('$') && key.find('.') == key.npos && key.find('\0') == key.npos &&
                              key != "__proto__" && key != "constructor" && key != "prototype",
                "a key is a plain name");
            check_data(member.value());
        }
    } else if (auto const* a = v.if_array()) {
        std::for_each(a->begin(), a->end(), check_data);
    } else {
        fuzz::require(is_scalar(v), "data is data");
    }
}

void check_body(document const& body) {
    check_data(body);
    for (auto const& member : body) {
        if (member.key() != "address")
            fuzz::require(written.contains(member.key()), "written: " + std::string(member.key()));
        else
            for (auto const& part : member.value().as_document())
                fuzz::require(part.key() == "city", "written: address." + std::string(part.key()));
    }
}

void check_changes(value const& delta) {
    fuzz::require(!delta.as_document().empty(), "something is changed");
    for (auto const& member : delta.as_document()) {
        fuzz::require(member.key() == "$set" || member.key() == "$unset", "changed by " + std::string(member.key()));
        for (auto const& change : member.value().as_document()) {
            fuzz::require(written.contains(change.key()), "changed: " + std::string(change.key()));
            check_data(change.value());
        }
    }
}

/// Runs `f`, whose refusals have the codes that a service answers with.
template <class F>
void answer(F&& f) {
    try {
        f();
    } catch (error const& e) {
        auto const code = e.code();
        fuzz::require(code == errc::unauthorized || code == errc::invalid_argument || code == errc::limit_exceeded ||
                          code == errc::bad_json,
            "a request is refused as one: " + e.report());
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0)
        return 0;
    auto const text = fuzz::text_of(data + 1, size - 1);
    answer([&] {
        auto const input = data[0] == '?' ? untrusted::parse_query(text) : untrusted::parse_json(fuzz::text_of(data, size));
        answer([&] { check_query(posts().query(input)); });
        answer([&] { check_body(posts().accept(input)); });
        answer([&] { check_changes(posts().changes(input)); });
    });
    return 0;
}
