#pragma once

/// `model`: a definition at work. Every operation is one pass through the pipeline of hooks around one store call.

#include <cormorant/model/explanation.hpp>
#include <cormorant/operation/operations.hpp>
#include <cormorant/operation/options.hpp>
#include <cormorant/operation/selection.hpp>
#include <cormorant/pipeline/hook.hpp>
#include <cormorant/schema/definition.hpp>
#include <cormorant/schema/model_document.hpp>
#include <cormorant/schema/schema.hpp>
#include <cormorant/schema/untrusted.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant {

class batch;
class connection;
class session;
namespace detail {
struct model_state;
struct model_access;
class model_answer;
} // namespace detail

/// Some of the documents that match, and how many match without `limit` and `skip`.
struct counted_documents {
    documents docs;
    std::int64_t count = 0;
};

/// `counted_documents` as the store gave them.
struct counted_batches {
    std::vector<batch> batches;
    std::int64_t count = 0;
};

/// What an insert left behind, with the store's answer.
struct inserted_documents {
    documents docs;
    insert_result result;
};

/// What a save left behind, with the store's answer.
struct saved_document {
    document doc;
    update_result result;
};

/// What `create_view` did. Neither: the view was there and the same.
struct view_change {
    bool created = false;
    bool updated = false;
};

/// How `model::process` prepares documents.
class process_options {
public:
    bool validate_value = true;
    bool check_required_value = true;
    bool strip_empty_value = true;

    process_options() = default;
    process_options& validate(bool on) {
        validate_value = on;
        return *this;
    }
    process_options& check_required(bool on) {
        check_required_value = on;
        return *this;
    }
    process_options& strip_empty(bool on) {
        strip_empty_value = on;
        return *this;
    }
};

/// By which policy input of clients is read: by that of the definition, or by one that is given, which is referred to. Converts
/// from a policy: for arguments, not to be kept.
class policy_choice {
public:
    policy_choice() noexcept = default;
    policy_choice(request_policy const& given) noexcept : given_(&given) {}
    /// Throws `errc::definition` when the definition has none, and when the one that is given names what the model does not have.
    request_policy const& of(schema const& s) const;

private:
    request_policy const* given_ = nullptr;
};

/// A `model_document` that keeps the schema it goes by.
class bound_document : public model_document {
public:
    bound_document(std::shared_ptr<cormorant::schema const> s, document& data) noexcept
        : model_document(*s, data), kept_(std::move(s)) {}

private:
    std::shared_ptr<cormorant::schema const> kept_;
};

/// A model: a cheap handle (copies share one state) on a definition that is, or is not yet, on a connection.
///
/// Operations
/// - take their arguments by value and never change what the caller holds;
/// - run their hooks in the order that `hook_type` documents, within a type first the hooks asked for (`options.hooks(...)`, else
/// the
///   default hooks of the operation) in the order given, then the required ones in the order of definition;
/// - fail with a `cormorant::error` whose diagnostics name model and operation, and hook or path where one is to blame. A write
/// that
///   failed in an after hook has `outcome::applied`: there is no undo;
/// - fail with `errc::not_connected` while the model is on no connection, with `errc::invalid_argument` for an unknown hook that
/// is asked
///   for of a type that the operation runs, before anything is sent;
/// - can be cancelled (`terminal`, `total`) at every suspension: a hook's own waiting, the store call.
/// Changing the definition of a live model (`hook`, `add_field`...) compiles it anew; operations that are under way keep the one
/// they started with. Thread safety: as a `std::shared_ptr`: distinct handles on one model may be used from distinct threads; a
/// call that changes the definition must not run together with another one.
class model {
public:
    /// An empty handle: it may be assigned to and compared, nothing else.
    model() noexcept;
    /// A model that is on no connection yet. Throws `errc::definition`.
    explicit model(model_definition definition);
    model(model const&) noexcept;
    model(model&&) noexcept;
    model& operator=(model const&) noexcept;
    model& operator=(model&&) noexcept;
    ~model();

    explicit operator bool() const noexcept { return state_ != nullptr; }
    /// Of the same model, in whatever session.
    friend bool operator==(model const& a, model const& b) noexcept { return a.state_ == b.state_; }

    /// The same model in a session: all operations of the handle, those on related models, and those that its hooks run on
    /// `args.model`, on its connection or `inside` run in it. A call whose options name another session is refused with
    /// `errc::invalid_argument`. Null: in none.
    model in(std::shared_ptr<session> s) const noexcept;

