#include "model/calls.hpp"
#include "model/collection.hpp"
#include "model/explain.hpp"
#include "model/state.hpp"
#include "schema/request.hpp"

#include <cormorant/model/connection.hpp>
#include <cormorant/model/model.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cormorant {

namespace asio = boost::asio;

model::model() noexcept = default;
model::model(model_definition definition) : state_(detail::model_state::make(std::move(definition))) {}
model::model(std::shared_ptr<detail::model_state> state, std::shared_ptr<session> s) noexcept
    : state_(std::move(state)), session_(std::move(s)) {}
model::model(model const&) noexcept = default;
model::model(model&&) noexcept = default;
model& model::operator=(model const&) noexcept = default;
model& model::operator=(model&&) noexcept = default;
model::~model() = default;

model model::in(std::shared_ptr<session> s) const noexcept {
    return model(state_, std::move(s));
}

std::string const& model::name() const noexcept {
    return state_->name;
}
std::string const& model::collection() const noexcept {
    return state_->collection;
}
bool model::connected() const noexcept {
    return state_->connection() != nullptr;
}
cormorant::connection model::connection() const {
    return detail::connection_access::make(state_->require_connection(), session_);
}
std::shared_ptr<cormorant::schema const> model::schema() const {
    return state_->compiled()->schema;
}

std::vector<std::string> model::methods() const {
    std::vector<std::string> names;
    for (auto const& method : schema()->definition().model_methods())
        names.push_back(method.name);
    std::ranges::sort(names);
    return names;
}

// --- changing the definition -----------------------------------------------------------------------------------------

model& model::change(std::function<void(model_definition&)> const& f) {
    state_->change(f);
    return *this;
}
model& model::hook(hook_definition definition) {
    return change([&](model_definition& d) { d.hook(std::move(definition)); });
}
model& model::hook(std::string_view type, std::string name, hook_handler handler) {
    return hook(hook_definition(type, std::move(name), std::move(handler)));
}
model& model::hook(std::string_view type, std::string name, hook_handler handler, required_t) {
    return hook(hook_definition(type, std::move(name), std::move(handler), true));
}
model& model::add_field(std::string name, field_definition definition) {
    return change([&](model_definition& d) { d.field(std::move(name), std::move(definition)); });
}
model& model::add_virtual(virtual_definition definition) {
    return change([&](model_definition& d) { d.virtual_field(std::move(definition)); });
}
model& model::add_relation(relation_definition definition) {
    return change([&](model_definition& d) { d.relation(std::move(definition)); });
}
model& model::add_index(document keys, document options) {
    return change([&](model_definition& d) { d.index(std::move(keys), std::move(options)); });
}
model& model::add_document_method(std::string name, document_method_function function) {
    return change([&](model_definition& d) { d.document_method(std::move(name), std::move(function)); });
}
model& model::add_model_method(std::string name, model_method_function function) {
    return change([&](model_definition& d) { d.model_method(std::move(name), std::move(function)); });
}

// --- operations ------------------------------------------------------------------------------------------------------

