#include "model/collection.hpp"
#include "model/population.hpp"
#include "model/state.hpp"

#include <cormorant/model/connection.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <utility>

namespace cormorant {

namespace asio = boost::asio;

namespace {

void put(std::shared_ptr<detail::connection_state> const& on, std::shared_ptr<detail::model_state> const& state) {
    if (auto const other = state->connection(); other && other != on)
        throw error(errc::definition, fmt::format("model {} is on another connection", state->name));
    std::shared_ptr<detail::model_state> replaced;
    {
        std::lock_guard lock(on->mutex);
        replaced = std::exchange(on->models[state->name], state);
    }
    if (replaced && replaced != state)
        replaced->attach(nullptr);
    state->attach(on);
}

asio::awaitable<model> attach_and_sync(
    std::shared_ptr<detail::connection_state> on, std::shared_ptr<session> in, model m, add_options options) {
    auto const& state = detail::model_access::state(m);
    put(on, state);
    if (options.sync_value) {
        if (!state->compiled()->schema->definition().view_on().empty())
            (void)co_await detail::create_view(state, in);
        else if (options.create_indexes_value)
            co_await detail::create_indexes(state, in);
    }
    co_return m.in(std::move(in));
}

asio::awaitable<model> make_and_attach(
    std::shared_ptr<detail::connection_state> on, std::shared_ptr<session> in, model_definition definition, add_options options) {
    model m(std::move(definition));
    model added = co_await attach_and_sync(std::move(on), std::move(in), std::move(m), options);
    co_return added;
}

asio::awaitable<void> drop(std::shared_ptr<detail::connection_state> on, std::shared_ptr<session> in, std::string name) {
    drop_collection_op op;
    op.collection = std::move(name);
    call_options options;
    options.session = std::move(in);
    (void)co_await on->store->async_run(std::move(op), std::move(options), asio::use_awaitable);
}

asio::awaitable<void> close_store(std::shared_ptr<store> s) {
    co_await s->async_close(asio::use_awaitable);
}

} // namespace

connection_options& connection_options::timeout(std::chrono::steady_clock::duration time) {
    if (time <= std::chrono::steady_clock::duration::zero())
        throw error(errc::invalid_argument, fmt::format("connection_options: timeout has to be positive, it is {} ms",
                                                std::chrono::duration_cast<std::chrono::milliseconds>(time).count()));
    timeout_ = time;
    return *this;
}

connection::connection(std::shared_ptr<cormorant::store> store, connection_options options)
    : state_(std::make_shared<detail::connection_state>(std::move(store), std::move(options))) {}
connection::connection(std::shared_ptr<detail::connection_state> state, std::shared_ptr<cormorant::session> s) noexcept
    : state_(std::move(state)), session_(std::move(s)) {}
connection::connection() noexcept = default;
connection::connection(connection const&) noexcept = default;
connection::connection(connection&&) noexcept = default;
connection& connection::operator=(connection const&) noexcept = default;
connection& connection::operator=(connection&&) noexcept = default;
connection::~connection() = default;

asio::awaitable<model> connection::add(model_definition definition, add_options options) const {
    return make_and_attach(state_, session_, std::move(definition), options);
}
asio::awaitable<model> connection::add(cormorant::model m, add_options options) const {
    return attach_and_sync(state_, session_, std::move(m), options);
}
cormorant::model connection::attach(model_definition definition) const {
    cormorant::model m(std::move(definition));
    put(state_, detail::model_access::state(m));
    return m.in(session_);
}

void connection::remove(std::string_view name) const {
    std::shared_ptr<detail::model_state> removed;
    {
        std::lock_guard lock(state_->mutex);
        auto const found = state_->models.find(name);
        if (found == state_->models.end())
            throw error(errc::not_found, fmt::format("there is no model \"{}\" on the connection", name));
        removed = std::move(found->second);
        state_->models.erase(found);
    }
    removed->attach(nullptr);
}

void connection::remove_all() const {
    auto const removed = [this] {
        std::lock_guard lock(state_->mutex);
        return std::exchange(state_->models, {});
    }();
    for (auto const& [name, state] : removed)
        state->attach(nullptr);
}

asio::awaitable<void> connection::drop_collection(std::string name) const {
    return drop(state_, session_, std::move(name));
}
asio::awaitable<void> connection::close() const {
    return close_store(state_->store);
}

std::vector<std::string> connection::models() const {
    std::vector<std::string> names;
    std::lock_guard lock(state_->mutex);
    for (auto const& [name, state] : state_->models)
        names.push_back(name);
    return names;
}

cormorant::model connection::model(std::string_view name) const {
    auto found = state_->find(name);
    if (!found)
        throw error(errc::not_found, fmt::format("there is no model \"{}\" on the connection", name));
    return detail::model_access::make(std::move(found), session_);
}

std::optional<cormorant::model> connection::find_model(std::string_view name) const {
    auto found = state_->find(name);
    if (!found)
        return std::nullopt;
    return detail::model_access::make(std::move(found), session_);
}

std::shared_ptr<cormorant::session> connection::session(session_options options) const {
    return state_->store->make_session(options);
}
connection connection::in(std::shared_ptr<cormorant::session> s) const noexcept {
    return connection(state_, std::move(s));
}

std::shared_ptr<store> const& connection::store() const noexcept {
    return state_->store;
}

void connection::on_query(std::function<void(query_log_entry const&)> log) const {
    state_->set_log(log ? std::make_shared<detail::connection_state::query_log const>(std::move(log)) : nullptr);
}

asio::awaitable<documents> connection::populate(documents docs, relation_definition r, populate_options options) const {
    return detail::populate_documents(state_, session_, std::move(docs), std::move(r), std::move(options));
}

} // namespace cormorant
