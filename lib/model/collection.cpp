#include "model/collection.hpp"

#include "schema/translation.hpp"

#include <cormorant/store/store.hpp>

#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

/// Runs one store operation, and names the model in what goes wrong.
template <class Op>
asio::awaitable<reply_of<Op>> send(std::shared_ptr<model_state> state, std::shared_ptr<session> in, Op op) {
    auto const connection = state->require_connection();
    call_options options;
    options.session = std::move(in);
    if (options.session)
        options.deadline = options.session->transaction_deadline();
    try {
        co_return co_await connection->store->async_run(std::move(op), std::move(options), asio::use_awaitable);
    } catch (error const& e) {
        error named(e);
        named.details().model = state->name;
        named.details().operation = Op::name;
        throw named;
    }
}

/// Whether an index was refused for what it is, not for the data: CannotCreateIndex, IndexOptionsConflict, IndexKeySpecsConflict,
/// InvalidIndexSpecificationOption.
bool is_about_definition(error const& e) noexcept {
    static constexpr std::array codes{67, 85, 86, 197};
    return e.code() == errc::server && std::find(codes.begin(), codes.end(), e.details().server_code) != codes.end();
}

/// The collection that a view is made of: that of the model of this name, else the one of this name.
std::string source_of_view(connection_state const& on, std::string const& name) {
    auto const related = on.find(name);
    return related ? related->collection : name;
}

} // namespace

asio::awaitable<remove_result> remove_all(std::shared_ptr<model_state> state, std::shared_ptr<session> in) {
    remove_op op;
    op.collection = state->collection;
    return send(std::move(state), std::move(in), std::move(op));
}

asio::awaitable<void> create_indexes(std::shared_ptr<model_state> state, std::shared_ptr<session> in) {
    create_indexes_op op;
    op.collection = state->collection;
    auto const compiled = state->compiled();
    op.indexes = compiled->schema->definition().indexes();
    if (translation const* const translated = compiled->schema->translation()) {
        for (index_model& index : op.indexes) {
            translated->store_paths(index.keys);
            if (value* const part = index.options.find("partialFilterExpression"); part != nullptr && part->is_document())
                translated->store_filter(part->as_document());
        }
    }
    state->require_connection();
    if (op.indexes.empty())
        co_return;
    try {
        co_await send(std::move(state), std::move(in), std::move(op));
    } catch (error const& e) {
        if (!is_about_definition(e))
            throw;
        throw error(errc::definition, e.message(), e.details());
    }
}

asio::awaitable<view_change> create_view(std::shared_ptr<model_state> state, std::shared_ptr<session> in) {
    auto const compiled = state->compiled();
    auto const& definition = compiled->schema->definition();
    if (definition.view_on().empty())
        throw error(errc::definition, fmt::format("model {} is no view: its definition has no view_on", state->name));
    auto const source = source_of_view(*state->require_connection(), definition.view_on());

    list_collections_op listing;
    listing.filter = doc("name", state->collection);
    auto const found = co_await send(state, in, std::move(listing));
    view_change change;
    if (found.empty()) {
        create_collection_op op;
        op.collection = state->collection;
        op.view_on = source;
        op.pipeline = definition.pipeline();
        co_await send(state, in, std::move(op));
        change.created = true;
        co_return change;
    }

    document const none;
    value const* const type = found.front().find("type");
    if (type == nullptr || type->if_string() != "view")
        throw error(
            errc::namespace_exists, fmt::format("model {}: {} is a collection, not a view", state->name, state->collection));
    value const* const options = found.front().find("options");
    document const& present = options != nullptr && options->is_document() ? options->as_document() : none;
    value const* const view_on = present.find("viewOn");
    value const* const pipeline = present.find("pipeline");
    bool const same = view_on != nullptr && view_on->if_string() == source &&
                      (pipeline == nullptr ? definition.pipeline().empty() : *pipeline == value(definition.pipeline()));
    if (!same) {
        modify_view_op op;
        op.collection = state->collection;
        op.view_on = source;
        op.pipeline = definition.pipeline();
        co_await send(state, in, std::move(op));
        change.updated = true;
    }
    co_return change;
}

asio::awaitable<value> call_method(model self, std::string method, array args) {
    auto const schema = self.schema();
    auto const* const found = schema->model_method(method);
    if (found == nullptr)
        throw error(errc::not_found, fmt::format("model {} has no method \"{}\"", self.name(), method));
    value answer = co_await found->function(self, std::move(args));
    co_return answer;
}

} // namespace cormorant::detail
