#include <cormorant/pipeline/registry.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace cormorant {

void hook_registry::add(hook_definition hook) {
    auto& hooks = hooks_[static_cast<std::size_t>(hook.type)];
    auto const same = std::ranges::find(hooks, hook.name, &hook_definition::name);
    if (same == hooks.end())
        hooks.push_back(std::move(hook));
    else
        *same = std::move(hook);
}

hook_definition const* hook_registry::find(hook_type type, std::string_view name) const noexcept {
    auto const hooks = of(type);
    auto const found = std::ranges::find(hooks, name, &hook_definition::name);
    return found == hooks.end() ? nullptr : &*found;
}

parsed_request parse_request(std::string_view request) {
    if (auto const underscore = request.find('_'); underscore != std::string_view::npos) {
        if (auto const type = parse_hook_type(request.substr(0, underscore)))
            return parsed_request(type, request.substr(underscore + 1), std::string_view());
    }
    if (auto const dot = request.find('.'); dot != std::string_view::npos && dot > 0 && dot + 1 < request.size())
        return parsed_request(std::nullopt, request.substr(0, dot), request.substr(dot + 1));
    throw error(errc::invalid_argument, fmt::format("\"{}\" names no hook: a hook is asked for as \"afterFind_name\", one of a "
                                                    "related model as \"relationship.afterFind_name\"",
                                            request));
}

std::size_t batch_length(std::span<planned_hook const> hooks) noexcept {
    auto const& batch = hooks.front().hook->handler.batch();
    std::size_t n = 1;
    while (batch && n < hooks.size() && hooks[n].hook->handler.batch() == batch)
        ++n;
    return n;
}

hook_plan::hook_plan(std::shared_ptr<hook_registry const> registry, hook_requests requests)
    : registry_(std::move(registry)), requests_(std::move(requests)) {
    struct wanted_hook {
        std::string_view name;
        std::size_t request;
    };
    std::array<std::vector<wanted_hook>, hook_type_count> wanted;
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        hook_request const& r = requests_[i];
        parsed_request const parsed = parse_request(r.name);
        if (parsed.type) {
            wanted[static_cast<std::size_t>(*parsed.type)].emplace_back(parsed.name, i);
        } else {
            hook_request below{std::string(parsed.nested)};
            below.args = r.args;
            nested_[parsed.name].push_back(std::move(below));
        }
    }

    auto const plan = [this](hook_definition const& hook, std::size_t request) {
        auto const nested = nested_.find(hook.name);
        bool const has_args = request != planned_hook::required_hook && requests_[request].args;
        hooks_.push_back(planned_hook(
            &hook, has_args ? &*requests_[request].args : nullptr, nested == nested_.end() ? nullptr : &nested->second, request));
        types_.add(hook.type);
        if (!hook.internal)
            user_types_.add(hook.type);
        if (!hook.handler.plain())
            waiting_types_.add(hook.type);
    };
    for (std::size_t i = 0; i < hook_type_count; ++i) {
        auto const type = static_cast<hook_type>(i);
        first_[i] = static_cast<std::uint16_t>(hooks_.size());
        for (auto const& [name, request] : wanted[i]) {
            if (auto const* hook = registry_->find(type, name))
                plan(*hook, request);
            else
                unknown_.emplace_back(type, name);
        }
        for (hook_definition const& hook : registry_->of(type)) {
            if (hook.required && std::ranges::find(wanted[i], hook.name, &wanted_hook::name) == wanted[i].end())
                plan(hook, planned_hook::required_hook);
        }
    }
    first_[hook_type_count] = static_cast<std::uint16_t>(hooks_.size());
}

void hook_plan::check(hook_types types) const {
    for (auto const& [type, name] : unknown_) {
        if (types.contains(type))
            throw error(errc::invalid_argument, fmt::format("there is no hook \"{}_{}\"", to_string(type), name));
    }
}

plan_cache::plan_cache(std::shared_ptr<hook_registry const> registry) : registry_(std::move(registry)) {}

std::size_t plan_cache::hash::operator()(hook_requests const& requests) const noexcept {
    std::size_t h = requests.size();
    for (hook_request const& r : requests)
        h = h * 31 + std::hash<std::string_view>()(r.name);
    return h;
}

std::shared_ptr<hook_plan const> plan_cache::plan(hook_requests const& requests) {
    if (std::ranges::any_of(requests, [](hook_request const& r) { return r.args.has_value(); }))
        return std::make_shared<hook_plan const>(registry_, requests);
    {
        std::lock_guard lock(mutex_);
        if (auto const found = plans_.find(requests); found != plans_.end())
            return found->second;
    }
    auto made = std::make_shared<hook_plan const>(registry_, requests);
    std::lock_guard lock(mutex_);
    if (plans_.size() >= largest)
        plans_.clear();
    plans_.try_emplace(requests, made);
    return made;
}

} // namespace cormorant
