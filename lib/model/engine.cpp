#include "model/engine.hpp"

#include "pipeline/deadline.hpp"
#include "schema/concealment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

bool is_write(operation_kind kind) noexcept {
    return kind == operation_kind::insert || kind == operation_kind::save || kind == operation_kind::update ||
           kind == operation_kind::remove;
}

void append_shape(std::string& out, value const& v) {
    if (auto const* d = v.if_document()) {
        out += '{';
        for (bool first = true; auto const& [key, member] : *d) {
            fmt::format_to(std::back_inserter(out), "{}{}: ", first ? "" : ", ", key);
            append_shape(out, member);
            first = false;
        }
        out += '}';
    } else if (auto const* a = v.if_array()) {
        // A list of values of whatever length is one shape.
        bool const nested = std::ranges::any_of(*a, [](value const& item) { return item.is_document(); });
        out += '[';
        if (nested) {
            for (bool first = true; value const& item : *a) {
                if (!first)
                    out += ", ";
                append_shape(out, item);
                first = false;
            }
        } else if (!a->empty()) {
            out += '?';
        }
        out += ']';
    } else {
        out += '?';
    }
}

} // namespace

std::string shape_of(value const& v) {
    std::string text;
    append_shape(text, v);
    return text;
}

call_frame::call_frame(model self, operation_kind kind) noexcept : self_(std::move(self)), kind_(kind) {}

void call_frame::begin(operation_options& options) {
    auto const& state = model_access::state(self_);
    pinned_ = state->pin();
    auto const timeout = pinned_.connection->options.timeout();
    if (timeout && !options.deadline_value)
        options.deadline_value = std::chrono::steady_clock::now() + *timeout;
    if (auto const& bound = model_access::session_of(self_); bound && !options.session_value)
        options.session_value = bound;
    else if (bound && options.session_value != bound)
        throw error(errc::invalid_argument, "the options name another session than the one that the model is in");
    else if (options.session_value && !bound) // hooks are given the model of the session
        self_ = self_.in(options.session_value);
    if (options.session_value) {
        if (auto const limit = options.session_value->transaction_deadline())
            options.deadline_value = std::min(*limit, options.deadline_value.value_or(*limit));
    }
    timed_ = options.deadline_value.has_value();
    if (options.trace_value) {
        auto const* outer = options.scope_value.get();
        span_.emplace(options.trace_value, outer ? outer->span : trace::no_parent, span_kind::call,
            fmt::format("{}.{}", state->name, to_string(kind_)));
    }
}

void call_frame::look_back() {
    pinned_.compiled = model_access::state(self_)->compiled();
    progress = outcome::applied;
}

void call_frame::resolve(operation_options& options, hook_types types) {
    plan_ = pinned_.compiled->resolve(kind_, options.hooks_value, extra_hooks);
    plan_->check(types);

    // Hooks find the complete list in the options.
    if (runs_user_hooks(types) && options.hooks_value != plan_->requests())
        options.hooks_value = plan_->requests();
    if (span_ || plan_->waiting_types().intersects(types)) {
        auto scope = options.scope_value ? std::make_shared<call_scope>(*options.scope_value) : std::make_shared<call_scope>();
        scope->span = span();
        options.scope_value = std::move(scope);
    }
}

void call_frame::follow(operation_options& options, hook_type type, hook_types types) {
    if (!plan_->user_types().contains(type) || options.hooks_value == plan_->requests())
        return;
    plan_ = pinned_.compiled->resolve(kind_, options.hooks_value, hook_requests());
    plan_->check(types);
    options.hooks_value = plan_->requests();
}

asio::awaitable<void> finish_in_time(preparation& data, operation_options const& options) {
    if (options.deadline_value)
        return with_deadline(data.finish(), *options.deadline_value, "a rule of the model ran");
    return data.finish();
}

