#pragma once

/// `connection`: models that know each other, on one store.

#include <cormorant/model/model.hpp>
#include <cormorant/operation/limits.hpp>
#include <cormorant/store/session.hpp>
#include <cormorant/store/store.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant {

class transaction;
template <class T>
class typed_model;
namespace detail {
struct connection_state;
struct connection_access;
} // namespace detail

/// How a connection behaves.
class connection_options {
public:
    /// Gives the model of a name, on whatever connection it is; nothing when there is none.
    using model_resolver = std::function<std::optional<cormorant::model>(std::string_view name)>;

    connection_options() = default;
    connection_options& population(population_limits limits) {
        population_ = limits;
        return *this;
    }
    /// Bounds of the documents that are written, for models that do not have their own (`model_definition::limits`).
    connection_options& documents(document_limits limits) {
        documents_ = limits;
        return *this;
    }
    /// Whether touching a relationship that was not populated is an error in models that do not say it themselves
    /// (`model_definition::strict_loading`). Default false.
    connection_options& strict_loading(bool on) {
        strict_loading_ = on;
        return *this;
    }
    /// Where relationships find the models that they lead to. Default: among the models of the connection. The function may be
    /// called from several threads; what it throws ends the operation.
    connection_options& related_models(model_resolver find) {
        related_models_ = std::move(find);
        return *this;
    }
    /// The deadline of operations of models that are given none: this long after they begin, hooks and populated relationships
    /// included. Default: none. `deadline(std::chrono::steady_clock::time_point::max())` takes it off a single operation.
    /// Building indexes and views (`connection::add`) has no deadline. Throws `errc::invalid_argument` for a time that is not
    /// positive.
    connection_options& timeout(std::chrono::steady_clock::duration time);
    /// Whether finds by id that are issued in the same turn of one executor become one find of all their ids
    /// (`find_options::loader`, which a call may say for itself). Default false: it delays each of them to the end of the turn.
    connection_options& loader(bool on) {
        loader_ = on;
        return *this;
    }
    population_limits const& population() const noexcept { return population_; }
    document_limits const& documents() const noexcept { return documents_; }
    bool strict_loading() const noexcept { return strict_loading_; }
    bool loader() const noexcept { return loader_; }
    model_resolver const& related_models() const noexcept { return related_models_; }
    std::optional<std::chrono::steady_clock::duration> timeout() const noexcept { return timeout_; }

private:
    population_limits population_;
    document_limits documents_;
    std::optional<std::chrono::steady_clock::duration> timeout_;
    bool strict_loading_ = false;
    bool loader_ = false;
    model_resolver related_models_;
};

/// How a model is put on a connection.
class add_options {
public:
    bool sync_value = true;
    bool create_indexes_value = true;

    add_options() = default;
    /// Brings the database in line with the definition: creates its indexes and its view. Default true.
    add_options& sync(bool on) {
        sync_value = on;
        return *this;
    }
    /// False: `sync` leaves the indexes alone.
    add_options& create_indexes(bool on) {
        create_indexes_value = on;
        return *this;
    }
};

/// What `populate` does with documents of the caller's own: a relationship that no model declares.
class populate_options {
public:
    std::optional<hook_requests> hooks_value;
    document fields_value;
    bool cast_docs_value = true;
    cormorant::context context_value;

    populate_options() = default;
    /// Hooks of the related model. None given: its default hooks run.
    populate_options& hooks(hook_requests requests) {
        hooks_value = std::move(requests);
        return *this;
    }
    /// What to read of the related documents.
    populate_options& fields(document f) {
        fields_value = std::move(f);
        return *this;
    }
    populate_options& cast_docs(bool on) {
        cast_docs_value = on;
        return *this;
    }
    populate_options& context(cormorant::context c) {
        context_value = std::move(c);
        return *this;
    }
};

/// How `connection::transaction` runs a transaction.
class transaction_options {
public:
    document read_concern_value;
    document write_concern_value;
    std::optional<std::chrono::milliseconds> max_commit_time_value;
    std::optional<std::chrono::steady_clock::time_point> deadline_value;
    std::chrono::milliseconds retry_for_value = std::chrono::seconds(120);
    int max_attempts_value = 0;

    transaction_options() = default;
    /// `{level: "snapshot"}`; empty: as the connection string says.
    transaction_options& read_concern(document concern) {
        read_concern_value = std::move(concern);
        return *this;
    }
    /// `{w: "majority"}`, of the commit; empty: as the connection string says.
    transaction_options& write_concern(document concern) {
        write_concern_value = std::move(concern);
        return *this;
    }
    /// How long the server may work on the commit.
    transaction_options& max_commit_time(std::chrono::milliseconds most) {
        max_commit_time_value = most;
        return *this;
    }
    /// Everything must be over at this time, all attempts and the pauses between them: no operation of the transaction has a later
    /// deadline. Default: none.
    transaction_options& deadline(std::chrono::steady_clock::time_point t) {
        deadline_value = t;
        return *this;
    }
    transaction_options& timeout(std::chrono::steady_clock::duration d) { return deadline(std::chrono::steady_clock::now() + d); }
    /// After this time nothing is tried again; what is under way goes on. Default 120 s.
    transaction_options& retry_for(std::chrono::milliseconds time) {
        retry_for_value = time;
        return *this;
    }
    /// How often the body is begun at most; 0: as often as the time allows, the default.
    transaction_options& max_attempts(int n) {
        max_attempts_value = n;
        return *this;
    }
};

/// What runs in a transaction, once for each attempt.
using transaction_body = std::function<boost::asio::awaitable<void>(transaction&)>;

