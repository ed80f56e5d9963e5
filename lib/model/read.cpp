#include "model/calls.hpp"
#include "model/guard.hpp"
#include "model/store_options.hpp"

namespace cormorant::detail {

// --- count -----------------------------------------------------------------------------------------------------------

hook_args& count_call::bind(argument_types& to, hook_type type, call_frame& frame, std::size_t) {
    switch (type) {
    case hook_type::before_count:
        return to.emplace<before_count_args>(frame.self(), filter, options);
    case hook_type::before_filter:
        return to.emplace<filter_args>(kind, frame.self(), filter, options);
    default:
        return to.emplace<after_count_args>(frame.self(), filter, options, count);
    }
}

count_op count_call::request(call_frame& frame) {
    guard_paths(frame, filter);
    count_op op;
    op.collection = frame.collection();
    op.skip = options.skip_value;
    op.limit = options.limit_value;
    op.collation = options.collation_value;
    op.hint = options.hint_value;
    take_store_options(op, options.options_value);
    op.filter = frame.runs(after) ? document(filter) : std::move(filter);
    return op;
}

// --- aggregate -------------------------------------------------------------------------------------------------------

hook_args& aggregate_call::bind(argument_types& to, hook_type type, call_frame& frame, std::size_t) {
    if (type == hook_type::before_aggregate)
        return to.emplace<before_aggregate_args>(frame.self(), pipeline, options);
    return to.emplace<after_aggregate_args>(frame.self(), pipeline, options, docs);
}

aggregate_op aggregate_call::request(call_frame& frame) {
    aggregate_op op;
    op.collection = frame.collection();
    op.collation = options.collation_value;
    op.hint = options.hint_value;
    op.batch_size = options.batch_size_value;
    take_store_options(op, options.options_value);
    op.pipeline = frame.runs(after) ? array(pipeline) : std::move(pipeline);
    return op;
}

bool aggregate_call::accept(batch next) {
    if (next.is_raw() && arena.is_heap())
        arena = make_arena();
    std::move(next).append_to(docs, arena);
    return true;
}

void aggregate_call::shape(call_frame& frame) {
    if (!options.virtuals_value.empty()) {
        for (document& d : docs)
            frame.schema().evaluate(d, options.virtuals_value);
    }
    if (options.cast_docs_value) {
        make_options as_read;
        as_read.fill_defaults = false;
        for (document& d : docs)
            frame.schema().make(d, as_read);
    }
    if (options.max_size_value > 0)
        check_json_size(frame.schema(), docs, options.cast_docs_value, options.max_size_value);
}

} // namespace cormorant::detail
