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
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

/// One find of a related model; several relationships may share it.
struct related_query {
    related_query(std::shared_ptr<model_state> t, related_request const& r)
        : target(std::move(t)), schema(target->compiled()->schema), request(&r), join(join_key_of(r, *schema)) {}

    std::vector<std::size_t> relations; // positions in the list of what is populated
    std::shared_ptr<model_state> target;
    std::shared_ptr<cormorant::schema const> schema;
    related_request const* request;
    join_key join;
    reference_set ids;

    documents found;
    key_index index;
    bool drops_key = false; // it was read for the join alone
};

/// What the finds of one batch call have in common.
struct population {
    std::shared_ptr<connection_state> on;
    operation_options& outer;
    std::vector<related_request> const& requests;
    std::shared_ptr<call_scope> scope;
};

/// The finds for some relationships, and which of them a reference leads to.
class query_list {
public:
    query_list(population const& p, std::size_t first, std::size_t last) : p_(p), first_(first), routes_(last - first) {}

    /// The find for a reference of relationship `r`; null when there is no such model.
    related_query* find(std::size_t r, std::string_view model) {
        related_request const& request = p_.requests[r];
        std::string_view const name = model.empty() ? std::string_view(request.relation->model) : model;
        auto& known = routes_[r - first_];
        auto const route = std::ranges::find(known, name, [](auto const& k) { return std::string_view(k.first); });
        if (route != known.end())
            return route->second;
        related_query* const query = open(r, request, name);
        known.emplace_back(name, query);
        return query;
    }

    std::deque<related_query>& all() noexcept { return queries_; }

private:
    related_query* open(std::size_t r, related_request const& request, std::string_view name) {
        auto target = p_.on->find_related(name);
        if (!target)
            return nullptr;
        auto query = std::ranges::find_if(
            queries_, [&](related_query const& q) { return q.target == target && same_find(*q.request, request); });
        if (query == queries_.end())
            query = queries_.emplace(queries_.end(), std::move(target), request);
        if (query->relations.empty() || query->relations.back() != r)
            query->relations.push_back(r);
        return &*query;
    }

    population const& p_;
    std::size_t first_;
    std::deque<related_query> queries_;                                       // stay where they are
    std::vector<std::vector<std::pair<std::string, related_query*>>> routes_; // of each relationship, by the name of the model
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

find_options options_of(population& p, related_query& query, std::string const& path, std::size_t span) {
    related_request const& request = *query.request;
    find_options options;
    options.inside(p.outer);
    options.cast_docs(request.cast_docs).trim(request.trim).sort(request.sort).skip(request.skip).limit(request.limit);
    if (request.relation->inverse && (request.skip != 0 || request.limit != 0) && query.ids.size() > 1)
        options.per(query.join.key);
    options.fields_value = request.fields;
    query.drops_key = read_join_key(options.fields_value, query.join, *query.schema);
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
    related_request const& request = *query.request;
    auto chunks = query.ids.take_chunks();
    if (chunks.size() > 1 && !request.relation->inverse && (request.skip != 0 || request.limit != 0))
        throw error(errc::limit_exceeded,
            fmt::format("{}: skip and limit cannot hold for more references than one query takes ({})", path, query.ids.size()));
    for (array& ids : chunks) {
        if (++p.scope->populated->queries > limits.queries)
            throw_population_limit("queries", limits.queries, path);
        auto filter = filter_of(request, query.join, std::move(ids));
        auto options = options_of(p, query, path, span.id());
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
            for_each_reference(docs[d], relation, [&](reference const& ref) {
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
            if (set || !p.found.empty())
                places.push_back(std::move(p));
        }
    }

    for (related_query& query : queries.all()) {
        for (document& d : query.found) {
            if (query.drops_key)
                d.erase(query.join.key);
        }
    }
    std::unordered_map<document const*, std::size_t> uses;
    for (place const& p : places) {
        for (auto const& [query, position] : p.found)
            ++uses[&query->found[position]];
    }
    auto const take = [&](found_document const& from) {
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
        std::size_t last = first + 1;
        bool hidden = is_hidden(*on, requests[first]);
        while (hidden && last < requests.size() && is_hidden(*on, requests[last]))
            ++last;

        query_list queries(p, first, last);
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
            co_await run_together(std::move(tasks));
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

asio::awaitable<documents> populate_documents(
    std::shared_ptr<connection_state> on, documents docs, relation_definition r, populate_options options) {
    find_options outer;
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
