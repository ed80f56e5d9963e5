#include "model/state.hpp"

#include "model/population.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace cormorant::detail {

namespace {

/// The hooks of the relationships stand before those of the definition, which may so take their places.
std::shared_ptr<hook_registry const> collect_hooks(schema const& s) {
    auto registry = std::make_shared<hook_registry>();
    auto const batch = std::make_shared<hook_handler::batch_function>(populate_hooks);
    for (relation_definition const& r : s.relations()) {
        hook_definition hook("afterFind", r.name, hook_handler::make_batch(batch), r.hook_required);
        hook.internal = true;
        registry->add(std::move(hook));
    }
    for (hook_definition const& hook : s.definition().hooks())
        registry->add(hook);
    return registry;
}

} // namespace

compiled_model::compiled_model(std::shared_ptr<cormorant::schema const> s)
    : schema(std::move(s)), hooks(collect_hooks(*schema)), plans_(hooks) {
    for (std::size_t i = 0; i < default_plans_.size(); ++i) {
        auto const kind = static_cast<operation_kind>(i);
        try {
            default_plans_[i] = plans_.plan(schema->definition().default_hooks(kind));
        } catch (error const& e) {
            throw error(
                errc::definition, fmt::format("model {}: default hooks of {}: {}", schema->name(), to_string(kind), e.message()));
        }
    }
}

std::shared_ptr<hook_plan const> compiled_model::resolve(
    operation_kind kind, std::optional<hook_requests> const& asked, hook_requests const& extra) const {
    auto const& defaults = default_plans_[static_cast<std::size_t>(kind)];
    hook_requests const& first = asked ? *asked : defaults->requests();
    auto const missing = [&](hook_request const& r) {
        return std::ranges::find(first, r.name, &hook_request::name) == first.end();
    };
    if (std::ranges::none_of(extra, missing))
        return asked ? plan(*asked) : defaults;
    hook_requests all = first;
    std::ranges::copy_if(extra, std::back_inserter(all), missing);
    return plan(all);
}

model_state::model_state(model_definition definition)
    : name(definition.name()), collection(definition.collection()), definition_(std::move(definition)) {}

std::shared_ptr<model_state> model_state::make(model_definition definition) {
    auto state = std::make_shared<model_state>(std::move(definition));
    state->compiled_ = state->compile(state->definition_, false);
    return state;
}

std::shared_ptr<compiled_model const> model_state::compile(model_definition definition, bool strict_loading) const {
    auto related = [weak = weak_from_this()](std::string_view other) -> std::shared_ptr<schema const> {
        auto const self = weak.lock();
        auto const on = self ? self->connection() : nullptr;
        auto const found = on ? on->find_related(other) : nullptr;
        return found ? found->compiled()->schema : nullptr;
    };
    return std::make_shared<compiled_model const>(schema::compile(std::move(definition), std::move(related), strict_loading));
}

std::shared_ptr<compiled_model const> model_state::compiled() const {
    std::lock_guard lock(mutex_);
    return compiled_;
}

std::shared_ptr<connection_state> model_state::connection() const {
    std::lock_guard lock(mutex_);
    return connection_.lock();
}

model_state::pinned model_state::pin() const {
    pinned p;
    {
        std::lock_guard lock(mutex_);
        p.compiled = compiled_;
        p.connection = connection_.lock();
    }
    if (!p.connection)
        throw error(errc::not_connected, fmt::format("model {} is not on a connection", name));
    return p;
}

std::shared_ptr<connection_state> model_state::require_connection() const {
    return pin().connection;
}

void model_state::attach(std::shared_ptr<connection_state> const& to) {
    bool const strict = to && to->options.strict_loading();
    {
        std::lock_guard lock(mutex_);
        connection_ = to;
        if (strict == std::exchange(strict_loading_, strict))
            return;
    }
    change([](model_definition const&) {});
}

void model_state::change(std::function<void(model_definition&)> const& f) {
    auto [changed, strict] = [this] {
        std::lock_guard lock(mutex_);
        return std::pair(definition_, strict_loading_);
    }();
    f(changed);
    if (changed.name() != name || changed.collection() != collection)
        throw error(errc::definition, fmt::format("model {}: name and collection of a model cannot be changed", name));
    auto made = compile(changed, strict);
    std::lock_guard lock(mutex_);
    definition_ = std::move(changed);
    compiled_ = std::move(made);
}

connection_state::connection_state(std::shared_ptr<cormorant::store> s, connection_options o)
    : store(std::move(s)), options(std::move(o)) {}

connection_state::~connection_state() = default;

std::shared_ptr<model_state> connection_state::find(std::string_view model) const {
    std::lock_guard lock(mutex);
    auto const found = models.find(model);
    return found == models.end() ? nullptr : found->second;
}

std::shared_ptr<model_state> connection_state::find_related(std::string_view model) const {
    if (!options.related_models())
        return find(model);
    auto const found = options.related_models()(model);
    return found ? model_access::state(*found) : nullptr;
}

std::shared_ptr<connection_state::query_log const> connection_state::log() const {
    if (!logs_.load(std::memory_order_relaxed))
        return nullptr;
    std::lock_guard lock(mutex);
    return log_;
}

void connection_state::set_log(std::shared_ptr<query_log const> log) {
    std::lock_guard lock(mutex);
    logs_.store(log != nullptr, std::memory_order_relaxed);
    log_ = std::move(log);
}

} // namespace cormorant::detail
