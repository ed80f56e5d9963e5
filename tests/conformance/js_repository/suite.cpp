#include "../suite.hpp"

#include "functions.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/repository/database_schema.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace conformance {

using boost::asio::awaitable;

namespace js_repository {
namespace {

using cormorant::database_schema;
using cormorant::datasource;
using cormorant::query;
using cormorant::repository;
using cormorant::type_kind;
using cormorant::where_clause;

value nothing() {
    return cormorant::undefined();
}

/// What a step says.
struct call {
    call(database_schema& s, document const& step) : schema(s), step_(step) {
        if (auto const* given = step.find("args"))
            args = given->as_document();
    }

    cormorant::repository repository() const { return schema.repository(step_.at("model").as_string()); }
    value argument(std::string_view key) const {
        auto const* const given = args.find(key);
        return given == nullptr ? nothing() : *given;
    }
    document data() const { return args.at("data").as_document(); }
    query filter() const { return query::parse(argument("filter")); }
    where_clause where() const { return where_clause::parse(argument("where")); }
    /// The original takes an empty condition for every document.
    cormorant::basic_selection<where_clause> which() const {
        auto given = where();
        if (given.where().empty())
            return cormorant::all;
        return given;
    }

    database_schema& schema;
    document args;

private:
    document const& step_;
};

// --- through a repository ------------------------------------------------------------------------------------------------

awaitable<value> run_create(call c) {
    auto made = co_await c.repository().create(c.data(), c.filter());
    co_return made;
}

awaitable<value> run_replace_by_id(call c) {
    auto made = co_await c.repository().replace_by_id(c.args.at("id"), c.data(), c.filter());
    co_return made;
}

awaitable<value> run_replace_or_create(call c) {
    auto made = co_await c.repository().replace_or_create(c.data(), c.filter());
    co_return made;
}

awaitable<value> run_patch_by_id(call c) {
    auto made = co_await c.repository().patch_by_id(c.args.at("id"), c.data(), c.filter());
    co_return made;
}

awaitable<value> run_patch(call c) {
    auto const n = co_await c.repository().patch(c.data(), c.which());
    co_return n;
}

awaitable<value> run_find(call c) {
    auto found = co_await c.repository().find(c.filter());
    array result;
    for (auto& d : found)
        result.push_back(std::move(d));
    co_return result;
}

awaitable<value> run_find_one(call c) {
    auto found = co_await c.repository().find_one(c.filter());
    co_return found ? value(*std::move(found)) : nothing();
}

awaitable<value> run_find_by_id(call c) {
    auto found = co_await c.repository().find_by_id(c.args.at("id"), c.filter());
    co_return found;
}

awaitable<value> run_delete(call c) {
    auto const n = co_await c.repository().delete_(c.which());
    co_return n;
}

awaitable<value> run_delete_by_id(call c) {
    auto const gone = co_await c.repository().delete_by_id(c.args.at("id"));
    co_return gone;
}

awaitable<value> run_exists(call c) {
    auto const there = co_await c.repository().exists(c.args.at("id"));
    co_return there;
}

awaitable<value> run_count(call c) {
    auto const n = co_await c.repository().count(c.where());
    co_return n;
}

// --- definitions ---------------------------------------------------------------------------------------------------------

awaitable<value> run_define_model(call c) {
    c.schema.define_model(with_own_functions(c.args.at("definition").as_document()));
    co_return nothing();
}

awaitable<value> run_define_datasource(call c) {
    auto source = datasource::from_document(c.args.at("definition").as_document());
    if (source.adapter() == "memory")
        source.keys(cormorant::key_source::sequence); // as the adapter of the reference
    c.schema.define_datasource(std::move(source));
    co_return nothing();
}

awaitable<value> run_get_repository(call c) {
    co_return static_cast<bool>(c.repository());
}

awaitable<value> run_same_repository(call c) {
    auto const& names = c.args.at("models").as_array();
    co_return c.schema.repository(names.at(0).as_string()) == c.schema.repository(names.at(1).as_string());
}

std::string name_of(call const& c) {
    value const name = c.argument("name");
    return std::string(
        name.if_string().value_or("")); // what does not compile with this library is refused at run time by the reference
}

awaitable<value> run_add_validator(call c) {
    c.schema.add_validator(name_of(c), make_validator(c.args.at("fn").as_document()));
    co_return nothing();
}

awaitable<value> run_add_transformer(call c) {
    c.schema.add_transformer(name_of(c), make_transformer(c.args.at("fn").as_document()));
    co_return nothing();
}

awaitable<value> run_set_empty_values(call c) {
    static constexpr std::pair<std::string_view, type_kind> kinds[] = {{"any", type_kind::any}, {"string", type_kind::string},
        {"number", type_kind::number}, {"boolean", type_kind::boolean}, {"array", type_kind::array},
        {"object", type_kind::object}};
    auto const name = c.args.at("type").to<std::string>();
    auto const* const kind = std::find_if(std::begin(kinds), std::end(kinds), [&](auto const& k) { return k.first == name; });
    if (kind == std::end(kinds))
        throw bad_case(fmt::format("unknown type '{}'", name));
    std::vector<value> values;
    bool absent = false;
    for (auto const& v : c.args.at("values").as_array()) {
        if (v.is_undefined())
            absent = true;
        else
            values.push_back(v);
    }
    c.schema.set_empty_values(kind->second, std::move(values), absent);
    co_return nothing();
}

using operation = awaitable<value> (*)(call);
constexpr std::pair<std::string_view, operation> operations[] = {
    {"create", run_create},
    {"replaceById", run_replace_by_id},
    {"replaceOrCreate", run_replace_or_create},
    {"patchById", run_patch_by_id},
    {"patch", run_patch},
    {"find", run_find},
    {"findOne", run_find_one},
    {"findById", run_find_by_id},
    {"delete", run_delete},
    {"deleteById", run_delete_by_id},
    {"exists", run_exists},
    {"count", run_count},
    {"defineModel", run_define_model},
    {"defineDatasource", run_define_datasource},
    {"getRepository", run_get_repository},
    {"sameRepository", run_same_repository},
    {"addValidator", run_add_validator},
    {"addTransformer", run_add_transformer},
    {"setEmptyValuesOf", run_set_empty_values},
};

class js_repository_suite : public suite {
public:
    /// The datasource `db` is the store under test, and behaves as the reference's adapter for that store.
    explicit js_repository_suite(environment& env) {
        add_functions(schema_);
        auto const store = env.database.store();
        schema_.define_adapter("under test", [store](document const&) { return store; });
        datasource db("db", "under test");
        if (store->kind() == "memory")
            db.keys(cormorant::key_source::sequence);
        else
            db.text_forms(true).any_key_column(false);
        schema_.define_datasource(std::move(db));
    }

    awaitable<void> begin(document const& test_case) override {
        if (auto const* const definitions = test_case.find("models")) {
            for (auto const& definition : definitions->as_array())
                schema_.define_model(with_own_functions(definition.as_document()));
        }
        co_return;
    }

    awaitable<value> run_step(document const& step) override {
        auto const name = step.get_or("op", "");
        for (auto const& [known, run] : operations) {
            if (known == name) {
                return run(call(schema_, step));
            }
        }
        throw bad_case(fmt::format("unknown operation '{}'", name));
    }

    /// The kind of a fault is the rule that is broken, its path the property, whatever is in that.
    std::vector<cause> causes(cormorant::error const& e) const override {
        auto result = suite::causes(e);
        auto const& violations = e.details().violations;
        if (violations.empty())
            return result;
        cause& first = result.front();
        if (auto const& rule = violations.front().rule; rule == "type" || rule == "required")
            first.kind = rule;
        first.path = cormorant::path_head(first.path);
        return result;
    }

private:
    database_schema schema_;
};

} // namespace
} // namespace js_repository

std::unique_ptr<suite> make_js_repository_suite(environment& env) {
    return std::make_unique<js_repository::js_repository_suite>(env);
}

} // namespace conformance
