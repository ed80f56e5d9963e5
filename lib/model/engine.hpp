#pragma once

/// The one way in which every operation of a model runs: resolve, before hooks, complete, store call, after hooks, shape.
///
/// An operation is a description, a struct with
/// - `kind`, `before` and `after` (the hook types in their order), `argument_types` (a variant of their argument structs),
/// `options`;
/// - `prepare(frame)`: checks the caller's arguments and asks for further hooks (`frame.extra_hooks`);
/// - `bind(arguments, type, frame, position)`: the arguments of one call of a hook; `calls(type)`: how many calls each hook gets;
/// - of writes: `complete(frame)`: the preparation that makes the data ready to be sent, and `ready`: the hook types that run
/// then;
/// - `request(frame)`, or `requests(frame)` for several: what is sent;
/// - `execute(frame)`: the awaitable of the store call; its answer comes to `accept`;
/// - `shape(frame)`: what is left to do after the after hooks;
/// - `give(answer)`, for each type of answer.
///
/// What an operation will do is told by the same description (explain.hpp), which then is prepared and asked for its requests,
/// without `complete`: `suppose_completed(frame)` puts there what `request` needs of it.

#include "model/state.hpp"
#include "pipeline/annotate.hpp"
#include "schema/translation.hpp"

#include <cormorant/pipeline/call_scope.hpp>
#include <cormorant/pipeline/runner.hpp>
#include <cormorant/schema/preparation.hpp>
#include <cormorant/store/store.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cormorant::detail {

/// What every operation has while it runs.
class call_frame {
public:
    call_frame(model self, operation_kind kind) noexcept;
    call_frame(call_frame const&) = delete;
    call_frame& operator=(call_frame const&) = delete;

    /// Takes what the operation works with: the connection, the definition as it is now, and the session, which the handle and
    /// the options then agree on. Throws `errc::not_connected`, and `errc::invalid_argument` for two sessions.
    void begin(operation_options& options);
    /// In the place of `begin`, after an operation that went well: for the errors of what is done with its answer.
    void look_back();
    /// Settles which hooks run. Throws `errc::invalid_argument`.
    void resolve(operation_options& options, hook_types types);
    /// After the hooks of `type`: they may have asked for others by changing `options.hooks_value`.
    void follow(operation_options& options, hook_type type, hook_types types);

    std::span<planned_hook const> hooks(hook_type type) const noexcept { return plan_->of(type); }
    /// All hooks of this call. Those that were asked for come first in its requests, then the extra ones.
    hook_plan const& plan() const noexcept { return *plan_; }
    /// Whether hooks of these types will run.
    bool runs(hook_types types) const noexcept { return plan_->types().intersects(types); }
    /// Whether hooks of these types run which are the user's.
    bool runs_user_hooks(hook_types types) const noexcept { return plan_->user_types().intersects(types); }

    cormorant::model& self() noexcept { return self_; }
    operation_kind kind() const noexcept { return kind_; }
    compiled_model const& compiled() const noexcept { return *pinned_.compiled; }
    cormorant::schema const& schema() const noexcept { return *pinned_.compiled->schema; }
    connection_state const& connection() const noexcept { return *pinned_.connection; }
    find_loader& loader() const noexcept { return *model_access::state(self_)->loader; }
    std::string const& collection() const noexcept { return model_access::state(self_)->collection; }
    /// Between the documents of the model and those that are stored; null when they are the same.
    detail::translation const* translation() const noexcept { return pinned_.compiled->schema->translation(); }
    /// The parent for spans of this operation.
    std::size_t span() const noexcept { return span_ ? span_->id() : trace::no_parent; }

    /// Around what is not the store's: hooks, and rules of the model.
    void enter_hooks() noexcept {
        if (timed_)
            hooks_since_ = std::chrono::steady_clock::now();
    }
    void leave_hooks() noexcept {
        if (hooks_since_)
            spent_.add(phase::hooks, std::chrono::steady_clock::now() - *std::exchange(hooks_since_, std::nullopt));
    }
    /// The store is done, and this is where its time went.
    void add_store_times(phase_times const& times) noexcept { spent_ += times; }

    /// Inside a handler: throws the error with what is known of the operation.
    [[noreturn]] void rethrow(error& e) const;
    [[noreturn]] void rethrow(boost::system::system_error const& e) const;

    /// Hooks that run after those that were asked for, unless they are among them.
    hook_requests extra_hooks;
    /// What needs each of them: the name of a virtual or relationship.
    std::vector<std::string> extra_reasons;
    /// How far a write got.
    outcome progress = outcome::not_sent;

private:
    void describe(diagnostics& d, errc code) const;

    cormorant::model self_;
    operation_kind kind_;
    model_state::pinned pinned_;
    std::shared_ptr<hook_plan const> plan_;
    std::optional<trace_scope> span_;
    // Where the time went, of an operation with a deadline.
    bool timed_ = false;
    phase_times spent_;
    std::optional<std::chrono::steady_clock::time_point> hooks_since_;
};

