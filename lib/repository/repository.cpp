#include "pipeline/annotate.hpp"
#include "repository/query_plan.hpp"
#include "repository/schema_state.hpp"
#include "schema/concealment.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/repository/typed_repository.hpp>

#include <boost/asio/awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace cormorant {

namespace asio = boost::asio;

namespace {

using state_ptr = std::shared_ptr<detail::schema_state>;

/// A method at work: the model that it runs an operation of, and what an error says of it.
class call {
public:
    call(state_ptr const& state, std::string const& key, std::shared_ptr<session> in, std::string_view method)
        : method_(method), name_(state->model_name(key)), state_(state), key_(key), session_(std::move(in)) {}

    /// What the methods work with. Throws `errc::definition`.
    cormorant::model const& open() {
        model_ = state_->bind(key_).in(session_);
        schema_ = model_.schema();
        return model_;
    }
    cormorant::model const& model() const noexcept { return model_; }
    cormorant::schema const& schema() const noexcept { return *schema_; }
    std::string const& key() const noexcept { return schema_->key(); }
    /// The filter for one key. Text is one of an object id only where the definition wants object ids.
    document by_key(value id) const {
        auto const* const field = schema_->field(key());
        if (id.is_string() && field != nullptr && field->type.kind == type_kind::object_id)
            return model_.id_filter(std::move(id));
        return doc(key(), detail::equal_to(std::move(id)));
    }

    detail::query_plan plan(query const& q, detail::query_scope scope) {
        auto plan = detail::plan_query(schema(), q.spec(), scope);
        patterns_ = plan.patterns;
        return plan;
    }
    document filter(where_clause const& where) {
        auto compiled = detail::compile_where(schema_.get(), where.where());
        patterns_ = std::move(compiled.patterns);
        return std::move(compiled.filter);
    }
    selection select(basic_selection<where_clause> const& which) {
        if (which.everything())
            return all;
        return filter(which.filter());
    }

    [[noreturn]] void throw_not_found(value const& id) const {
        diagnostics details;
        details.path = key();
        details.value = shorten(id);
        throw error(errc::not_found, fmt::format("there is no document with the key {}", details.value), std::move(details));
    }
    /// Inside a handler: throws the error with what is known of the call.
    [[noreturn]] void rethrow(error& e) const {
        constexpr int bad_pattern = 51091; // the store found that a regular expression is none
        if (e.details().server_code == bad_pattern) {
            diagnostics details = e.details();
            describe(details);
            if (patterns_.size() == 1) {
                details.path = patterns_.front().path;
                details.value = patterns_.front().text;
            }
            throw error(errc::invalid_argument, e.message(), std::move(details));
        }
        detail::rethrow_with(e, [this](diagnostics& d) { describe(d); });
    }

private:
    void describe(diagnostics& d) const {
        // An error of another model is one of a related find.
        if (d.model.empty() || d.model == name_) {
            d.model = name_;
            d.operation = method_;
            if (schema_)
                detail::concealment(*schema_, d.path).apply(d);
        }
    }

