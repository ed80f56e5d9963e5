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

/// A find of a related model with what it is asked for and what it gives.
struct related_query : related_find {
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

/// Reads the related documents and indexes them by their key.
asio::awaitable<void> read_related(population& p, related_query& query) {
    auto const& limits = p.on->options.population();
    std::string const path = path_of(*p.scope, p.requests, query);
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
        auto options = options_of(p.outer, *p.scope, query, path);
        options.scope_value->span = span.id();
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
            bool refers = false;
            for_each_reference(docs[d], *requests[r].relation, [&](reference const& ref) {
                refers = true;
                for (related_query& q : queries) {
                    if (std::ranges::find(q.relations, r) == q.relations.end() ||
                        (!ref.model.empty() && q.target->name != ref.model))
                        continue;
                    if (auto const position = q.index.find(*ref.key))
                        p.found.emplace_back(&q, *position);
                }
            });
            if (!p.found.empty() || (refers && requests[r].marks_missing))
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
        value taken = --uses[&d] == 0 ? value(std::move(d)) : value(d);
        if (from.first->request->hides_key)
            taken.as_document().erase(from.first->request->relation->right_key);
        return taken;
    };
    for (place const& p : places) {
        relation_definition const& relation = *requests[p.relation].relation;
        if (relation.kind == cardinality::single) {
            docs[p.doc].set(relation.name, p.found.empty() ? value() : take(p.found.front()));
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
        auto const [last, hidden] = next_stage(*on, requests, first);
        queries.clear();
        for (std::size_t r = first; r < last; ++r) {
            related_request const& request = requests[r];
            for (document const& d : docs) {
                for_each_reference(d, *request.relation, [&](reference const& ref) {
                    std::string_view const name = ref.model.empty() ? std::string_view(request.relation->model) : ref.model;
                    if (auto* const query = find_for(queries, *on, requests, r, name))
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
