#pragma once

#include "model/loader.hpp"

#include <cormorant/model/connection.hpp>
#include <cormorant/model/model.hpp>
#include <cormorant/pipeline/registry.hpp>
#include <cormorant/schema/schema.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace cormorant::detail {

/// A definition made ready for operations. Immutable but for its cache: an operation keeps the one that it started with.
struct compiled_model {
    compiled_model(std::shared_ptr<cormorant::schema const> s);

    std::shared_ptr<cormorant::schema const> const schema;
    std::shared_ptr<hook_registry const> const hooks;
    /// The plan for calls that ask for no hooks.
    hook_plan const& default_plan(operation_kind kind) const noexcept { return *default_plans_[static_cast<std::size_t>(kind)]; }
    std::shared_ptr<hook_plan const> plan(hook_requests const& requests) const { return plans_.plan(requests); }
    /// The hooks of a call: those that it asks for, else the default ones, then `extra` unless they are among them.
    /// Throws as `hook_plan`.
    std::shared_ptr<hook_plan const> resolve(
        operation_kind kind, std::optional<hook_requests> const& asked, hook_requests const& extra) const;
    /// Whether documents that were read become something else when the application looks at them.
    bool has_init() const noexcept { return static_cast<bool>(schema->definition().on_init()); }

private:
    mutable plan_cache plans_;
    std::array<std::shared_ptr<hook_plan const>, 7> default_plans_;
};

struct model_state : std::enable_shared_from_this<model_state> {
    explicit model_state(model_definition definition);
    /// A schema refers to its neighbours through the model, so it is compiled when there is a shared pointer to that.
    static std::shared_ptr<model_state> make(model_definition definition);

    /// What an operation works with, taken at once.
    struct pinned {
        std::shared_ptr<compiled_model const> compiled;
        std::shared_ptr<connection_state> connection;
    };
    /// Throws `errc::not_connected` naming the model.
    pinned pin() const;
    std::shared_ptr<compiled_model const> compiled() const;
    std::shared_ptr<connection_state> connection() const;
    /// Throws `errc::not_connected` naming the model.
    std::shared_ptr<connection_state> require_connection() const;
    /// Null takes the model off its connection.
    void attach(std::shared_ptr<connection_state> const& to);
    void change(std::function<void(model_definition&)> const& f);

    std::string const name;
    std::string const collection;
    std::shared_ptr<find_loader> const loader = std::make_shared<find_loader>();

private:
    std::shared_ptr<compiled_model const> compile(model_definition definition, bool strict_loading) const;

    mutable std::mutex mutex_;
    bool strict_loading_ = false; // what the connection says
    // As it was declared: the schema's own copy is completed with what relationships add.
    model_definition definition_;
    std::shared_ptr<compiled_model const> compiled_;
    std::weak_ptr<connection_state> connection_;
};

struct connection_state {
    using query_log = std::function<void(query_log_entry const&)>;

    connection_state(std::shared_ptr<cormorant::store> s, connection_options o);
    ~connection_state();

    /// Null when there is none.
    std::shared_ptr<model_state> find(std::string_view model) const;
    /// Where relationships find their models, which may be on another connection. Null when there is none.
    std::shared_ptr<model_state> find_related(std::string_view model) const;
    /// Null when there is no log.
    std::shared_ptr<query_log const> log() const;
    void set_log(std::shared_ptr<query_log const> log);

    std::shared_ptr<cormorant::store> const store;
    connection_options const options;

    mutable std::mutex mutex;
    std::map<std::string, std::shared_ptr<model_state>, std::less<>> models; // guarded by the mutex

private:
    std::atomic<bool> logs_{false};        // spares every find the mutex
    std::shared_ptr<query_log const> log_; // guarded by the mutex
};

struct model_access {
    static std::shared_ptr<model_state> const& state(model const& m) noexcept { return m.state_; }
    static std::shared_ptr<session> const& session_of(model const& m) noexcept { return m.session_; }
    static model make(std::shared_ptr<model_state> s, std::shared_ptr<session> in = {}) noexcept {
        return model(std::move(s), std::move(in));
    }
};
struct connection_access {
    static std::shared_ptr<connection_state> const& state(connection const& c) noexcept { return c.state_; }
    static std::shared_ptr<session> const& session_of(connection const& c) noexcept { return c.session_; }
    static connection make(std::shared_ptr<connection_state> s, std::shared_ptr<session> in = {}) noexcept {
        return connection(std::move(s), std::move(in));
    }
};

} // namespace cormorant::detail