    std::string_view method_;
    std::string name_;
    state_ptr state_;
    std::string key_;
    std::shared_ptr<session> session_;
    cormorant::model model_;
    std::shared_ptr<cormorant::schema const> schema_;
    std::vector<detail::written_pattern> patterns_;
};

/// Runs a method. The call lives in this coroutine, so it outlives that of `work`.
template <class T, class... Arguments>
asio::awaitable<T> run(state_ptr state, std::string key, std::shared_ptr<session> in, std::string_view method,
    asio::awaitable<T> (*work)(call&, Arguments...), std::type_identity_t<Arguments>... arguments) {
    call c(state, key, std::move(in), method);
    try {
        c.open();
        co_return co_await work(c, std::move(arguments)...);
    } catch (error& e) {
        c.rethrow(e);
    }
}

/// What fails after a write that went well.
void note_applied(diagnostics& d) {
    d.is_write = true;
    d.what_happened = outcome::applied;
}

/// Gives a written document the form that the query asks for.
asio::awaitable<document> shape(call& c, document written, detail::query_plan plan, operation_options& of_write) {
    if (!plan.shapes())
        co_return written;
    find_options options;
    options.inside(of_write).hooks();
    plan.apply(options, c.schema());
    documents docs;
    docs.push_back(std::move(written));
    try {
        docs = co_await c.model().populate(std::move(docs), std::move(options));
    } catch (error& e) {
        detail::rethrow_with(e, note_applied);
    }
    co_return std::move(docs.front());
}

// --- reading ---------------------------------------------------------------------------------------------------------

/// The filter of a query; the rest of it goes to the options of the find.
document take(call& c, query const& q, find_options& options) {
    auto plan = c.plan(q, detail::query_scope::find);
    plan.apply(options, c.schema());
    return std::move(plan.filter);
}

asio::awaitable<documents> find(call& c, query q, find_options options) {
    auto filter = take(c, q, options);
    return c.model().find(std::move(filter), std::move(options));
}

asio::awaitable<std::vector<batch>> find_batches(call& c, query q, find_options options) {
    auto filter = take(c, q, options);
    return c.model().find_batches(std::move(filter), std::move(options));
}

asio::awaitable<std::optional<document>> find_one(call& c, query q, find_options options) {
    auto filter = take(c, q, options);
    return c.model().find_one(std::move(filter), std::move(options));
}

asio::awaitable<document> find_by_id(call& c, value id, query q, find_options options) {
    auto plan = c.plan(q, detail::query_scope::shape);
    plan.apply(options, c.schema());
    auto found = co_await c.model().find_one(c.by_key(id), std::move(options));
    if (!found)
        c.throw_not_found(id);
    co_return *std::move(found);
}

asio::awaitable<bool> exists(call& c, value id, count_options options) {
    options.limit(1);
    auto const n = co_await c.model().count(c.by_key(std::move(id)), std::move(options));
    co_return n != 0;
}

asio::awaitable<std::int64_t> count(call& c, where_clause where, count_options options) {
    return c.model().count(c.filter(where), std::move(options));
}

// --- writing ---------------------------------------------------------------------------------------------------------

asio::awaitable<document> create(call& c, document data, query q, insert_options options) {
    auto plan = c.plan(q, detail::query_scope::shape);
    options.strip_empty(false);
    auto written = co_await c.model().insert(std::move(data), options);
    co_return co_await shape(c, std::move(written), std::move(plan), options);
}

asio::awaitable<document> replace_or_create(call& c, document data, query q, save_options options) {
    auto plan = c.plan(q, detail::query_scope::shape);
    options.strip_empty(false);
    auto written = co_await c.model().save(std::move(data), options);
    co_return co_await shape(c, std::move(written), std::move(plan), options);
}

/// Changes the document of a key: `delta` is a whole document, or operators.
asio::awaitable<document> change_by_id(call& c, value id, value delta, query q, update_options options) {
    auto plan = c.plan(q, detail::query_scope::shape);
    options.strip_empty(false);
    auto written = co_await c.model().find_and_update(c.by_key(id), std::move(delta), options);
    if (!written)
        c.throw_not_found(id);
    co_return co_await shape(c, *std::move(written), std::move(plan), options);
}

asio::awaitable<document> replace_by_id(call& c, value id, document data, query q, update_options options) {
    data.erase(c.key());
    return change_by_id(c, std::move(id), std::move(data), std::move(q), std::move(options));
}

asio::awaitable<document> patch_by_id(call& c, value id, document data, query q, update_options options) {
    data.erase(c.key());
    return change_by_id(c, std::move(id), doc("$set", std::move(data)), std::move(q), std::move(options));
}

asio::awaitable<std::int64_t> patch(call& c, document data, basic_selection<where_clause> which, update_options options) {
    data.erase(c.key());
    options.strip_empty(false).multi(true);
    auto const result = co_await c.model().update(c.select(which), doc("$set", std::move(data)), std::move(options));
    co_return result.matched_count;
}

asio::awaitable<std::int64_t> remove(call& c, basic_selection<where_clause> which, remove_options options) {
    auto const result = co_await c.model().remove(c.select(which), std::move(options));
    co_return result.deleted_count;
}

asio::awaitable<bool> remove_by_id(call& c, value id, remove_options options) {
    options.just_one(true);
    auto const result = co_await c.model().remove(c.by_key(std::move(id)), std::move(options));
    co_return result.deleted_count != 0;
}

} // namespace

