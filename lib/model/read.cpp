#include "model/calls.hpp"
#include "model/store_options.hpp"

namespace cormorant::detail {

namespace asio = boost::asio;

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

asio::awaitable<void> count_call::execute(call_frame& frame) {
    count_op op;
    op.collection = frame.collection();
    op.skip = options.skip_value;
    op.limit = options.limit_value;
    op.collation = options.collation_value;
    take_store_options(op, options.options_value);
    op.filter = frame.runs(after) ? document(filter) : std::move(filter);
    return exchange(frame, options, std::move(op), *this);
}

// --- aggregate -------------------------------------------------------------------------------------------------------

hook_args& aggregate_call::bind(argument_types& to, hook_type type, call_frame& frame, std::size_t) {
    if (type == hook_type::before_aggregate)
        return to.emplace<before_aggregate_args>(frame.self(), pipeline, options);
    return to.emplace<after_aggregate_args>(frame.self(), pipeline, options, docs);
}

asio::awaitable<void> aggregate_call::execute(call_frame& frame) {
    aggregate_op op;
    op.collection = frame.collection();
    op.collation = options.collation_value;
    take_store_options(op, options.options_value);
    op.pipeline = frame.runs(after) ? array(pipeline) : std::move(pipeline);
    return exchange(frame, options, std::move(op), *this);
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
    if (options.max_size_value > 0)
        check_json_size(frame.schema(), docs, options.cast_docs_value, options.max_size_value);
}

} // namespace cormorant::detail