    // --- what it is ----------------------------------------------------------------------------------------------

    std::string const& name() const noexcept;
    std::string const& collection() const noexcept;
    /// Whether it is on a connection (that may be closed).
    bool connected() const noexcept;
    /// The connection. Throws `errc::not_connected`.
    cormorant::connection connection() const;
    /// The compiled definition as it is now.
    std::shared_ptr<cormorant::schema const> schema() const;
    /// The names of the model methods, sorted.
    std::vector<std::string> methods() const;

    // --- changing the definition ---------------------------------------------------------------------------------

    /// Registers a hook; one of the same type and name is replaced:
    /// `post.hook("beforeFilter", "tenant", [](filter_args& a) { a.filter.set("tenant", 7); }, required)`.
    /// Throws `errc::definition`.
    model& hook(std::string_view type, std::string name, hook_handler handler);
    model& hook(std::string_view type, std::string name, hook_handler handler, required_t);
    model& hook(hook_definition definition);
    /// \name What `model_definition` has under the same names, compiled at once. Throws `errc::definition`; the model is as it
    /// was then.
    /// @{
    model& add_field(std::string name, field_definition definition);
    model& add_virtual(virtual_definition definition);
    model& add_relation(relation_definition definition);
    model& add_index(document keys, document options = {});
    model& add_document_method(std::string name, document_method_function function);
    model& add_model_method(std::string name, model_method_function function);
    /// @}
    /// Any change of the definition, compiled once at the end: `m.change([](model_definition& d) { d.view_on("posts", arr());
    /// })`. Throws what `f` throws, and `errc::definition` also when it changes name or collection; the model is as it was then.
    model& change(std::function<void(model_definition&)> const& f);

    // --- reading -------------------------------------------------------------------------------------------------

    /// All documents that match. With `count` in the options use `find_and_count`.
    boost::asio::awaitable<documents> find(document filter = {}, find_options options = {}) const;
    /// `find`, and how many documents match without `limit` and `skip`. Both are read at the same time.
    boost::asio::awaitable<counted_documents> find_and_count(document filter = {}, find_options options = {}) const;
    /// The first document that matches: `find` with a limit of 1.
    boost::asio::awaitable<std::optional<document>> find_one(document filter = {}, find_options options = {}) const;
    /// The document with this `_id`: an object id, its 24 hexadecimal digits, or an `_id` of another type when the definition
    /// says so. Throws `errc::invalid_argument` for text that is no object id.
    boost::asio::awaitable<std::optional<document>> find_by_id(value id, find_options options = {}) const;
    /// The filter of `find_by_id`: `{_id: id}`, hexadecimal text converted to what the definition wants. Throws as `find_by_id`.
    document id_filter(value id) const;
    /// `find`, with documents as the store gave them (BSON, when it did) where nothing needs them decoded. `to_json` (cursor.hpp)
    /// of them is what is stored, hidden fields (`to_json(false)`) included and virtuals not: `fields` says what may go out.
    boost::asio::awaitable<std::vector<batch>> find_batches(document filter = {}, find_options options = {}) const;
    boost::asio::awaitable<std::vector<batch>> find_batches_by_id(value id, find_options options = {}) const;
    boost::asio::awaitable<counted_batches> find_and_count_batches(document filter = {}, find_options options = {}) const;
    /// What `find` does with documents that it has read, done with these: after hooks run (relationships are populated), and with
    /// `cast_docs(false)` an inclusion in `fields` says what is left of them. Nothing else of the options counts.
    boost::asio::awaitable<documents> populate(documents docs, find_options options) const;
    boost::asio::awaitable<std::int64_t> count(document filter = {}, count_options options = {}) const;
    /// Documents as the pipeline gives them: of no model, unless `cast_docs` says so.
    boost::asio::awaitable<documents> aggregate(array pipeline, aggregate_options options = {}) const;

    // --- writing -------------------------------------------------------------------------------------------------