namespace {

using detail::aggregate_call;
using detail::count_call;
using detail::explainer;
using detail::find_call;
using detail::insert_call;
using detail::remove_call;
using detail::run;
using detail::save_call;
using detail::update_call;

find_call make_find(document&& filter, find_options&& options) {
    find_call call(std::move(options));
    call.filter = std::move(filter);
    return call;
}
find_call make_find_by_id(value&& id, find_options&& options) {
    find_call call(std::move(options));
    call.id = std::move(id);
    return call;
}
find_call make_find_batches_by_id(value&& id, find_options&& options) {
    auto call = make_find_by_id(std::move(id), std::move(options));
    call.prefers_batches = true;
    return call;
}
find_call make_find_batches(document&& filter, find_options&& options) {
    auto call = make_find(std::move(filter), std::move(options));
    call.prefers_batches = true;
    return call;
}
count_call make_count(document&& filter, count_options&& options) {
    count_call call(std::move(options));
    call.filter = std::move(filter);
    return call;
}
aggregate_call make_aggregate(array&& pipeline, aggregate_options&& options) {
    aggregate_call call(std::move(options));
    call.pipeline = std::move(pipeline);
    return call;
}
insert_call make_insert(documents&& docs, insert_options&& options) {
    insert_call call(std::move(options));
    call.docs = std::move(docs);
    return call;
}
save_call make_save(document&& doc, save_options&& options) {
    save_call call(std::move(options));
    call.doc = std::move(doc);
    return call;
}
update_call make_update(selection&& which, value&& delta, update_options&& options) {
    update_call call(std::move(options));
    call.everything = which.everything();
    call.filter = std::move(which).filter();
    call.delta = std::move(delta);
    return call;
}
remove_call make_remove(selection&& which, remove_options&& options) {
    remove_call call(std::move(options));
    call.everything = which.everything();
    call.filter = std::move(which).filter();
    return call;
}

} // namespace

asio::awaitable<documents> model::find(document filter, find_options options) const {
    return run<documents>(*this, make_find(std::move(filter), std::move(options)));
}
asio::awaitable<counted_documents> model::find_and_count(document filter, find_options options) const {
    options.count(true);
    return run<counted_documents>(*this, make_find(std::move(filter), std::move(options)));
}
asio::awaitable<std::optional<document>> model::find_one(document filter, find_options options) const {
    if (!options.random_value)
        options.limit(1);
    return run<std::optional<document>>(*this, make_find(std::move(filter), std::move(options)));
}
asio::awaitable<std::optional<document>> model::find_by_id(value id, find_options options) const {
    return run<std::optional<document>>(*this, make_find_by_id(std::move(id), std::move(options)));
}
document model::id_filter(value id) const {
    return detail::make_id_filter(*schema(), std::move(id));
}
asio::awaitable<std::vector<batch>> model::find_batches(document filter, find_options options) const {
    return run<std::vector<batch>>(*this, make_find_batches(std::move(filter), std::move(options)));
}
asio::awaitable<std::vector<batch>> model::find_batches_by_id(value id, find_options options) const {
    return run<std::vector<batch>>(*this, make_find_batches_by_id(std::move(id), std::move(options)));
}
asio::awaitable<counted_batches> model::find_and_count_batches(document filter, find_options options) const {
    options.count(true);
    return run<counted_batches>(*this, make_find_batches(std::move(filter), std::move(options)));
}
asio::awaitable<documents> model::populate(documents docs, find_options options) const {
    return run<documents>(*this, detail::populate_call(std::move(docs), std::move(options)));
}
asio::awaitable<std::int64_t> model::count(document filter, count_options options) const {
    return run<std::int64_t>(*this, make_count(std::move(filter), std::move(options)));
}
asio::awaitable<documents> model::aggregate(array pipeline, aggregate_options options) const {
    return run<documents>(*this, make_aggregate(std::move(pipeline), std::move(options)));
}
asio::awaitable<document> model::insert(document doc, insert_options options) const {
    documents docs;
    docs.push_back(std::move(doc));
    return run<document>(*this, make_insert(std::move(docs), std::move(options)));
}
asio::awaitable<documents> model::insert(documents docs, insert_options options) const {
    return run<documents>(*this, make_insert(std::move(docs), std::move(options)));
}
asio::awaitable<inserted_documents> model::insert_with_result(documents docs, insert_options options) const {
    return run<inserted_documents>(*this, make_insert(std::move(docs), std::move(options)));
}
asio::awaitable<document> model::save(document doc, save_options options) const {
    return run<document>(*this, make_save(std::move(doc), std::move(options)));
}
asio::awaitable<saved_document> model::save_with_result(document doc, save_options options) const {
    return run<saved_document>(*this, make_save(std::move(doc), std::move(options)));
}
asio::awaitable<update_result> model::update(selection which, value delta, update_options options) const {
    return run<update_result>(*this, make_update(std::move(which), std::move(delta), std::move(options)));
}
asio::awaitable<remove_result> model::remove(selection which, remove_options options) const {
    return run<remove_result>(*this, make_remove(std::move(which), std::move(options)));
}

