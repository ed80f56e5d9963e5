#include "database.hpp"
#include "memory/aggregation/pipeline.hpp"
#include "memory/expression/expression.hpp"
#include "memory/projection/projector.hpp"
#include "memory/value/server_text.hpp"

#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

namespace cormorant::memory {

namespace {

constexpr int invalid_namespace = 73;
constexpr int option_not_supported_on_view = 167;
constexpr int max_view_depth = 20;

/// The database as a pipeline sees it.
class world : public environment, public std::enable_shared_from_this<world> {
public:
    world(std::shared_ptr<database> db, std::shared_ptr<collator const> collation)
        : db_(std::move(db)), collation_(std::move(collation)) {}

    std::unique_ptr<document_stream> open(std::string_view collection, document const& filter) const override {
        query_options options;
        options.collation = collation_;
        options.world = shared_from_this();
        return db_->open(collection, filter, options);
    }

private:
    std::shared_ptr<database> db_;
    std::shared_ptr<collator const> collation_;
};

class projected_stream : public document_stream {
public:
    projected_stream(std::unique_ptr<document_stream> input, projector shape)
        : input_(std::move(input)), shape_(std::move(shape)) {}
    document_ptr next() override {
        auto const doc = input_->next();
        return doc ? std::make_shared<document const>(shape_.apply(*doc, doc.text_score())) : nullptr;
    }

private:
    std::unique_ptr<document_stream> input_;
    projector shape_;
};

/// The id when a find asks for the document with it and for nothing else: there is nothing to compile then. Otherwise null.
value const* looked_up_id(find_op const& op) {
    bool const plain = op.filter.size() == 1 && op.filter.begin()->key() == "_id" && op.projection.empty() && op.sort.empty() &&
                       op.skip == 0 && op.collation.empty() && !op.hint && op.extra.empty();
    if (!plain)
        return nullptr;
    value const& id = op.filter.begin()->value();
    return id.is_object_id() || id.is_string() || id.is_number() || id.is_date() ? &id : nullptr;
}

document evaluate_let(value const& given, query_options const& options) {
    if (!given.is_document())
        refuse(code::type_mismatch,
            fmt::format("BSON field 'let' is the wrong type '{}', expected type 'object'", to_string(given.type())));
    document result;
    document const nothing;
    for (auto const& [name, source] : given.as_document()) {
        symbols names;
        compile_context context{options, names};
        auto const compiled = compile_expression(source, context);
        memory::scope where{nothing, *options.world, options.collation.get(), {}};
        result.set(name, compiled->evaluate(where).take());
    }
    return result;
}

} // namespace

void check_extra(document const& extra, std::string_view operation, std::initializer_list<std::string_view> known) {
    for (auto const& [name, v] : extra) {
        // Without effect on a store that answers at once.
        bool const harmless = name == "comment" || name == "maxTimeMS";
        if (!harmless && std::ranges::find(known, name) == known.end())
            unsupported(fmt::format("the memory store does not know the option \"{}\" of {}", name, operation));
    }
}

bool bypasses_validation(document const& extra) {
    auto const* const given = extra.find("bypassDocumentValidation");
    return given != nullptr && given->truthy();
}

collection::validation validation_of(bool bypassed) noexcept {
    return bypassed ? collection::validation::bypassed : collection::validation::wanted;
}

std::shared_ptr<text_specification const> database::text_of(std::string_view name) {
    access const lock(*this, name);
    auto const* c = find_collection(name);
    return c == nullptr ? nullptr : c->text();
}

query_options database::options_for(std::string_view collection, document const& collation, document const& extra) {
    query_options options;
    options.text.index = text_of(collection);
    options.collation = collator::make(collation);
    options.world = std::make_shared<world>(shared_from_this(), options.collation);
    options.bypasses_validation = memory::bypasses_validation(extra);
    if (auto const* let = extra.find("let"))
        options.let = evaluate_let(*let, options);
    return options;
}

database::source database::resolve(std::string_view name, document const& collation) const {
    source result{std::string(name), false, {}};
    for (int depth = 0;; ++depth) {
        auto const at = entries().find(result.collection);
        auto const* through = at == entries().end() ? nullptr : std::get_if<view>(&at->second);
        if (through == nullptr)
            return result;
        if (depth == max_view_depth)
            refuse(165, fmt::format("View depth limit exceeded; maximum depth is {}: {}", max_view_depth, ns_of(name)));
        if (depth == 0 && collator::make(collation))
            refuse(option_not_supported_on_view, "Cannot override a view's default collation");
        array stages(through->pipeline);
        for (value& stage : result.pipeline)
            stages.push_back(std::move(stage));
        result = source{through->on, true, std::move(stages)};
    }
}

database::selected database::select(collection const& c, selection const& s) {
    selected result;
    auto const* const text = s.matches.text_is_required() ? s.matches.text() : nullptr;
    result.plan = c.plan({s.filter, s.matches.constraints(), s.order, s.binary, s.hint, text});
    result.complete = s.order == nullptr || s.order->empty() || result.plan.sorted;
    auto skip = result.complete ? s.skip : 0;
    auto left = result.complete && s.limit != 0 ? s.limit : std::numeric_limits<std::int64_t>::max();
    c.scan(result.plan, [&](record_handle at) {
        ++result.examined;
        if (!s.matches.matches(*at->doc))
            return true;
        if (skip > 0) {
            --skip;
            return true;
        }
        result.records.push_back(at);
        return --left != 0;
    });
    return result;
}

std::vector<document_ptr> database::snapshot(std::string_view name, selection const& s) {
    std::vector<document_ptr> docs;
    bool complete = true;
    {
        access const lock(*this, name);
        auto const* c = find_collection(name);
        if (c == nullptr)
            return docs;
        auto const found = select(*c, s);
        complete = found.complete;
        docs.reserve(found.records.size());
        for (record_handle const at : found.records)
            docs.push_back(at->doc);
    }
    if (auto const* const text = s.matches.text()) {
        for (document_ptr& d : docs)
            d.set_text_score(text->score(*d));
    }
    if (!complete) {
        auto const skip = static_cast<std::size_t>(s.skip);
        auto const limit = static_cast<std::size_t>(s.limit);
        s.order->sort(docs, limit == 0 || limit > docs.size() ? 0 : skip + limit);
        docs.erase(docs.begin(), docs.begin() + static_cast<std::ptrdiff_t>(std::min(skip, docs.size())));
        if (limit != 0 && docs.size() > limit)
            docs.resize(limit);
    }
    return docs;
}

std::optional<array> database::view_stages(std::string_view name, document const& collation) {
    access const lock(*this, name);
    auto resolved = resolve(name, collation);
    return resolved.is_view ? std::optional(std::move(resolved.pipeline)) : std::nullopt;
}

std::unique_ptr<document_stream> database::run_pipeline(std::string_view name, array const& stages, query_options const& given,
    std::optional<value> const& hint, document const& collation) {
    source from;
    {
        access const lock(*this, name);
        from = resolve(name, collation);
    }
    for (value const& stage : stages)
        from.pipeline.push_back(stage);
    query_options options = given;
    options.text.index = text_of(from.collection);
    auto const compiled = pipeline::compile(from.pipeline, options);
    auto const answer = [&](std::vector<document_ptr> input) {
        auto documents = compiled.run(stream_of(std::move(input)));
        if (!compiled.output())
            return documents;
        write_output(*compiled.output(), *documents, options);
        return stream_of({});
    };
    if (compiled.makes_own_input())
        return answer({});
    if (name.empty())
        refuse(invalid_namespace, "{aggregate: 1} is not valid for this pipeline; a collection is required");
    auto const matches = matcher::compile(compiled.leading_filter(), options);
    selection s{compiled.leading_filter(), matches};
    s.binary = options.collation == nullptr;
    s.hint = &hint;
    return answer(snapshot(from.collection, s));
}

std::unique_ptr<document_stream> database::open(std::string_view name, document const& filter, query_options const& options) {
    array stages;
    if (!filter.empty())
        stages.push_back(doc("$match", filter));
    return run_pipeline(name, stages, options, std::nullopt, document());
}

array database::find_stages(find_op const& op) {
    array stages;
    if (!op.filter.empty())
        stages.push_back(doc("$match", op.filter));
    if (!op.sort.empty())
        stages.push_back(doc("$sort", op.sort));
    if (op.skip > 0)
        stages.push_back(doc("$skip", op.skip));
    if (op.limit > 0)
        stages.push_back(doc("$limit", op.limit));
    if (!op.projection.empty())
        stages.push_back(doc("$project", op.projection));
    return stages;
}

std::unique_ptr<document_stream> database::find(find_op op) {
    check_collection_name(name(), op.collection, false);
    if (auto const* const id = looked_up_id(op)) {
        access const lock(*this, op.collection);
        if (auto const at = entries().find(op.collection); at == entries().end()) {
            return stream_of({});
        } else if (auto const* const c = std::get_if<collection>(&at->second)) {
            auto const found = c->find_id(*id);
            return stream_of(found ? std::vector<document_ptr>(1, (*found)->doc) : std::vector<document_ptr>());
        }
    }
    check_extra(op.extra, op.name, {"noCursorTimeout", "allowDiskUse", "allowPartialResults", "singleBatch", "let"});
    if (auto const* single = op.extra.find("singleBatch"); single != nullptr && single->truthy() && op.batch_size > 0)
        op.limit = op.limit == 0 ? op.batch_size : std::min<std::int64_t>(op.limit, op.batch_size);

    auto options = options_for(op.collection, op.collation, op.extra);
    if (view_stages(op.collection, op.collation))
        return run_pipeline(op.collection, find_stages(op), options, op.hint, op.collation);

    auto const matches = matcher::compile(op.filter, options);
    options.text.scored = matches.text() != nullptr;
    auto const order = sorter::compile(op.sort, options);
    auto shape = projector::compile(op.projection, matches, options);
    auto documents = stream_of(
        snapshot(op.collection, {op.filter, matches, &order, op.skip, op.limit, options.collation == nullptr, &op.hint}));
    if (shape.is_identity())
        return documents;
    return std::make_unique<projected_stream>(std::move(documents), std::move(shape));
}

std::unique_ptr<document_stream> database::aggregate(aggregate_op const& op) {
    if (!op.collection.empty())
        check_collection_name(name(), op.collection, false);
    check_extra(op.extra, op.name, {"allowDiskUse", "bypassDocumentValidation", "let"});
    return run_pipeline(op.collection, op.pipeline, options_for(op.collection, op.collation, op.extra), op.hint, op.collation);
}

std::int64_t database::count(count_op const& op) {
    check_collection_name(name(), op.collection, false);
    check_extra(op.extra, op.name);
    auto const options = options_for(op.collection, op.collation, op.extra);
    if (view_stages(op.collection, op.collation)) {
        find_op as_find;
        as_find.filter = op.filter;
        as_find.skip = op.skip;
        as_find.limit = op.limit;
        auto const found = run_pipeline(op.collection, find_stages(as_find), options, op.hint, op.collation);
        std::int64_t n = 0;
        while (found->next())
            ++n;
        return n;
    }
    auto const matches = matcher::compile(op.filter, options);
    access const lock(*this, op.collection);
    auto const* c = find_collection(op.collection);
    if (c == nullptr)
        return 0;
    if (matches.matches_all() && !op.hint) {
        auto const n = std::max<std::int64_t>(0, static_cast<std::int64_t>(c->size()) - op.skip);
        return op.limit == 0 ? n : std::min(n, op.limit);
    }
    auto const found = select(*c, {op.filter, matches, nullptr, op.skip, op.limit, options.collation == nullptr, &op.hint});
    return static_cast<std::int64_t>(found.records.size());
}

array database::distinct(distinct_op const& op) {
    check_collection_name(name(), op.collection, false);
    check_extra(op.extra, op.name);
    if (op.key.empty())
        refuse(40352, "FieldPath cannot be constructed with empty string");
    auto const options = options_for(op.collection, op.collation, op.extra);
    auto const matches = matcher::compile(op.filter, options);
    std::unique_ptr<document_stream> documents;
    if (view_stages(op.collection, op.collation)) {
        find_op as_find;
        as_find.filter = op.filter;
        documents = run_pipeline(op.collection, find_stages(as_find), options, std::nullopt, op.collation);
    } else {
        selection s{op.filter, matches};
        s.binary = options.collation == nullptr;
        documents = stream_of(snapshot(op.collection, s));
    }

    // Sorted, as the server answers them; of equal values the first that was found.
    auto const less = [collation = options.collation.get()](
                          value const& a, value const& b) { return compare(a, b, collation) < 0; };
    std::set<value, decltype(less)> found(less);
    while (auto const d = documents->next()) {
        collect_path(*d, op.key, [&](value const& v) {
            if (auto const* elements = v.if_array())
                found.insert(elements->begin(), elements->end());
            else
                found.insert(v);
        });
    }
    array result;
    for (value const& v : found)
        result.push_back(v);
    return result;
}

document database::command(command_op const& op) {
    auto const& [name, argument] = *op.command.begin();
    if (name == "ping")
        return doc("ok", 1.0);
    refuse_in_transaction(name);
    if (name == "explain" && argument.is_document())
        return explain(argument.as_document());
    unsupported(fmt::format("the memory store does not know the command \"{}\"", name));
}

document database::explain(document const& command) {
    if (command.empty())
        refuse(code::bad_value, "explain needs a command");
    auto const kind = command.begin()->key();
    if (kind != "find" && kind != "count")
        unsupported(fmt::format("the memory store does not explain \"{}\"", kind));
    auto const member = [&](char const* name) {
        auto const* v = command.find(name);
        return v != nullptr && v->is_document() ? v->as_document() : document();
    };
    auto const name = command.begin()->value().as_string();
    auto const filter = member(kind == "find" ? "filter" : "query");
    auto options = options_for(name, member("collation"), command);
    auto const matches = matcher::compile(filter, options);
    options.text.scored = matches.text() != nullptr;
    auto const order = sorter::compile(member("sort"), options);
    auto const* hint_given = command.find("hint");
    auto const hint = hint_given == nullptr ? std::nullopt : std::optional<value>(*hint_given);

    access const lock(*this, name);
    if (resolve(name, document()).is_view)
        unsupported("the memory store does not explain views");
    auto const* c = find_collection(name);
    selection const query{filter, matches, &order, command.get_or<std::int64_t>("skip", 0),
        command.get_or<std::int64_t>("limit", 0), options.collation == nullptr, &hint};
    auto const found = c == nullptr ? selected() : select(*c, query);
    document plan;
    switch (found.plan.how) {
    case access_plan::kind::collection:
        plan.set("stage", "COLLSCAN");
        break;
    case access_plan::kind::id:
        plan.set("stage", "IDHACK");
        break;
    case access_plan::kind::index: {
        auto const& used = c->indexes()[found.plan.index]->definition();
        plan.set("stage", used.text ? "TEXT_MATCH" : "IXSCAN").set("indexName", used.name).set("keyPattern", used.keys);
        break;
    }
    }
    plan.set("direction", found.plan.backward ? "backward" : "forward");
    if (!found.complete)
        plan = doc("stage", "SORT", "sortPattern", member("sort"), "inputStage", std::move(plan));
    return doc("queryPlanner", doc("namespace", ns_of(name), "winningPlan", std::move(plan)), "executionStats",
        doc("nReturned", static_cast<std::int64_t>(found.records.size()), "totalDocsExamined",
            static_cast<std::int64_t>(found.examined)),
        "ok", 1.0);
}

} // namespace cormorant::memory