void detail::repository_answer::rethrow(error& e) const {
    call c(of_.state_, of_.key_, of_.session_, method_);
    c.open();
    if (writes_)
        note_applied(e.details());
    c.rethrow(e);
}

std::string repository::name() const {
    return state_->model_name(key_);
}
repository repository::in(std::shared_ptr<session> s) const {
    repository bound(*this);
    bound.session_ = std::move(s);
    return bound;
}
model repository::model() const {
    return state_->bind(key_).in(session_);
}

asio::awaitable<documents> repository::find(query q, find_options options) const {
    return run(state_, key_, session_, "find", cormorant::find, std::move(q), std::move(options));
}
asio::awaitable<std::vector<batch>> repository::find_batches(query q, find_options options) const {
    return run(state_, key_, session_, "find", cormorant::find_batches, std::move(q), std::move(options));
}
asio::awaitable<std::optional<document>> repository::find_one(query q, find_options options) const {
    return run(state_, key_, session_, "find_one", cormorant::find_one, std::move(q), std::move(options));
}
asio::awaitable<document> repository::find_by_id(value id, query q, find_options options) const {
    return run(state_, key_, session_, "find_by_id", cormorant::find_by_id, std::move(id), std::move(q), std::move(options));
}
asio::awaitable<bool> repository::exists(value id, count_options options) const {
    return run(state_, key_, session_, "exists", cormorant::exists, std::move(id), std::move(options));
}
asio::awaitable<std::int64_t> repository::count(where_clause where, count_options options) const {
    return run(state_, key_, session_, "count", cormorant::count, std::move(where), std::move(options));
}

asio::awaitable<document> repository::create(document data, query q, insert_options options) const {
    return run(state_, key_, session_, "create", cormorant::create, std::move(data), std::move(q), std::move(options));
}
asio::awaitable<document> repository::replace_by_id(value id, document data, query q, update_options options) const {
    return run(state_, key_, session_, "replace_by_id", cormorant::replace_by_id, std::move(id), std::move(data), std::move(q),
        std::move(options));
}
asio::awaitable<document> repository::replace_or_create(document data, query q, save_options options) const {
    return run(state_, key_, session_, "replace_or_create", cormorant::replace_or_create, std::move(data), std::move(q),
        std::move(options));
}
asio::awaitable<document> repository::patch_by_id(value id, document data, query q, update_options options) const {
    return run(state_, key_, session_, "patch_by_id", cormorant::patch_by_id, std::move(id), std::move(data), std::move(q),
        std::move(options));
}
asio::awaitable<std::int64_t> repository::patch(
    document data, basic_selection<where_clause> which, update_options options) const {
    return run(state_, key_, session_, "patch", cormorant::patch, std::move(data), std::move(which), std::move(options));
}
asio::awaitable<std::int64_t> repository::delete_(basic_selection<where_clause> which, remove_options options) const {
    return run(state_, key_, session_, "delete", remove, std::move(which), std::move(options));
}
asio::awaitable<bool> repository::delete_by_id(value id, remove_options options) const {
    return run(state_, key_, session_, "delete_by_id", remove_by_id, std::move(id), std::move(options));
}

} // namespace cormorant
