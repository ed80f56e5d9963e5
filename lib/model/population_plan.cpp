#include "model/population_plan.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cormorant::detail {

namespace {

bool is_inclusion(value const& v) noexcept {
    return v.if_bool() == true || v.if_double() == 1.0;
}
bool is_exclusion(value const& v) noexcept {
    return v.if_bool() == false || v.if_double() == 0.0;
}

bool is_hidden_below(connection_state const& on, related_request const& request, int depth);

/// Whether a find of this model is seen by nobody but the library.
bool is_hidden_model(connection_state const& on, std::string_view name, related_request const& request, int depth) {
    auto const target = on.find_related(name);
    if (!target)
        return true;
    if (depth > on.options.population().depth)
        return false; // it will fail; in an order that is easy to understand
    auto const compiled = target->compiled();
    hook_requests extra;
    if (!request.fields.empty())
        extra = compiled->schema->plan_read(request.fields, request.cast_docs).hooks;
    auto const plan = compiled->resolve(operation_kind::find, request.hooks, extra);
    static constexpr std::array types = {hook_type::before_find, hook_type::before_filter, hook_type::after_find};
    if (plan->user_types().intersects(types))
        return false;
    find_options options;
    options.fields_value = request.fields;
    options.cast_docs_value = request.cast_docs;
    return std::ranges::all_of(plan->of(hook_type::after_find), [&](planned_hook const& p) {
        auto const* relation = compiled->schema->relation(p.hook->name);
        return relation == nullptr ||
               is_hidden_below(on, request_of(*compiled->schema, *relation, options, p.args, p.nested), depth + 1);
    });
}

bool is_hidden_below(connection_state const& on, related_request const& request, int depth) {
    relation_definition const& relation = *request.relation;
    if (!relation.polymorphic || relation.inverse)
        return is_hidden_model(on, relation.model, request, depth);
    // Without a list any model may be meant.
    return !relation.models.empty() && std::ranges::all_of(relation.models,
                                           [&](std::string const& name) { return is_hidden_model(on, name, request, depth); });
}

} // namespace

void throw_population_limit(std::string_view what, std::int64_t bound, std::string const& path) {
    diagnostics d;
    d.path = path;
    throw error(errc::limit_exceeded, fmt::format("populating {} takes more than {} {}", path, bound, what), std::move(d));
}

related_request request_of(schema const& s, relation_definition const& relation, find_options const& options,
    document const* args, hook_requests const* nested) {
    related_request request;
    request.relation = &relation;
    request.source = s.name();
    request.cast_docs = options.cast_docs_value;
    request.trim = false; // the outermost find trims the tree
    if (nested != nullptr)
        request.hooks = *nested;
    request.fields = s.related_fields(options.fields_value, relation);
    request.marks_missing = s.strict_loading();
    if (relation.inverse && relation.kind == cardinality::single)
        request.limit = 1;
    if (args == nullptr)
        return request;

    for (auto const& [key, v] : *args) {
        if (key == "fields" && v.is_document()) {
            request.fields = v.as_document();
            request.trim = true;
        } else if (key == "hooks" && v.is_array()) {
            find_options parsed;
            parsed.set("hooks", v);
            request.hooks = std::move(parsed.hooks_value);
        } else if (key == "castDocs" && v.is_bool()) {
            request.cast_docs = v.as_bool();
        } else if (key == "filter" && v.is_document()) {
            request.filter = v.as_document();
        } else if (key == "sort" && v.is_document()) {
            request.sort = v.as_document();
        } else if (auto const n = v.if_int64(); key == "skip" && n && *n >= 0) {
            request.skip = *n;
        } else if (key == "limit" && n && *n >= 0) {
            if (*n != 0 && request.limit == 0)
                request.limit = *n;
        } else {
            throw error(errc::invalid_argument,
                fmt::format(
                    "the hook of relationship {} takes fields, filter and sort (objects), skip and limit (numbers), hooks (a "
                    "list) and castDocs (true or false), not {}: {}",
                    relation.name, key, shorten(v)));
        }
    }
    if (request.hooks && request.hooks->empty())
        request.hooks.reset(); // an empty list counts as none: the defaults of the related model run
    return request;
}

bool same_find(related_request const& a, related_request const& b) {
    return a.relation->right_key == b.relation->right_key && a.relation->inverse == b.relation->inverse &&
           a.relation->through == b.relation->through &&
           (!a.relation->inverse || a.relation->discriminator == b.relation->discriminator) && a.cast_docs == b.cast_docs &&
           a.trim == b.trim && a.skip == b.skip && a.limit == b.limit && a.fields == b.fields && a.filter == b.filter &&
           a.sort == b.sort && a.hooks == b.hooks;
}

