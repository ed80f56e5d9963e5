#include "model/calls.hpp"
#include "model/guard.hpp"
#include "model/population_plan.hpp"
#include "model/store_options.hpp"
#include "model/together.hpp"
#include "schema/concealment.hpp"

#include <cormorant/bson/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

/// Whether no more than one document can match: the key is compared with one value.
bool matches_one_at_most(document const& filter, std::string_view key) noexcept {
    value const* const id = filter.find(key);
    if (id == nullptr || id->is_regex())
        return false;
    auto const* const d = id->if_document();
    return d == nullptr || d->empty() || !d->begin()->key().starts_with('$');
}

/// Collects the ids of a random choice.
struct drawn_ids {
    documents docs;
    storage arena = make_arena();

    bool accept(batch next) {
        std::move(next).append_to(docs, arena);
        return true;
    }
};

/// The find, with `skip` and `limit` counted anew for each value at a path.
aggregate_op windows(find_op find, std::string const& per) {
    static constexpr std::string_view number = "__number";
    aggregate_op op;
    op.collection = std::move(find.collection);
    op.batch_size = find.batch_size;
    op.collation = std::move(find.collation);
    op.hint = std::move(find.hint);
    op.extra = std::move(find.extra);
    op.pipeline.push_back(doc("$match", std::move(find.filter)));
    // A running count: $documentNumber takes one sort key only.
    auto counted = doc("$sum", 1, "window", doc("documents", arr("unbounded", "current")));
    op.pipeline.push_back(doc("$setWindowFields",
        doc("partitionBy", fmt::format("${}", per), "sortBy", find.sort.empty() ? doc("_id", 1) : std::move(find.sort), "output",
            doc(number, std::move(counted)))));
    auto kept = doc("$gt", find.skip);
    if (find.limit != 0)
        kept.append("$lte", find.skip + find.limit);
    op.pipeline.push_back(doc("$match", doc(number, std::move(kept))));
    op.pipeline.push_back(doc("$unset", number));
    if (!find.projection.empty())
        op.pipeline.push_back(doc("$project", std::move(find.projection)));
    return op;
}

} // namespace

void find_call::prepare(call_frame& frame) {
    bounds = frame.connection().options.population();
    if (options.scope_value)
        arena = std::exchange(options.scope_value->arena, storage());
    logger = frame.connection().log();
    if (logger)
        begun = std::chrono::steady_clock::now();
    if (id)
        filter = make_id_filter(frame.schema(), std::move(*id));
    if (options.random_value && (options.limit_value != 0 || options.skip_value != 0))
        throw error(errc::invalid_argument, "a find with random has no limit and no skip");
    if (options.random_value && !options.per_value.empty())
        throw error(errc::invalid_argument, "a find with random has no per");
    if (options.random_value && *options.random_value < 0)
        throw error(errc::invalid_argument, fmt::format("random({}): a number of documents is wanted", *options.random_value));
    planned_cast = options.cast_docs_value;
    if (options.fields_value.empty())
        return;
    plan = frame.schema().plan_read(options.fields_value, planned_cast, has_whole_documents);
    frame.extra_hooks = std::move(plan.hooks);
    frame.extra_reasons = std::move(plan.hook_reasons);
    asked_fields = std::exchange(options.fields_value, plan.fields);
}

hook_args& find_call::bind(argument_types& to, hook_type type, call_frame& frame, std::size_t) {
    switch (type) {
    case hook_type::before_find:
        return to.emplace<before_find_args>(frame.self(), filter, options);
    case hook_type::before_filter:
        return to.emplace<filter_args>(kind, frame.self(), filter, options);
    default:
        return to.emplace<after_find_args>(frame.self(), filter, options, docs, count);
    }
}

