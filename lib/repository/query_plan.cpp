#include "repository/query_plan.hpp"

#include "repository/failure.hpp"

#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace cormorant::detail {

namespace {

constexpr std::string_view white = " \t\r\n";

bool is_given(value const* v) noexcept {
    return v != nullptr && !v->is_null() && !v->is_undefined();
}

/// Calls `f(text)` for a text, or for each text of a list.
template <class F>
void for_each_name(std::string_view word, value const& v, F&& f) {
    auto const one = [&](value const& name) {
        auto const text = name.if_string();
        if (!text || text->empty())
            throw_argument(word, fmt::format("'{}' takes the name of a property, or a list of names", word), &name);
        f(*text);
    };
    if (auto const* list = v.if_array())
        std::ranges::for_each(*list, one);
    else
        one(v);
}

/// Plans queries, and the queries in them: those of included documents, whose model may be unknown until they are read.
class query_planner {
public:
    query_planner(schema const* s, query_scope scope) : schema_(s), scope_(scope) {}

    query_plan plan(document const& query) {
        for (auto const& [word, v] : query) {
            if (!is_given(&v))
                continue;
            if (word == "fields")
                fields(v);
            else if (word == "include")
                include(v);
            else if (word != "where" && word != "order" && word != "limit" && word != "skip")
                throw_argument(word, fmt::format("'{}' is no word of a query", word), &v);
            else if (scope_ == query_scope::find)
                select(word, v);
        }
        name_included();
        return std::move(result_);
    }

private:
    void select(std::string_view word, value const& v) {
        if (word == "where") {
            auto const* const d = v.if_document();
            if (d == nullptr)
                throw_argument(word, "'where' takes an object", &v);
            auto compiled = compile_where(schema_, *d);
            result_.filter = std::move(compiled.filter);
            append_patterns(std::move(compiled.patterns));
        } else if (word == "order") {
            for_each_name(word, v, [&](std::string_view text) { order(text); });
        } else {
            (word == "limit" ? result_.limit : result_.skip) = count(word, v);
        }
    }

    /// `"name"`, `"name ASC"`, `"name DESC"`
    void order(std::string_view text) {
        auto const end = std::min(text.find_first_of(white), text.size());
        auto const path = text.substr(0, end);
        auto suffix = text.substr(std::min(text.find_first_not_of(white, end), text.size()));
        suffix = suffix.substr(0, suffix.find_last_not_of(white) + 1);
        if (!suffix.empty() && suffix != "ASC" && suffix != "DESC")
            throw_argument(path, fmt::format("'{}' is no direction of an order: ASC or DESC", suffix));
        check_path(schema_, path, "an order");
        if (!result_.sort.contains(path)) // what is ordered already cannot be ordered further
            result_.sort.append(path, suffix == "DESC" ? -1 : 1);
    }

    static std::int64_t count(std::string_view word, value const& v) {
        auto const n = v.is_bool() ? std::nullopt : v.if_int64();
        if (!n || *n < 0)
            throw_argument(word, fmt::format("'{}' takes a number of documents", word), &v);
        return *n;
    }

    void fields(value const& v) {
        for_each_name("fields", v, [&](std::string_view path) {
            fields_given_ = true;
            if (schema_ != nullptr && schema_->relation(path_head(path)) != nullptr)
                return; // related documents are for `include` to ask for
            check_path(schema_, path, "'fields'");
            names_.emplace_back(path);
        });
    }

    // --- include: "rel" | [forms] | {rel: forms, ...} | {relation: "rel", scope: query} --------------------------

    void include(value const& form) {
        if (auto const name = form.if_string()) {
            include(*name, nullptr);
        } else if (auto const* list = form.if_array()) {
            std::ranges::for_each(*list, [&](value const& item) { include(item); });
        } else if (auto const* object = form.if_document()) {
            if (object->contains("relation")) {
                include_scoped(*object);
            } else {
                for (auto const& [key, nested] : *object) {
                    document const scope = doc("include", nested);
                    include(key, &scope);
                }
            }
        } else {
            throw_argument("include", "'include' takes names of relationships, in lists and objects", &form);
        }
    }

