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
#include <utility>
#include <vector>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

/// A find of a related model with what it is asked for and what it gives.
struct related_query : related_find {
    using related_find::related_find;

    reference_set ids;
    documents found;
    key_index index;
    std::vector<std::size_t> uses; // of each document
};
using query_list = find_list<related_query>;

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
    related_request const& request = *query.request;
    auto chunks = query.ids.take_chunks();
    if (chunks.size() > 1 && !request.relation->inverse && (request.skip != 0 || request.limit != 0))
        throw error(errc::limit_exceeded,
            fmt::format("{}: skip and limit cannot hold for more references than one query takes ({})", path, query.ids.size()));
    for (array& ids : chunks) {
        if (++p.scope->populated->queries > limits.queries)
            throw_population_limit("queries", limits.queries, path);
        auto filter = filter_of(request, query.join, std::move(ids));
        auto options = options_of(p.outer, *p.scope, query, path, query.ids.size() > 1);
        options.scope_value->span = span.id();
        auto found = co_await target.find(std::move(filter), std::move(options));
        if (query.found.empty())
            query.found = std::move(found);
        else
            std::ranges::move(found, std::back_inserter(query.found));
    }
    query.index = key_index(query.found, query.join.key);
    if (span)
        span.detail(fmt::format("{} references -> {} documents", query.ids.size(), query.found.size()));
}

/// Puts what was read into the documents that refer to it. A document that several refer to is copied for all but the last.
void join(
    documents& docs, std::vector<related_request> const& requests, std::size_t first, std::size_t last, query_list& queries) {
    using found_document = std::pair<related_query*, std::size_t>;
    struct place {
        std::size_t doc;
        std::size_t relation;
        std::vector<found_document> found;
    };
    std::vector<place> places;
    for (std::size_t r = first; r < last; ++r) {
        relation_definition const& relation = *requests[r].relation;
        bool const set = relation.kind == cardinality::set;
        for (std::size_t d = 0; d < docs.size(); ++d) {
            place p(d, r, {});
            bool refers = false;
            for_each_reference(docs[d], relation, [&](reference const& ref) {
                refers = true;
                related_query* const query = queries.find(r, ref.model);
                if (query == nullptr)
                    return;
                if (set)
                    query->index.for_each(*ref.key, [&](std::size_t position) { p.found.emplace_back(query, position); });
                else if (auto const position = query->index.find(*ref.key))
                    p.found.emplace_back(query, *position);
            });
            if (set && !relation.inverse) { // each once, in the order of the query
                std::ranges::sort(p.found);
                p.found.erase(std::ranges::unique(p.found).begin(), p.found.end());
            }
            if (set || !p.found.empty() || (refers && requests[r].marks_missing))
                places.push_back(std::move(p));
        }
    }

    for (related_query& query : queries.all()) {
        query.uses.resize(query.found.size());
        for (document& d : query.found) {
            if (query.drops_key)
                d.erase(query.join.key);
        }
    }
    for (place const& p : places) {
        for (auto const& [query, position] : p.found)
            ++query->uses[position];
    }
    auto const take = [&](found_document const& from, storage const& memory) {
        auto const& [query, position] = from;
        document& d = query->found[position];
        return --query->uses[position] == 0 ? value(std::move(d)) : value(d, memory);
    };
    for (place const& p : places) {
        relation_definition const& relation = *requests[p.relation].relation;
        storage const& memory = docs[p.doc].get_storage(); // a copy is made where it is to be
        if (relation.kind == cardinality::single) {
            docs[p.doc].set(relation.name, p.found.empty() ? value() : take(p.found.front(), memory));
        } else {
            array list(memory);
            list.reserve(p.found.size());
            for (auto const& from : p.found)
                list.push_back(take(from, memory));
            docs[p.doc].set(relation.name, std::move(list));
        }
    }
}

/// Throws for two requests of one relationship that ask for different documents: there is one place for them.
void check_requests(std::vector<related_request> const& requests) {
    for (std::size_t i = 0; i < requests.size(); ++i) {
        for (std::size_t j = i + 1; j < requests.size(); ++j) {
            if (requests[i].relation == requests[j].relation && !same_find(requests[i], requests[j]))
                throw error(errc::invalid_argument,
                    fmt::format("relationship {} is asked for twice, with different scopes", requests[i].relation->name));
        }
    }
}

/// Populates some relationships of the documents of one find, all of them at once when nobody can see the order, else one after
/// the other.
asio::awaitable<void> populate(
    std::shared_ptr<connection_state> on, operation_options& outer, documents& docs, std::vector<related_request> requests) {
    check_requests(requests);
    population p(on, outer, requests, outer.scope_value ? outer.scope_value : std::make_shared<call_scope>());

    std::size_t first = 0;
    while (first < requests.size()) {
        auto const [last, hidden] = next_stage(*on, requests, first);
        query_list queries(*on, requests, first, last);
        for (std::size_t r = first; r < last; ++r) {
            relation_definition const& relation = *requests[r].relation;
            for (document const& d : docs) {
                for_each_reference(d, relation, [&](reference const& ref) {
                    if (related_query* const query = queries.find(r, ref.model))
                        query->ids.add(*ref.key);
                });
            }
        }

        if (hidden && queries.all().size() > 1) {
            std::vector<asio::awaitable<void>> tasks;
            tasks.reserve(queries.all().size());
            for (related_query& query : queries.all())
                tasks.push_back(read_related(p, query));
            co_await run_together(std::move(tasks), p.outer.session_value != nullptr);
        } else {
            for (related_query& query : queries.all())
                co_await read_related(p, query);
        }
        join(docs, requests, first, last, queries);
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

asio::awaitable<documents> populate_documents(std::shared_ptr<connection_state> on, std::shared_ptr<session> in, documents docs,
    relation_definition r, populate_options options) {
    find_options outer;
    outer.session_value = std::move(in);
    if (auto const timeout = on->options.timeout())
        outer.timeout(*timeout);
    outer.context_value = std::move(options.context_value);
    if (r.inverse && r.polymorphic)
        throw error(errc::invalid_argument,
            fmt::format("relationship {}: related documents that name the model they refer to need that model", r.name));
    if (r.left_key.empty())
        r.left_key = "_id";
    related_request request;
    request.relation = &r;
    request.hooks = std::move(options.hooks_value);
    request.fields = std::move(options.fields_value);
    if (r.inverse && r.kind == cardinality::single)
        request.limit = 1;
    request.cast_docs = options.cast_docs_value;
    std::vector<related_request> requests;
    requests.push_back(std::move(request));
    co_await populate(std::move(on), outer, docs, std::move(requests));
    co_return docs;
}

} // namespace cormorant::detail
