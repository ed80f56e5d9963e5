#include "repository/schema_state.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/repository/database_schema.hpp>

#include <utility>

namespace cormorant {

namespace asio = boost::asio;

namespace {

asio::awaitable<void> sync_all(std::shared_ptr<detail::schema_state> state) {
    auto const models = state->bind_all();
    for (model const& m : models) {
        if (m.schema()->definition().view_on().empty())
            co_await m.create_indexes();
        else
            (void)co_await m.create_view();
    }
}

asio::awaitable<void> close_all(std::shared_ptr<detail::schema_state> state) {
    auto const connections = state->connections();
    for (connection const& c : connections)
        co_await c.close();
}

} // namespace

database_schema::database_schema() : state_(std::make_shared<detail::schema_state>()) {}

database_schema& database_schema::define_adapter(std::string name, store_adapter make) {
    state_->define_adapter(std::move(name), std::move(make));
    return *this;
}
database_schema& database_schema::define_datasource(datasource definition) {
    state_->define_datasource(std::move(definition));
    return *this;
}

database_schema& database_schema::define_model(model_definition definition, std::string datasource) {
    detail::model_declaration declaration(std::move(definition));
    declaration.datasource = std::move(datasource);
    state_->define_model(std::move(declaration));
    return *this;
}
database_schema& database_schema::define_model(document const& spec) {
    state_->define_model(spec);
    return *this;
}
database_schema& database_schema::define_model(std::string_view json) {
    return define_model(parse_json_document(json));
}

database_schema& database_schema::add_default(std::string name, function_registry::default_factory make) {
    state_->add_function(std::move(name), "a default", nullptr,
        [&](function_registry& r, std::string n) { r.add_default(std::move(n), std::move(make)); });
    return *this;
}
database_schema& database_schema::add_validator(std::string name, check_function check) {
    return add_validator_factory(std::move(name), [check = std::move(check)](document const&) { return check; });
}
database_schema& database_schema::add_transformer(std::string name, transform_function transform) {
    return add_transformer_factory(std::move(name), [transform = std::move(transform)](document const&) { return transform; });
}
database_schema& database_schema::add_validator_factory(std::string name, function_registry::validator_factory make) {
    state_->add_function(std::move(name), "a validator", &function_registry::has_validator,
        [&](function_registry& r, std::string n) { r.add_validator(std::move(n), std::move(make)); });
    return *this;
}
database_schema& database_schema::add_transformer_factory(std::string name, function_registry::transformer_factory make) {
    state_->add_function(std::move(name), "a transformer", &function_registry::has_transformer,
        [&](function_registry& r, std::string n) { r.add_transformer(std::move(n), std::move(make)); });
    return *this;
}
database_schema& database_schema::set_empty_values(type_kind kind, std::vector<value> values, bool absent) {
    state_->set_empty_values(kind, std::move(values), absent);
    return *this;
}

repository database_schema::repository(std::string_view model) const {
    return detail::repository_access::make(state_, state_->repository_key(model));
}
connection database_schema::connection(std::string_view datasource) const {
    return state_->connect(datasource);
}
asio::awaitable<void> database_schema::sync() const {
    return sync_all(state_);
}
asio::awaitable<void> database_schema::close() const {
    return close_all(state_);
}

} // namespace cormorant