asio::awaitable<std::optional<document>> model::find_and_update(selection which, value delta, update_options options) const {
    auto call = make_update(std::move(which), std::move(delta), std::move(options));
    call.answers_document = true;
    return run<std::optional<document>>(*this, std::move(call));
}

// --- input of clients ------------------------------------------------------------------------------------------------

request_policy const& policy_choice::of(cormorant::schema const& s) const {
    if (given_ != nullptr) { // that of the definition was looked at when it was compiled
        detail::check_policy(s, *given_);
        return *given_;
    }
    auto const& own = s.definition().requests();
    if (!own)
        throw error(errc::definition,
            fmt::format("model {} takes no input of clients: its definition has no policy for requests", s.name()));
    return *own;
}

allowed_query model::query(untrusted const& input, policy_choice policy) const {
    auto const s = schema();
    return detail::read_query(*s, policy.of(*s), input);
}
document model::accept(untrusted const& body, policy_choice policy) const {
    auto const s = schema();
    return detail::read_body(*s, policy.of(*s), body);
}
value model::changes(untrusted const& body, policy_choice policy) const {
    auto const s = schema();
    return detail::read_changes(*s, policy.of(*s), body);
}

// --- what an operation will do ---------------------------------------------------------------------------------------

explanation model::explain_find(document filter, find_options options) const {
    return explainer::explain(state_, make_find(std::move(filter), std::move(options)));
}
explanation model::explain_find_by_id(value id, find_options options) const {
    return explainer::explain(state_, make_find_by_id(std::move(id), std::move(options)));
}
explanation model::explain_count(document filter, count_options options) const {
    return explainer::explain(state_, make_count(std::move(filter), std::move(options)));
}
explanation model::explain_aggregate(array pipeline, aggregate_options options) const {
    return explainer::explain(state_, make_aggregate(std::move(pipeline), std::move(options)));
}
explanation model::explain_insert(documents docs, insert_options options) const {
    return explainer::explain(state_, make_insert(std::move(docs), std::move(options)));
}
explanation model::explain_save(document doc, save_options options) const {
    return explainer::explain(state_, make_save(std::move(doc), std::move(options)));
}
explanation model::explain_update(selection which, value delta, update_options options) const {
    return explainer::explain(state_, make_update(std::move(which), std::move(delta), std::move(options)));
}
explanation model::explain_remove(selection which, remove_options options) const {
    return explainer::explain(state_, make_remove(std::move(which), std::move(options)));
}

// --- collection ------------------------------------------------------------------------------------------------------

asio::awaitable<remove_result> model::remove_all() const {
    return detail::remove_all(state_, session_);
}
asio::awaitable<void> model::create_indexes() const {
    return detail::create_indexes(state_, session_);
}
asio::awaitable<view_change> model::create_view() const {
    return detail::create_view(state_, session_);
}

// --- documents -------------------------------------------------------------------------------------------------------

documents model::process(documents docs, process_options options) const {
    auto const compiled = state_->compiled();
    prepare_options how;
    how.strip_empty = options.strip_empty_value;
    how.validate = options.validate_value;
    how.check_required = options.check_required_value;
    std::vector<violation> violations;
    for (document& d : docs)
        compiled->schema->prepare_for_write(d, how, violations);
    if (!violations.empty())
        throw_violations(name(), "process", std::move(violations));
    return docs;
}

document model::new_document(document data, bool fill_defaults) const {
    make_options how;
    how.fill_defaults = fill_defaults;
    state_->compiled()->schema->make(data, how);
    return data;
}

bound_document model::bind(document& doc) const {
    return bound_document(schema(), doc);
}

asio::awaitable<value> model::call(std::string_view method, array args) const {
    return detail::call_method(*this, std::string(method), std::move(args));
}

} // namespace cormorant