/// The arguments of an operation's hooks of one type.
template <class Call>
class call_subject final : public hook_subject {
public:
    call_subject(call_frame& frame, Call& call, hook_type type) noexcept : frame_(frame), call_(call), type_(type) {}
    std::size_t size() const noexcept override { return call_.calls(type_); }
    hook_args& args(std::size_t position) override {
        // The arguments of a single call stay the same from hook to hook.
        if (!current_ || size() != 1)
            current_ = &call_.bind(arguments_, type_, frame_, position);
        return *current_;
    }

private:
    call_frame& frame_;
    Call& call_;
    hook_type type_;
    typename Call::argument_types arguments_;
    hook_args* current_ = nullptr;
};

/// The shape of a filter or pipeline: operators and keys, but no values.
std::string shape_of(value const& v);

/// The trace of one store call; a pointer when there is none.
class store_span {
public:
    store_span(call_frame const& frame, operation_options const& options, std::string_view name, std::string_view collection);
    store_span(store_span const&) = delete;
    store_span& operator=(store_span const&) = delete;

    bool recording() const noexcept { return recorded_ && recorded_->span; }
    void shape(document const& filter);
    void shape(array const& pipeline);
    call_options make_options(operation_options const& options, bool write) const;
    /// The find was one of several.
    void share(find_op const& own, loaded const& answer);
    void finish(call_frame& frame);

private:
    struct record {
        /// Nothing: only the time counts.
        std::optional<trace_scope> span;
        std::shared_ptr<call_statistics> statistics = std::make_shared<call_statistics>();
        std::string shape;
        std::string note;
    };
    std::unique_ptr<record> recorded_;
};

/// Gives an operation the names and values that are stored. Pipelines stay as they are.
template <class Op>
void to_stored(translation const& t, Op& op) {
    if constexpr (requires { op.filter; })
        t.store_filter(op.filter);
    if constexpr (requires { op.projection; })
        t.store_paths(op.projection);
    if constexpr (requires { op.sort; })
        t.store_paths(op.sort);
    if constexpr (requires {
                      op.filter;
                      op.hint;
                  }) {
        if (op.hint && op.hint->is_document())
            t.store_paths(op.hint->as_document());
    }
    if constexpr (requires { op.docs; }) {
        for (document& d : op.docs.edit())
            t.store_document(d);
    }
    if constexpr (requires { op.update; })
        t.store_update(op.update, op.array_filters);
}

/// Gives an answer the names and values of the model.
inline void to_model(translation const& t, insert_result& r) {
    for (value& id : r.inserted_ids)
        t.load(id);
}
inline void to_model(translation const& t, update_result& r) {
    if (r.upserted_id)
        t.load(*r.upserted_id);
}
inline void to_model(translation const& t, std::optional<document>& d) {
    if (d)
        t.load(*d);
}
template <class Answer>
void to_model(translation const&, Answer&) {}

/// The documents of a batch as the model has them. `projection`: what was asked for, in its names.
batch to_model(call_frame const& frame, batch stored, document const& projection);

/// What `exchange` is given when the operation is there already.
template <class Op>
auto made(Op&& op) {
    return [op = std::forward<Op>(op)]() mutable { return std::move(op); };
}

/// Hands documents to `to.accept`. False: no more are wanted.
template <class Receiver>
bool hand_over(call_frame const& frame, batch docs, Receiver& to) {
    if (docs.empty())
        return false;
    if constexpr (requires { to.shown; }) { // the documents are of the model
        if (frame.translation() != nullptr)
            docs = to_model(frame, std::move(docs), to.shown);
    }
    return to.accept(std::move(docs));
}

/// Sends a find by id together with others. False: it has to be sent by itself.
template <class Receiver>
boost::asio::awaitable<bool> exchange_together(
    call_frame& frame, find_op const& op, call_options const& sent, store_span& span, Receiver& to) {
    auto here = co_await boost::asio::this_coro::executor;
    auto found =
        co_await frame.loader().async_load(std::move(here), frame.connection().store, op, sent, boost::asio::use_awaitable);
    if (found.settled) {
        span.share(op, found);
        hand_over(frame, std::move(found.docs), to);
        span.finish(frame);
    }
    co_return found.settled;
}

/// Runs an operation of a store. The operation and its options stay where they are until it is started, when the awaitable is
/// awaited: `store::async_run` would move them from layer to layer. All three must live until then.
template <class Op>
auto start_here(store& s, Op& op, call_options& options) {
    using answer = reply_of<Op>;
    return boost::asio::async_initiate<boost::asio::use_awaitable_t<> const&, void(std::exception_ptr, answer)>(
        [&s, &op, &options](auto handler) {
            s.start(operation(std::move(op)), std::move(options),
                store::completion(narrowing_handler<answer, decltype(handler)>(std::move(handler))));
        },
        boost::asio::use_awaitable);
}

