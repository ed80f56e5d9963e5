#pragma once

/// Tells what an operation will do, from the description that also runs it (engine.hpp).

#include "model/calls.hpp"

#include <cormorant/model/explanation.hpp>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cormorant::detail {

/// Puts the steps of one operation, and of those that populate its documents, into an explanation.
class explainer {
public:
    template <class Call>
    static explanation explain(std::shared_ptr<model_state> state, Call call) {
        explanation result;
        // What surrounds the call has its own trace and budget.
        call.options.trace_value = nullptr;
        call.options.scope_value = nullptr;
        explainer(result, explanation::no_parent, hook_origin::runtime_hook, std::string())
            .run(std::move(state), std::move(call));
        return result;
    }

private:
    /// `asked`: what it means that the options ask for hooks; by default or at runtime, when it is the defaults of `asked_by`.
    explainer(explanation& out, std::size_t parent, hook_origin asked, std::string asked_by)
        : out_(out), parent_(parent), asked_(asked), asked_by_(std::move(asked_by)) {}

    template <class Call>
    void run(std::shared_ptr<model_state> state, Call call) {
        constexpr hook_types types = types_of<Call>();
        call_frame frame(model_access::make(std::move(state)), Call::kind);
        try {
            frame.begin(call.options);
            call.prepare(frame);
            begin(frame, call.options);
            frame.resolve(call.options, types);
            add_steps(frame, call);
        } catch (error& e) {
            frame.rethrow(e);
        }
    }

    template <class Call>
    void add_steps(call_frame& frame, Call& call) {
        for (hook_type type : Call::before)
            add_hooks(frame, type, call.options);
        if constexpr (requires { Call::ready; }) {
            out_.add(make(frame, span_kind::validation, "validate"));
            call.suppose_completed(frame);
            for (hook_type type : Call::ready)
                add_hooks(frame, type, call.options);
        }
        if constexpr (requires { call.requests(frame); }) {
            for (operation& op : call.requests(frame))
                add_store(frame, std::move(op));
        } else {
            add_store(frame, to_operation(call.request(frame)));
        }
        for (hook_type type : Call::after)
            add_hooks(frame, type, call.options);
    }

    template <class Op>
    static operation to_operation(Op op) {
        return operation(std::move(op));
    }
    template <class... Ops>
    static operation to_operation(std::variant<Ops...> op) {
        return std::visit([](auto& one) { return operation(std::move(one)); }, op);
    }

    void begin(call_frame const& frame, operation_options const& options);
    explanation::step make(call_frame const& frame, span_kind kind, std::string name) const;
    void add_hooks(call_frame const& frame, hook_type type, operation_options& options);
    void add_hook(call_frame const& frame, planned_hook const& hook, operation_options const& options);
    void add_store(call_frame const& frame, operation op);
    void add_population(call_frame const& frame, std::span<planned_hook const> hooks, find_options& options);

    explanation& out_;
    std::size_t parent_;
    // Of the requests for hooks, until `begin` of those in the options, then of all but the extra ones.
    hook_origin asked_;
    std::string asked_by_;
    std::size_t asked_count_ = 0;
    int level_ = 0;
};

} // namespace cormorant::detail
