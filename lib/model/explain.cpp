#include "model/explain.hpp"

#include "model/population_plan.hpp"

#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cormorant::detail {

namespace {

bool populates(call_frame const& frame, planned_hook const& hook) {
    return hook.hook->internal && frame.schema().relation(hook.hook->name) != nullptr;
}

/// Whether documents that are read with this projection have the key.
bool is_read(document const& projection, std::string_view key) {
    bool includes = false;
    for (auto const& [path, v] : projection) {
        bool const excluded = v.if_bool() == false || v.if_double() == 0.0;
        bool const covers = path == key || path_head(key) == path || path_head(path) == key;
        if (covers && (!excluded || path == key || path_head(key) == path))
            return !excluded;
        includes = includes || (!excluded && path != "_id");
    }
    return !includes || key == "_id";
}

/// What is known of an operation beyond its filter.
document options_of(operation const& op) {
    document options;
    if (auto const* find = std::get_if<find_op>(&op)) {
        if (!find->sort.empty())
            options.set("sort", find->sort);
        if (find->skip != 0)
            options.set("skip", find->skip);
        if (find->limit != 0)
            options.set("limit", find->limit);
    } else if (auto const* insert = std::get_if<insert_op>(&op)) {
        options.set("documents", static_cast<std::int64_t>(insert->docs.size()));
    }
    return options;
}

/// Whether there is what a relationship's hook populates by.
bool reads_reference(call_frame const& frame, planned_hook const& hook, operation_options const& options) {
    auto const& fields = static_cast<find_options const&>(options).fields_value;
    return is_read(frame.schema().projection(fields), frame.schema().relation(hook.hook->name)->left_key);
}

} // namespace

void explainer::begin(call_frame const& frame, operation_options const& options) {
    level_ = options.scope_value ? options.scope_value->depth : 0;
    std::string const& model = frame.schema().name();
    if (options.hooks_value) {
        asked_count_ = options.hooks_value->size();
    } else {
        asked_ = hook_origin::default_hook;
        asked_by_ = model;
        asked_count_ = frame.compiled().default_plan(frame.kind()).requests().size();
    }
    parent_ = out_.add(make(frame, span_kind::call, fmt::format("{}.{}", model, to_string(frame.kind()))));
}

explanation::step explainer::make(call_frame const& frame, span_kind kind, std::string name) const {
    explanation::step s;
    s.kind = kind;
    s.name = std::move(name);
    s.parent = parent_;
    s.model = frame.schema().name();
    s.level = level_;
    return s;
}

void explainer::add_hook(call_frame const& frame, planned_hook const& hook, operation_options const& options) {
    auto s = make(frame, span_kind::hook, fmt::format("{}_{}", to_string(hook.hook->type), hook.hook->name));
    s.internal = hook.hook->internal;
    if (hook.request == planned_hook::required_hook) {
        s.origin = hook_origin::required_hook;
    } else if (hook.request < asked_count_) {
        s.origin = asked_;
        s.reason = asked_by_;
    } else {
        s.origin = hook_origin::field_hook;
        auto const& request = frame.plan().requests()[hook.request];
        auto const extra = std::ranges::find(frame.extra_hooks, request.name, &hook_request::name);
        s.reason = frame.extra_reasons[static_cast<std::size_t>(extra - frame.extra_hooks.begin())];
    }
    if (populates(frame, hook) && !reads_reference(frame, hook, options))
        s.unread_key = frame.schema().relation(hook.hook->name)->left_key;
    out_.add(std::move(s));
}

void explainer::add_hooks(call_frame const& frame, hook_type type, operation_options& options) {
    auto hooks = frame.hooks(type);
    while (!hooks.empty()) {
        auto const together = hooks.first(batch_length(hooks));
        for (planned_hook const& hook : together)
            add_hook(frame, hook, options);
        if (populates(frame, together.front()))
            add_population(frame, together, static_cast<find_options&>(options));
        hooks = hooks.subspan(together.size());
    }
}

void explainer::add_store(call_frame const& frame, operation op) {
    if (auto const* const translated = frame.translation())
        std::visit([&](auto& known) { to_stored(*translated, known); }, op);
    auto s = make(frame, span_kind::store, fmt::format("{} {}", name_of(op), collection_of(op)));
    std::visit(
        [&](auto const& known) {
            if constexpr (requires { known.filter; })
                s.shape = shape_of(value(known.filter));
            else if constexpr (requires { known.pipeline; })
                s.shape = shape_of(value(known.pipeline));
            if constexpr (requires { known.projection; })
                s.fields = known.projection;
        },
        op);
    s.options = options_of(op);
    out_.add(std::move(s));
}

void explainer::add_population(call_frame const& frame, std::span<planned_hook const> hooks, find_options& options) {
    connection_state const& on = frame.connection();
    population_limits const& limits = on.options.population();
    auto const scope = options.scope_value ? options.scope_value : std::make_shared<call_scope>();
    std::vector<related_request> requests;
    for (planned_hook const& hook : hooks) {
        if (reads_reference(frame, hook, options))
            requests.push_back(
                request_of(frame.schema(), *frame.schema().relation(hook.hook->name), options, hook.args, hook.nested));
    }

    for (std::size_t first = 0; first < requests.size();) {
        auto const stage = next_stage(on, requests, first);
        find_list<related_find> finds(on, requests, first, stage.last);
        for (std::size_t r = first; r < stage.last; ++r) {
            relation_definition const& relation = *requests[r].relation;
            if (!relation.polymorphic || relation.inverse)
                finds.find(r, relation.model);
            else if (relation.models.empty())
                out_.add(make(frame, span_kind::population, relation.name + " -> whatever the references name"));
            for (std::string const& model : relation.models)
                finds.find(r, model);
        }
        for (related_find& find : finds.all()) {
            auto path = path_of(*scope, requests, find);
            auto s = make(frame, span_kind::population, fmt::format("{} -> {}", path, find.target->name));
            s.level = level_ + 1;
            s.exceeds_limits = scope->depth + 1 > limits.depth || ++scope->populated->queries > limits.queries;
            bool const ends = s.exceeds_limits;
            auto const position = out_.add(std::move(s));
            if (ends)
                continue;
            find_call call(options_of(options, *scope, find, std::move(path), true));
            call.filter = filter_of(*find.request, find.join, arr(nullptr));
            explainer(out_, position, asked_, asked_by_).run(find.target, std::move(call));
        }
        first = stage.last;
    }
}

} // namespace cormorant::detail