join_key join_key_of(related_request const& request, schema const& target) {
    relation_definition const& relation = *request.relation;
    join_key join;
    if (relation.through.empty()) {
        join.key = target.property(relation.right_key);
        if (relation.inverse)
            join.discriminator = relation.discriminator;
    } else {
        auto const* back = target.relation(relation.through);
        if (back == nullptr || back->inverse || back->discriminator.empty()) {
            diagnostics d;
            d.model = request.source;
            d.path = relation.name;
            throw error(errc::definition,
                fmt::format("the relationship goes through '{}' of the model {}, which {}", relation.through, target.name(),
                    back == nullptr ? "does not exist" : "is no polymorphic relationship with a discriminator"),
                std::move(d));
        }
        join.key = back->left_key;
        join.discriminator = back->discriminator;
    }
    return join;
}

bool read_join_key(document& fields, join_key const& join, schema const& target) {
    bool const includes = std::ranges::any_of(fields, [](document::member const& m) { return is_inclusion(m.value()); });
    value const* const asked = fields.find(join.key);
    if (includes ? asked != nullptr && !is_exclusion(*asked) : asked == nullptr || !is_exclusion(*asked))
        return false;
    if (includes)
        fields.set(join.key, 1);
    else
        fields.erase(join.key);
    return !includes || join.key != target.key();
}

document filter_of(related_request const& request, join_key const& join, array ids) {
    document filter;
    filter.append(join.key, doc("$in", std::move(ids)));
    if (!join.discriminator.empty())
        filter.set(join.discriminator, request.source);
    if (!request.filter.empty())
        filter.append("$and", arr(request.filter));
    return filter;
}

bool is_hidden(connection_state const& on, related_request const& request) {
    return !on.log() && is_hidden_below(on, request, 1);
}

population_stage next_stage(connection_state const& on, std::vector<related_request> const& requests, std::size_t first) {
    std::size_t last = first + 1;
    bool const hidden = is_hidden(on, requests[first]);
    while (hidden && last < requests.size() && is_hidden(on, requests[last]))
        ++last;
    return population_stage(last, hidden);
}

std::string path_of(call_scope const& scope, std::vector<related_request> const& requests, related_find const& find) {
    std::string path = scope.path;
    for (char separator = '.'; std::size_t i : find.relations) {
        if (!path.empty())
            path += separator;
        path += requests[i].relation->name;
        separator = '+';
    }
    return path;
}

find_options options_of(operation_options& outer, call_scope const& scope, related_find& find, std::string path, bool several) {
    related_request const& request = *find.request;
    find_options options;
    options.inside(outer);
    options.cast_docs(request.cast_docs).trim(request.trim).sort(request.sort).skip(request.skip).limit(request.limit);
    if (request.relation->inverse && (request.skip != 0 || request.limit != 0) && several)
        options.per(find.join.key);
    options.fields_value = request.fields;
    find.drops_key = read_join_key(options.fields_value, find.join, *find.schema);
    options.hooks_value = request.hooks;
    auto inner = std::make_shared<call_scope>(scope);
    inner->depth = scope.depth + 1;
    inner->path = std::move(path);
    options.scope_value = std::move(inner);
    return options;
}

std::vector<array> reference_set::take_chunks() const {
    std::vector<array> chunks;
    std::size_t bytes = 0;
    for (value const* key : keys_) {
        std::size_t const size = listed_bytes(*key);
        if (chunks.empty() || chunks.back().size() == max_chunk_ids || bytes + size > max_chunk_bytes) {
            chunks.emplace_back();
            bytes = 0;
        }
        chunks.back().push_back(*key);
        bytes += size;
    }
    return chunks;
}

key_index::key_index(documents const& docs, std::string_view key, reference_set const& wanted) : chains_(wanted.size()) {
    entries_.reserve(docs.size());
    for (std::size_t i = 0; i < docs.size(); ++i) {
        auto const note = [&](value const& v) {
            auto const number = wanted.find(v);
            if (!number)
                return;
            auto const at = static_cast<std::uint32_t>(entries_.size());
            auto& [first, last] = chains_[*number];
            if (last == none)
                first = at;
            else if (entries_[last].position == i)
                return; // an array that holds the key twice
            else
                entries_[last].next = at;
            last = at;
            entries_.push_back(entry(static_cast<std::uint32_t>(i), none));
        };
        collect_path(docs[i], key, note, path_leaf_arrays::whole_and_elements);
    }
}

} // namespace cormorant::detail
