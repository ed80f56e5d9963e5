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
    std::vector<std::uint32_t> uses; // of each document
};
using query_list = find_list<related_query>;

/// What the finds of one batch call have in common.
struct population {
    std::shared_ptr<connection_state> on;
    operation_options& outer;
    std::vector<related_request> const& requests;
    std::shared_ptr<call_scope> scope;
    /// Of the documents that are populated.
    storage arena;
};

/// The references of one document for one relationship, as a range in a list of all of them.
struct place {
    std::size_t doc;
    std::size_t relation;
    std::size_t first;
    std::size_t last;
    bool refers; // to something, which may be of a model that does not exist
};

/// What a stage has to find, and where it belongs.
struct reference_map {
    struct reference {
        related_query* query;
        std::size_t number; // among the keys of the query
    };
    std::vector<reference> references;
    std::vector<place> places;
};

reference_map collect(documents const& docs, std::vector<related_request> const& requests, std::size_t first, std::size_t last,
    query_list& queries) {
    reference_map map;
    map.places.reserve((last - first) * docs.size());
    for (std::size_t r = first; r < last; ++r) {
        related_query* own = nullptr; // of references that name no model
        for (std::size_t d = 0; d < docs.size(); ++d) {
            place p(d, r, map.references.size(), 0, false);
            for_each_reference(docs[d], *requests[r].relation, [&](reference const& ref) {
                p.refers = true;
                related_query* query = own;
                if (!ref.model.empty())
                    query = queries.find(r, ref.model);
                else if (query == nullptr)
                    query = own = queries.find(r, ref.model);
                if (query != nullptr)
                    map.references.push_back({query, query->ids.add(*ref.key)});
            });
            p.last = map.references.size();
            map.places.push_back(p);
        }
    }
    return map;
}

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
        options.scope_value->arena = p.arena;
        auto found = co_await target.find(std::move(filter), std::move(options));
        if (query.found.empty())
            query.found = std::move(found);
        else
            std::ranges::move(found, std::back_inserter(query.found));
    }
    query.index = key_index(query.found, query.join.key, query.ids);
    if (span)
        span.detail(fmt::format("{} references -> {} documents", query.ids.size(), query.found.size()));
}

/// Puts what was read into the documents that refer to it. A document that several refer to is copied for all but the last.
void join(documents& docs, std::vector<related_request> const& requests, reference_map const& map, query_list& queries) {
    for (related_query& query : queries.all()) {
        query.uses.resize(query.found.size());
        for (document& d : query.found) {
            if (query.drops_key)
                d.erase(query.join.key);
        }
    }

    using found_document = std::pair<related_query*, std::size_t>;
    std::vector<found_document> found;
    found.reserve(map.references.size());
    std::vector<place> places; // the ranges are of `found`
    places.reserve(map.places.size());
    for (place const& from : map.places) {
        relation_definition const& relation = *requests[from.relation].relation;
        bool const set = relation.kind == cardinality::set;
        auto const first = found.size();
        for (auto i = from.first; i < from.last; ++i) {
            auto const& [query, number] = map.references[i];
            if (set)
                query->index.for_each(number, [&](std::size_t position) { found.emplace_back(query, position); });
            else if (auto const position = query->index.find(number))
                found.emplace_back(query, *position);
        }
        if (set && !relation.inverse) { // each once, in the order of the query
            std::ranges::subrange const mine(found.begin() + static_cast<std::ptrdiff_t>(first), found.end());
            std::ranges::sort(mine);
            found.erase(std::ranges::unique(mine).begin(), found.end());
        }
        if (!set && found.size() == first && !(from.refers && requests[from.relation].marks_missing))
            continue;
        for (auto i = first; i < found.size(); ++i)
            ++found[i].first->uses[found[i].second];
        places.push_back(place(from.doc, from.relation, first, found.size(), from.refers));
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
            docs[p.doc].set(relation.name, p.first == p.last ? value() : take(found[p.first], memory));
        } else {
            array list(memory);
            list.reserve(p.last - p.first);
            for (auto i = p.first; i < p.last; ++i)
                list.push_back(take(found[i], memory));
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
    if (docs.empty())
        co_return;
    population p(
        on, outer, requests, outer.scope_value ? outer.scope_value : std::make_shared<call_scope>(), docs.front().get_storage());

    std::size_t first = 0;
    while (first < requests.size()) {
        auto const [last, hidden] = next_stage(*on, requests, first);
        query_list queries(*on, requests, first, last);
        auto const map = collect(docs, requests, first, last, queries);

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
        join(docs, requests, map, queries);
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
