#include "model/population.hpp"

#include "model/population_plan.hpp"
#include "model/state.hpp"
#include "model/together.hpp"
#include "pipeline/annotate.hpp"

#include <cormorant/bson/path.hpp>
#include <cormorant/pipeline/call_scope.hpp>
#include <cormorant/pipeline/hook_args.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

/// One find of a related model; several relationships may share it.
struct related_query {
    std::vector<std::size_t> relations; // positions in the list of what is populated
    std::shared_ptr<model_state> target;
    related_request const* request;
    reference_set ids;

    documents found;
    key_index index;
};

/// What the finds of one batch call have in common.
struct population {
    std::shared_ptr<connection_state> on;
    operation_options& outer;
    std::vector<related_request> const& requests;
    std::shared_ptr<call_scope> scope;
};

std::string path_of(population const& p, related_query const& query) {
    std::string path = p.scope->path;
    for (char separator = '.'; std::size_t i : query.relations) {
        if (!path.empty())
            path += separator;
        path += p.requests[i].relation->name;
        separator = '+';
    }
    return path;
}

find_options options_of(population& p, related_query const& query, std::string const& path, std::size_t span) {
    related_request const& request = *query.request;
    find_options options;
    options.inside(p.outer);
    options.cast_docs(request.cast_docs).trim(request.trim);
    options.fields_value = request.fields;
    options.hooks_value = request.hooks;
    auto scope = std::make_shared<call_scope>(*p.scope);
    scope->span = span;
    scope->depth = p.scope->depth + 1;
    scope->path = path;
    options.scope_value = std::move(scope);
    return options;
}

/// Reads the related documents and indexes them by their key.
asio::awaitable<void> read_related(population& p, related_query& query) {
    auto const& limits = p.on->options.population();
    std::string const path = path_of(p, query);
    if (p.scope->depth + 1 > limits.depth)
        throw_population_limit("levels", limits.depth, path);

    trace_scope span(
        p.outer.trace_value, p.scope->span, span_kind::population, fmt::format("{} -> {}", path, query.target->name));
    auto const target = model_access::make(query.target);
    std::string const& key = query.request->relation->right_key;
    for (array& ids : query.ids.take_chunks()) {
        if (++p.scope->populated->queries > limits.queries)
            throw_population_limit("queries", limits.queries, path);
        auto filter = doc(key, doc("$in", std::move(ids)));
        auto options = options_of(p, query, path, span.id());
        auto found = co_await target.find(std::move(filter), std::move(options));
        if (query.found.empty())
            query.found = std::move(found);
        else
            std::ranges::move(found, std::back_inserter(query.found));
    }
    query.index = key_index(query.found, key);
    if (span)
        span.detail(fmt::format("{} references -> {} documents", query.ids.size(), query.found.size()));
}

/// Puts what was read into the documents that refer to it. A document that several refer to is copied for all but the last.
void join(documents& docs, std::vector<related_request> const& requests, std::vector<related_query>& queries) {
    struct place {
        std::size_t doc;
        std::size_t relation;
        std::vector<std::pair<related_query*, std::size_t>> found;
    };
    std::vector<place> places;
    for (std::size_t r = 0; r < requests.size(); ++r) {
        for (std::size_t d = 0; d < docs.size(); ++d) {
            place p(d, r, {});
            for_each_reference(docs[d], *requests[r].relation, [&](reference const& ref) {
                for (related_query& q : queries) {
                    if (std::ranges::find(q.relations, r) == q.relations.end() ||
                        (!ref.model.empty() && q.target->name != ref.model))
                        continue;
                    if (auto const position = q.index.find(*ref.key))
                        p.found.emplace_back(&q, *position);
                }
            });
            if (!p.found.empty())
                places.push_back(std::move(p));
        }
    }

    std::unordered_map<document const*, std::size_t> uses;
    for (place const& p : places) {
        for (auto const& [query, position] : p.found)
            ++uses[&query->found[position]];
    }
    auto const take = [&](std::pair<related_query*, std::size_t> const& from) {
        document& d = from.first->found[from.second];
        return --uses[&d] == 0 ? value(std::move(d)) : value(d);
    };
    for (place const& p : places) {
        relation_definition const& relation = *requests[p.relation].relation;
        if (relation.kind == cardinality::single) {
            docs[p.doc].set(relation.name, take(p.found.front()));
        } else {
            array list;
            list.reserve(p.found.size());
            for (auto const& from : p.found)
                list.push_back(take(from));
            docs[p.doc].set(relation.name, std::move(list));
        }
    }
}

/// Populates some relationships of the documents of one find, all of them at once when nobody can see the order, else one after
/// the other.
asio::awaitable<void> populate(
    std::shared_ptr<connection_state> on, operation_options& outer, documents& docs, std::vector<related_request> requests) {
    population p(on, outer, requests, outer.scope_value ? outer.scope_value : std::make_shared<call_scope>());

    std::vector<related_query> queries;
    std::size_t first = 0;
    while (first < requests.size()) {
        std::size_t last = first + 1;
        bool hidden = is_hidden(*on, requests[first]);
        while (hidden && last < requests.size() && is_hidden(*on, requests[last]))
            ++last;

        queries.clear();
        for (std::size_t r = first; r < last; ++r) {
            related_request const& request = requests[r];
            for (document const& d : docs) {
                for_each_reference(d, *request.relation, [&](reference const& ref) {
                    std::string_view const name = ref.model.empty() ? std::string_view(request.relation->model) : ref.model;
                    auto query = std::ranges::find_if(queries, [&](related_query const& q) {
                        return q.target->name == name && (q.request == &request || same_find(*q.request, request));
                    });
                    if (query == queries.end()) {
                        auto target = on->find_related(name);
                        if (!target)
                            return;
                        queries.push_back(related_query({}, std::move(target), &request, {}, {}, {}));
                        query = std::prev(queries.end());
                    }
                    if (query->relations.empty() || query->relations.back() != r)
                        query->relations.push_back(r);
                    query->ids.add(*ref.key);
                });
            }
        }

        if (hidden && queries.size() > 1) {
            std::vector<asio::awaitable<void>> tasks;
            tasks.reserve(queries.size());
            for (related_query& query : queries)
                tasks.push_back(read_related(p, query));
            co_await run_together(std::move(tasks));
        } else {
            for (related_query& query : queries)
                co_await read_related(p, query);
        }
        join(docs, requests, queries);
        first = last;
    }
}

} // namespace

asio::awaitable<void> populate_hooks(hook_args& args, std::span<hook_call const> calls) {
    auto& find = static_cast<after_find_args&>(args);
    auto const& state = model_access::state(find.model);
    auto const compiled = state->compiled();
    std::vector<related_request> requests;
    requests.reserve(calls.size());
    for (hook_call const& call : calls) {
        if (auto const* relation = compiled->schema->relation(call.name))
            requests.push_back(request_of(*compiled->schema, *relation, find.options, call.args, call.nested));
    }
    co_await populate(state->require_connection(), find.options, find.docs, std::move(requests));
}

asio::awaitable<documents> populate_documents(
    std::shared_ptr<connection_state> on, documents docs, relation_definition r, populate_options options) {
    find_options outer;
    outer.context_value = std::move(options.context_value);
    related_request request;
    request.relation = &r;
    request.hooks = std::move(options.hooks_value);
    request.fields = with_right_key(std::move(options.fields_value), r);
    request.cast_docs = options.cast_docs_value;
    std::vector<related_request> requests;
    requests.push_back(std::move(request));
    co_await populate(std::move(on), outer, docs, std::move(requests));
    co_return docs;
}

} // namespace cormorant::detail