/// One query as the log sees it, when its documents have been read.
struct query_log_entry {
    /// `"find"`.
    std::string_view type;
    std::string collection;
    document filter;
    /// Documents read.
    std::int64_t count = 0;
    /// The store call: until the last document was read.
    std::chrono::nanoseconds command{0};
    /// The time of the operation, hooks included, until then.
    std::chrono::nanoseconds raw{0};
};

/// Models on a store: a cheap handle, copies share one state.
///
/// Models find each other by name when a query needs it: a model may be added before the ones that it refers to. The connection
/// lives as long as a handle on it; models do not keep it alive, their operations do while they run.
/// Thread safety: all members may be called from any thread, as long as no definition is changed at the same time.
class connection {
public:
    /// An empty handle: it may be assigned to and compared, nothing else.
    connection() noexcept;
    /// A connection without models on a store. `connect` (connect.hpp) makes the store from a connection string.
    explicit connection(std::shared_ptr<cormorant::store> store, connection_options options = {});
    connection(connection const&) noexcept;
    connection(connection&&) noexcept;
    connection& operator=(connection const&) noexcept;
    connection& operator=(connection&&) noexcept;
    ~connection();

    /// Of the same models, in whatever session.
    friend bool operator==(connection const& a, connection const& b) noexcept { return a.state_ == b.state_; }

    /// Puts a new model on this connection. A model of the same name is replaced (and is on no connection any more).
    /// Throws `errc::definition`, and what creating indexes or a view throws: the model is on the connection even then.
    boost::asio::awaitable<cormorant::model> add(model_definition definition, add_options options = {}) const;
    /// Puts a model on this connection that was made before. Throws `errc::definition` when it is on another connection.
    boost::asio::awaitable<cormorant::model> add(cormorant::model m, add_options options = {}) const;
    /// `add` without touching the database: no index, no view is made.
    cormorant::model attach(model_definition definition) const;
    /// A model for the struct `T` (typed_model.hpp): `co_await db.add<author>(definition_of<author>("author"))`. Throws
    /// `errc::definition` at once when a `ref` of the struct and the relationship of its name have different keys.
    template <class T>
    boost::asio::awaitable<typed_model<T>> add(model_definition definition, add_options options = {}) const;

    /// Takes a model off the connection; its data stays. Throws `errc::not_found` naming it.
    void remove(std::string_view name) const;
    /// Takes all models off the connection; their data stays.
    void remove_all() const;
    /// Removes a collection with its documents and indexes. Removing what does not exist succeeds.
    boost::asio::awaitable<void> drop_collection(std::string name) const;
    /// Ends what is in flight with `errc::cancelled` and closes the store, also for other connections made on it; only a store of
    /// `connect_cached` stays open until its last connection is closed. Later operations fail with `errc::not_connected`.
    boost::asio::awaitable<void> close() const;

    /// The names of the models, sorted.
    std::vector<std::string> models() const;
    /// Throws `errc::not_found` naming it.
    cormorant::model model(std::string_view name) const;
    std::optional<cormorant::model> find_model(std::string_view name) const;
    std::shared_ptr<cormorant::store> const& store() const noexcept;

    /// Called for every find of a model when its documents have been read and its after hooks have run, related models first;
    /// an empty function switches the log off. The function must not throw; it may be called from several threads.
    void on_query(std::function<void(query_log_entry const&)> log) const;

    /// Fills `r.name` of each document with what `r.left_key` refers to, by one find of the related model. The relationship need
    /// not be declared by any model. A document without the key, or whose reference leads nowhere, gets nothing.
    boost::asio::awaitable<documents> populate(documents docs, relation_definition r, populate_options options = {}) const;

    // --- sessions ------------------------------------------------------------------------------------------------

    /// Runs `body` in a transaction, and commits. It is given a `transaction` (transaction.hpp), of which it takes the models that
    /// it works with:
    /// \code
    /// co_await db.transaction([&](orm::transaction& tx) -> boost::asio::awaitable<void> {
    ///     co_await tx.with(accounts).update(...);
    /// });
    /// \endcode
    /// The body is kept for as long as it runs; what it refers to has to be there until `transaction` completes. It is run again,
    /// from the beginning and after a pause, when the store says that the transaction may succeed then
    /// (`TransientTransactionError`); the commit is done again when it is not known what came of it
    /// (`UnknownTransactionCommitResult`). Whatever else the body throws aborts the transaction and is thrown.
    /// Errors have the number of attempts in `diagnostics::transaction_attempts`. Cancellation aborts without waiting. A transaction
    /// within another one is refused with `errc::invalid_argument`; a store without transactions with `errc::unsupported`.
    /// Source: https://github.com/mongodb/specifications/blob/master/source/transactions-convenient-api/transactions-convenient-api.md
    template <class Body>
    boost::asio::awaitable<void> transaction(Body&& body, transaction_options options = {}) const {
        return run_transaction(transaction_body(std::forward<Body>(body)), std::move(options));
    }
    /// A session of the store, for `in`: what it reads has what it wrote and read before. Throws `errc::unsupported`.
    std::shared_ptr<cormorant::session> session(session_options options = {}) const;
    /// The same connection with its models in a session, as `model::in`.
    connection in(std::shared_ptr<cormorant::session> s) const noexcept;

private:
    friend struct detail::connection_access;
    explicit connection(
        std::shared_ptr<detail::connection_state> state, std::shared_ptr<cormorant::session> s = {}) noexcept;
    boost::asio::awaitable<void> run_transaction(transaction_body body, transaction_options options) const;

    std::shared_ptr<detail::connection_state> state_;
    std::shared_ptr<cormorant::session> session_;
};

} // namespace cormorant

#include <cormorant/model/transaction.hpp>
#include <cormorant/model/typed_model.hpp>