find_op find_call::request(call_frame& frame) {
    guard_paths(frame, filter);
    find_op op;
    op.collection = frame.collection();
    take_store_options(op, options.options_value);
    // After hooks and the log see the filter.
    if (frame.runs(after) || logger || options.count_value)
        op.filter = filter;
    else
        op.filter = std::move(filter);
    if (!options.fields_value.empty()) {
        guard_fields(frame, options.fields_value);
        op.projection = frame.schema().projection(options.fields_value);
    }
    if (frame.translation() != nullptr)
        shown = op.projection;
    if (!options.sort_value.empty()) {
        guard_sort(frame, options.sort_value);
        op.sort = options.sort_value;
    }
    if (options.skip_value != 0)
        op.skip = options.skip_value;
    if (options.limit_value != 0)
        op.limit = options.limit_value;
    else if (op.limit == 0 && matches_one_at_most(op.filter, frame.schema().key()))
        op.limit = 1;
    if (options.batch_size_value != 0)
        op.batch_size = options.batch_size_value;
    if (!options.collation_value.empty())
        op.collation = options.collation_value;
    if (options.hint_value)
        op.hint = options.hint_value;
    limit = options.per_value.empty() ? op.limit : 0;
    return op;
}

asio::awaitable<void> find_call::execute(call_frame& frame) {
    keeps_batches = prefers_batches && !frame.runs(after) && !frame.compiled().has_init() && plan.virtuals.empty() &&
                    !plan.kept && planned_cast == options.cast_docs_value && options.max_size_value == 0 && !options.shuffle;
    if (logger)
        sent = answered = std::chrono::steady_clock::now();
    if (options.random_value || options.count_value)
        return execute_in_steps(frame);
    if (!options.per_value.empty())
        return exchange(frame, options, made(counted_anew(frame, request(frame))), *this);
    bool const alone = options.session_value && options.session_value->in_transaction(); // which takes one operation at a time
    bool const loads = !alone && options.loader_value.value_or(frame.connection().options.loader());
    return exchange(
        frame, options, [this, &frame] { return request(frame); }, *this, loads);
}

// Beside other steps it runs on a strand of its own, where it would meet no other find to be sent with.
asio::awaitable<void> find_call::send(call_frame& frame, find_op op) {
    if (options.per_value.empty())
        return exchange(frame, options, made(std::move(op)), *this);
    return exchange(frame, options, made(counted_anew(frame, std::move(op))), *this);
}

aggregate_op find_call::counted_anew(call_frame const& frame, find_op op) const {
    translation const* const translated = frame.translation();
    if (translated == nullptr)
        return windows(std::move(op), options.per_value);
    to_stored(*translated, op);
    return windows(std::move(op), translated->stored_path(options.per_value));
}

asio::awaitable<void> populate_call::execute(call_frame&) {
    logger = nullptr; // it logs queries, and this is none
    co_return;
}

// Without hint and projection, which say nothing about how many match, and without the limits of the find.
count_op find_call::counting(find_op const& op) const {
    count_op counting;
    counting.collection = op.collection;
    counting.filter = op.filter;
    counting.collation = op.collation;
    return counting;
}

// A pipeline has to be in the names that are stored.
aggregate_op find_call::drawing(call_frame const& frame, find_op op) const {
    if (translation const* const translated = frame.translation())
        to_stored(*translated, op);
    aggregate_op drawing;
    drawing.collection = std::move(op.collection);
    drawing.collation = std::move(op.collation);
    drawing.pipeline.push_back(doc("$match", std::move(op.filter)));
    drawing.pipeline.push_back(doc("$sample", doc("size", *options.random_value)));
    drawing.pipeline.push_back(doc("$project", doc("_id", 1)));
    return drawing;
}

std::vector<operation> find_call::requests(call_frame& frame) {
    find_op op = request(frame);
    std::vector<operation> all;
    if (options.random_value > 0)
        all.push_back(drawing(frame, op));
    if (options.count_value)
        all.push_back(counting(op));
    if (options.random_value)
        op.filter = doc(frame.schema().key(), doc("$in", arr(nullptr))); // those that are drawn
    if (options.per_value.empty())
        all.push_back(std::move(op));
    else
        all.push_back(counted_anew(frame, std::move(op)));
    return all;
}

asio::awaitable<void> find_call::execute_in_steps(call_frame& frame) {
    find_op op = request(frame);
    std::vector<asio::awaitable<void>> tasks;
    if (options.count_value)
        tasks.push_back(exchange(frame, options, made(counting(op)), *this));
    if (options.random_value) {
        drawn_ids drawn;
        if (*options.random_value > 0)
            co_await exchange(frame, options, made(drawing(frame, op)), drawn);
        array ids;
        for (document& d : drawn.docs) {
            value& chosen = ids.push_back(std::move(d["_id"]));
            if (translation const* const translated = frame.translation())
                translated->load(chosen);
        }
        op.filter = doc(frame.schema().key(), doc("$in", std::move(ids)));
    }
    tasks.push_back(send(frame, std::move(op)));
    co_await run_together(std::move(tasks), options.session_value != nullptr);
}