/// Sends the operation that `make()` gives and hands what comes back to `to.accept`; a find stops when that says false. `frame`,
/// `options`, `to` and what `make` refers to must outlive it. `loads`: a find by id may be sent together with others.
template <class Make, class Receiver>
boost::asio::awaitable<void> exchange(
    call_frame& frame, operation_options const& options, Make make, Receiver& to, bool loads = false) {
    using Op = decltype(make());
    Op op = make();
    constexpr bool write = requires { op.update; } || requires { op.docs; } || requires { op.just_one; };
    translation const* const translated = frame.translation();
    if (translated)
        to_stored(*translated, op);
    store_span span(frame, options, Op::name, op.collection);
    if (span.recording()) {
        if constexpr (requires { op.filter; })
            span.shape(op.filter);
        else if constexpr (requires { op.pipeline; })
            span.shape(op.pipeline);
    }
    call_options sent = span.make_options(options, write);
    if constexpr (std::is_same_v<Op, find_op>) {
        if (loads && find_loader::id_of(op) != nullptr && co_await exchange_together(frame, op, sent, span, to))
            co_return;
    }
    frame.progress = outcome::maybe_applied;
    auto answer = co_await start_here(*frame.connection().store, op, sent);
    if constexpr (std::is_same_v<reply_of<Op>, cursor>) {
        bool more = true;
        while (more) {
            batch next;
            if (auto here = answer.ready())
                next = std::move(*here);
            else
                next = co_await answer.async_next(boost::asio::use_awaitable);
            more = hand_over(frame, std::move(next), to);
        }
    } else {
        if (translated)
            to_model(*translated, answer);
        to.accept(std::move(answer));
    }
    span.finish(frame);
}

/// Sends the one request of an operation.
template <class Call>
boost::asio::awaitable<void> send_request(call_frame& frame, Call& call) {
    return exchange(
        frame, call.options, [&frame, &call] { return call.request(frame); }, call);
}

/// Runs what `data.run()` left, within the deadline of the operation.
boost::asio::awaitable<void> finish_in_time(preparation& data, operation_options const& options);

/// The types of the hooks that an operation runs.
template <class Call>
constexpr hook_types types_of() noexcept {
    if constexpr (requires { Call::ready; })
        return hook_types(Call::before) | hook_types(Call::ready) | hook_types(Call::after);
    else
        return hook_types(Call::before) | hook_types(Call::after);
}

/// The hooks of one type. An awaitable is there only when one of them has to wait, so `run` does the waiting.
template <class Call>
class hook_round {
public:
    hook_round(call_frame& frame, Call& call, hook_type type)
        : frame_(frame), call_(call), type_(type), subject_(frame, call, type), stage_(frame.hooks(type), subject_) {}
    hook_round(hook_round const&) = delete;
    hook_round& operator=(hook_round const&) = delete;

    /// False: `finish` has to be awaited.
    bool run() {
        frame_.enter_hooks();
        return stage_.run();
    }
    boost::asio::awaitable<void> finish() { return stage_.finish(); }
    /// After the last of them.
    void close() {
        frame_.leave_hooks();
        frame_.follow(call_.options, type_, types_of<Call>());
    }

private:
    call_frame& frame_;
    Call& call_;
    hook_type type_;
    call_subject<Call> subject_;
    hook_stage stage_;
};

template <class Answer, class Call>
boost::asio::awaitable<Answer> run(model self, Call call) {
    call_frame frame(std::move(self), Call::kind);
    try {
        frame.begin(call.options);
        call.prepare(frame);
        frame.resolve(call.options, types_of<Call>());
        for (hook_type type : Call::before) {
            hook_round round(frame, call, type);
            if (!round.run())
                co_await round.finish();
            round.close();
        }
        if constexpr (requires { call.complete(frame); }) {
            {
                trace_scope const span(call.options.trace_value, frame.span(), span_kind::validation, "validate");
                preparation data = call.complete(frame);
                frame.enter_hooks();
                if (!data.run())
                    co_await finish_in_time(data, call.options);
                frame.leave_hooks();
                if (!data.violations().empty())
                    throw_violations(frame.schema().name(), to_string(Call::kind), std::move(data.violations()));
            }
            for (hook_type type : Call::ready) {
                hook_round round(frame, call, type);
                if (!round.run())
                    co_await round.finish();
                round.close();
            }
        }
        co_await call.execute(frame);
        frame.progress = outcome::applied;
        for (hook_type type : Call::after) {
            hook_round round(frame, call, type);
            if (!round.run())
                co_await round.finish();
            round.close();
        }
        call.shape(frame);
    } catch (error& e) {
        frame.rethrow(e);
    } catch (boost::system::system_error const& e) {
        frame.rethrow(e);
    }
    Answer answer;
    call.give(answer);
    co_return answer;
}

} // namespace cormorant::detail