    /// Completes (setters, defaults), validates and inserts. Answers the document as the after hooks leave it.
    boost::asio::awaitable<document> insert(document doc, insert_options options = {}) const;
    /// All documents are checked before any is written. Throws `errc::invalid_argument` when there is none.
    boost::asio::awaitable<documents> insert(documents docs, insert_options options = {}) const;
    boost::asio::awaitable<inserted_documents> insert_with_result(documents docs, insert_options options = {}) const;
    /// Replaces the document of this `_id`, or inserts it.
    boost::asio::awaitable<document> save(document doc, save_options options = {}) const;
    boost::asio::awaitable<saved_document> save_with_result(document doc, save_options options = {}) const;
    /// `delta`: a document of operators (`$set`, ...: validated as far as it can be known, changes one document or, with `multi`,
    /// all), a whole document (completed and validated as for `save`, replaces one), or an array (an aggregation pipeline, passed
    /// on). Throws `errc::invalid_argument` for a filter that every document fits, unless the caller says `all` (see
    /// `basic_selection`).
    boost::asio::awaitable<update_result> update(selection which, value delta, update_options options = {}) const;
    /// `update` of one document, answered with the document as it is afterwards: nothing when none matches. One round trip. For
    /// hooks it is an update; their result says that what matched was changed. Throws `errc::invalid_argument` for `multi`.
    boost::asio::awaitable<std::optional<document>> find_and_update(
        selection which, value delta, update_options options = {}) const;
    /// Removes all that match, or the first with `just_one`. Throws as `update` for a filter that every document fits.
    boost::asio::awaitable<remove_result> remove(selection which, remove_options options = {}) const;
    /// Removes every document, without hooks. Collection and indexes stay.
    boost::asio::awaitable<remove_result> remove_all() const;

    // --- input of clients ----------------------------------------------------------------------------------------

    /// \name What a request becomes, as far as a policy allows it: that of the definition, or the one that is given. Throws
    /// `errc::unauthorized` for what the policy does not name, `errc::invalid_argument` for what makes no sense,
    /// `errc::limit_exceeded` for too much of it, each naming the path and never the value; `errc::definition` without a policy,
    /// or for one that does not fit the model. docs/untrusted-input.md tells what clients may write.
    /// @{

    /// For `find`, `count`...: `auto [filter, options] = post.query(untrusted::parse_query(text))`.
    allowed_query query(untrusted const& input, policy_choice policy = {}) const;
    /// A document for `insert` and `save`: values are converted to the types of their fields, and validated by the operation.
    document accept(untrusted const& body, policy_choice policy = {}) const;
    /// An update: `{$set: ...}` of what the body names, `{$unset: ...}` of what is null there.
    value changes(untrusted const& body, policy_choice policy = {}) const;
    /// @}

    // --- what an operation will do -------------------------------------------------------------------------------

    /// \name The steps of a call with these arguments, told before it runs: hooks and why they run, what is sent to which
    /// collection, fields that are read, related models level by level. Nothing is sent, and no function of the application runs.
    /// Throws what the call would throw before its first hook: `errc::not_connected`, `errc::invalid_argument`.
    /// @{
    explanation explain_find(document filter = {}, find_options options = {}) const;
    explanation explain_find_by_id(value id, find_options options = {}) const;
    explanation explain_count(document filter = {}, count_options options = {}) const;
    explanation explain_aggregate(array pipeline, aggregate_options options = {}) const;
    explanation explain_insert(documents docs, insert_options options = {}) const;
    explanation explain_save(document doc, save_options options = {}) const;
    explanation explain_update(selection which, value delta, update_options options = {}) const;
    explanation explain_remove(selection which, remove_options options = {}) const;
    /// @}

    // --- collection ----------------------------------------------------------------------------------------------

    /// Creates the indexes of the definition; those that exist are left alone. Throws `errc::definition` when one makes no sense
    /// or exists with other options.
    boost::asio::awaitable<void> create_indexes() const;
    /// Creates the view of the definition, or brings it up to date. Throws `errc::definition` when the definition has no
    /// `view_on`.
    boost::asio::awaitable<view_change> create_view() const;

    // --- documents -----------------------------------------------------------------------------------------------

    /// What `insert` would store. Throws what `insert` throws for the caller's data.
    documents process(documents docs, process_options options = {}) const;
    /// A document of the model: setters run, defaults are filled in (unless `fill_defaults` is false), `on_init` runs.
    document new_document(document data = {}, bool fill_defaults = true) const;
    /// The document seen through the model: virtuals, methods, JSON. It refers to `doc`, which must outlive it.
    bound_document bind(document& doc) const;
    /// Calls a model method. Throws `errc::not_found` naming it.
    boost::asio::awaitable<value> call(std::string_view method, array args = {}) const;

private:
    friend struct detail::model_access;
    friend class detail::model_answer;
    explicit model(std::shared_ptr<detail::model_state> state, std::shared_ptr<session> s = {}) noexcept;

    std::shared_ptr<detail::model_state> state_;
    std::shared_ptr<session> session_;
};

} // namespace cormorant