void call_frame::describe(diagnostics& d, errc code) const {
    if (timed_) {
        auto const inner = d.times.total(); // of an operation within a hook, or of the store call
        d.times += spent_;
        if (hooks_since_)
            d.times.add(
                phase::hooks, std::max(std::chrono::nanoseconds(0), std::chrono::steady_clock::now() - *hooks_since_ - inner));
        if (code == errc::deadline && d.times.longest() != phase::none)
            d.slow_phase = d.times.longest();
    }
    // Of an operation within an operation the inner one says more about what went wrong, the outer one about what was written.
    if (d.model.empty()) {
        d.model = model_access::state(self_)->name;
        d.operation = to_string(kind_);
    } else if (d.operation.empty() && d.model == model_access::state(self_)->name) { // from a part that knows of no operations
        d.operation = to_string(kind_);
    }
    if (!detail::is_write(kind_))
        return;
    d.is_write = true;
    if (progress != outcome::maybe_applied) { // else the store knows
        d.what_happened = progress;
        d.documents.clear(); // of an operation within a hook
    }
}

void call_frame::rethrow(error& e) const {
    if (pinned_.compiled && translation() != nullptr && e.code() == errc::duplicate_key)
        e.details().path = translation()->property_path(e.details().path);
    auto const code = static_cast<errc>(e.code().value());
    rethrow_with(e, [&](diagnostics& d) {
        describe(d, code);
        if (pinned_.compiled && d.model == model_access::state(self_)->name) // one of another model has been there
            concealment(schema(), d.path).apply(d);
    });
}

void call_frame::rethrow(boost::system::system_error const& e) const {
    if (!is_cancellation(e))
        throw;
    // Stores say it with an error of the library: this one was told before it began.
    diagnostics d;
    d.what_happened = progress == outcome::maybe_applied ? outcome::not_sent : progress;
    describe(d, errc::cancelled);
    throw error(errc::cancelled, "the operation was cancelled", std::move(d));
}

void model_answer::rethrow(error& e) const {
    call_frame frame(model_access::make(of_), kind_);
    frame.look_back();
    frame.rethrow(e);
}

batch to_model(call_frame const& frame, batch stored, document const& projection) {
    documents docs = std::move(stored).take_documents();
    for (document& d : docs) {
        frame.translation()->load(d);
        frame.translation()->show_defaults(frame.schema(), d, projection);
    }
    return batch(std::move(docs));
}

store_span::store_span(
    call_frame const& frame, operation_options const& options, std::string_view name, std::string_view collection) {
    if (options.trace_value || options.deadline_value)
        recorded_ = std::make_unique<record>();
    if (options.trace_value)
        recorded_->span.emplace(options.trace_value, frame.span(), span_kind::store, fmt::format("{} {}", name, collection));
}

void store_span::shape(document const& filter) {
    recorded_->shape = shape_of(value(filter));
}

void store_span::shape(array const& pipeline) {
    recorded_->shape = shape_of(value(pipeline));
}

call_options store_span::make_options(operation_options const& options, bool write) const {
    call_options sent;
    if (options.deadline_value != std::chrono::steady_clock::time_point::max()) // which only says that there is none
        sent.deadline = options.deadline_value;
    sent.session = options.session_value;
    sent.read_concern = options.read_concern_value;
    if (write)
        sent.write_concern = options.write_concern_value;
    else
        sent.read_preference = options.read_preference_value;
    if (recorded_)
        sent.statistics = recorded_->statistics;
    return sent;
}

void store_span::share(find_op const& own, loaded const& answer) {
    if (!recording())
        return;
    document sent = own.filter;
    sent.set("_id", doc("$in", arr(own.filter.at("_id"))));
    shape(sent);
    recorded_->statistics->round_trips += answer.round_trips;
    recorded_->statistics->documents += static_cast<std::int64_t>(answer.docs.size());
    recorded_->note = fmt::format(", one of {} calls", answer.calls);
}

void store_span::finish(call_frame& frame) {
    if (!recorded_)
        return;
    frame.add_store_times(recorded_->statistics->times);
    if (!recorded_->span)
        return;
    record& r = *recorded_;
    auto const documents = r.statistics->documents;
    r.span->add_round_trips(r.statistics->round_trips);
    r.span->detail(fmt::format("{} -> {} document{}{}", r.shape, documents, documents == 1 ? "" : "s", r.note));
}

} // namespace cormorant::detail