bool find_call::accept(batch next) {
    received += static_cast<std::int64_t>(next.size());
    if (auto const* scope = options.scope_value.get(); scope != nullptr && scope->depth > 0) {
        scope->populated->documents += static_cast<std::int64_t>(next.size());
        scope->populated->bytes += static_cast<std::int64_t>(next.bytes());
        if (scope->populated->documents > bounds.documents)
            throw_population_limit("documents", bounds.documents, scope->path);
        if (scope->populated->bytes > bounds.bytes)
            throw_population_limit("bytes", bounds.bytes, scope->path);
    }
    if (logger)
        answered = std::chrono::steady_clock::now();
    if (keeps_batches) {
        batches.push_back(std::move(next));
    } else {
        if (next.is_raw() && arena.is_heap())
            arena = make_arena();
        std::move(next).append_to(docs, arena);
    }
    return limit <= 0 || received < limit;
}

void find_call::shape(call_frame& frame) {
    if (keeps_batches) {
        log(frame);
        return;
    }
    bool const cast = options.cast_docs_value;
    if (cast != planned_cast) // a hook changed it
        plan = frame.schema().plan_read(asked_fields, cast, has_whole_documents);
    if (cast) {
        // Documents were made when they were stored. What hooks put there, and what `on_init` adds, was not.
        if (frame.compiled().has_init() || frame.runs_user_hooks(after)) {
            make_options as_read;
            as_read.fill_defaults = false;
            for (document& d : docs)
                frame.schema().make(d, as_read);
        }
    } else if (!plan.virtuals.empty() || plan.kept) {
        for (document& d : docs)
            frame.schema().shape(d, plan, options.trim_value);
    }
    if (options.max_size_value > 0)
        check_json_size(frame.schema(), docs, options.cast_docs_value, options.max_size_value);
    if (options.shuffle) {
        std::mt19937_64 source(std::random_device{}());
        std::ranges::shuffle(docs, source);
    }
    log(frame);
}

void find_call::log(call_frame& frame) const {
    if (!logger)
        return;
    query_log_entry entry;
    entry.type = to_string(kind);
    entry.collection = frame.collection();
    entry.filter = concealment(frame.schema()).apply(filter);
    entry.count = received;
    entry.command = answered - sent;
    entry.raw = answered - begun;
    (*logger)(entry);
}

void find_call::give(std::optional<document>& answer) {
    if (!docs.empty())
        answer = std::move(docs.front());
}

void find_call::give(counted_documents& answer) {
    answer.docs = std::move(docs);
    answer.count = count.value_or(0);
}

void find_call::give(counted_batches& answer) {
    give(answer.batches);
    answer.count = count.value_or(0);
}

void find_call::give(std::vector<batch>& answer) {
    if (keeps_batches)
        answer = std::move(batches);
    else
        answer.push_back(batch(std::move(docs)));
}

document make_id_filter(schema const& s, value id) {
    if (auto const text = id.if_string()) {
        auto const* const field = s.field(s.key());
        if (field == nullptr || field->type.kind == type_kind::object_id) {
            auto const parsed = object_id::parse(*text);
            if (!parsed) {
                diagnostics d;
                d.path = s.key();
                throw error(
                    errc::invalid_argument, fmt::format("\"{}\" is no object id (24 hexadecimal digits)", *text), std::move(d));
            }
            id = *parsed;
        }
    }
    document filter;
    filter.append(s.key(), std::move(id));
    return filter;
}

void check_json_size(schema const& s, documents& docs, bool cast, std::int64_t bound) {
    std::int64_t size = 2; // the brackets
    for (document& d : docs) {
        auto const text = cast ? s.to_json_text(d) : to_json(d, json_mode::plain);
        size += static_cast<std::int64_t>(text.size()) + (size > 2 ? 1 : 0);
        if (size > bound)
            throw error(errc::limit_exceeded,
                fmt::format("the result is longer than max_size {} bytes as JSON ({} documents)", bound, docs.size()));
    }
}

} // namespace cormorant::detail