    void include_scoped(document const& object) {
        for (auto const& [word, v] : object) {
            if (word != "relation" && word != "scope")
                throw_argument("include", fmt::format("'{}' is no word of an include: relation, scope", word), &v);
        }
        auto const& name = object.at("relation");
        auto const* const scope = object.find("scope");
        if (!name.is_string())
            throw_argument("include", "'relation' takes the name of a relationship", &name);
        if (is_given(scope) && !scope->is_document())
            throw_argument(name.as_string(), "'scope' takes a query, which is an object", scope);
        include(name.as_string(), is_given(scope) ? &scope->as_document() : nullptr);
    }

    void include(std::string_view name, document const* scope) {
        if (name.empty())
            throw_argument("include", "the name of a relationship is empty");
        auto const* const relation = schema_ == nullptr ? nullptr : schema_->relation(name);
        if (schema_ != nullptr && relation == nullptr)
            throw_argument(name, fmt::format("the model has no relationship '{}'", name));
        std::string hook = "afterFind_" + std::string(name);
        if (std::ranges::find(result_.includes, hook, &hook_request::name) != result_.includes.end())
            throw_argument(name, fmt::format("the relationship '{}' is included twice", name));
        hook_request request(std::move(hook));
        auto const target = target_of(relation);
        if (scope != nullptr)
            request.args = arguments(target.get(), *scope, relation);
        result_.includes.push_back(std::move(request));
    }

    /// The model that the relationship leads to; null when only references say which that is.
    std::shared_ptr<schema const> target_of(relation_definition const* relation) const {
        if (relation == nullptr || (relation->polymorphic && !relation->inverse))
            return nullptr;
        auto target = schema_->related(relation->model);
        if (target == nullptr) {
            diagnostics details;
            details.path = relation->name;
            throw error(errc::definition,
                fmt::format(
                    "the relationship '{}' leads to the model '{}', which has no repository", relation->name, relation->model),
                std::move(details));
        }
        return target;
    }

    /// The arguments of the hook that populates the relationship.
    document arguments(schema const* target, document const& scope, relation_definition const* relation) {
        auto nested = plan_scope(target, scope, relation);
        append_patterns(std::move(nested.patterns));

        document args;
        if (!nested.filter.empty())
            args.append("filter", std::move(nested.filter));
        if (!nested.sort.empty())
            args.append("sort", std::move(nested.sort));
        if (nested.limit != 0)
            args.append("limit", nested.limit);
        if (nested.skip != 0)
            args.append("skip", nested.skip);
        if (!nested.fields.empty())
            args.append("fields", std::move(nested.fields));
        if (!nested.includes.empty())
            args.append("hooks", to_array(nested.includes));
        return args;
    }

    static query_plan plan_scope(schema const* target, document const& scope, relation_definition const* relation) {
        try {
            return query_planner(target, query_scope::find).plan(scope);
        } catch (error& e) {
            if (relation != nullptr)
                e.details().path = fmt::format("{}.{}", relation->name, e.details().path);
            throw;
        }
    }

    /// An inclusion of fields is one of the included relationships too, and of the key.
    void name_included() {
        if (!fields_given_)
            return;
        if (schema_ != nullptr)
            result_.fields.append(schema_->key(), 1);
        std::ranges::sort(names_, {}, &std::string::size);
        for (std::string const& path : names_) {
            bool covered = false;
            for (std::string_view above = path; !above.empty() && !covered; above = path_parent(above))
                covered = result_.fields.contains(above);
            if (!covered)
                result_.fields.append(path, 1);
        }
        for (hook_request const& r : result_.includes)
            result_.fields.set(std::string_view(r.name).substr(std::string_view("afterFind_").size()), 1);
    }

    void append_patterns(std::vector<written_pattern> more) { std::ranges::move(more, std::back_inserter(result_.patterns)); }

    schema const* schema_;
    query_scope scope_;
    query_plan result_;
    std::vector<std::string> names_;
    bool fields_given_ = false;
};

} // namespace

void query_plan::apply(find_options& options, schema const& s) {
    options.cast_docs(false);
    if (!sort.empty())
        options.sort(std::move(sort));
    if (skip != 0)
        options.skip(skip);
    if (limit != 0)
        options.limit(limit);
    if (!fields.empty())
        options.fields(std::move(fields));
    if (includes.empty())
        return;
    if (!options.hooks_value)
        options.hooks_value = s.definition().default_hooks(operation_kind::find);
    std::ranges::move(includes, std::back_inserter(*options.hooks_value));
}

query_plan plan_query(schema const& s, document const& query, query_scope scope) {
    return query_planner(&s, scope).plan(query);
}

} // namespace cormorant::detail
