#pragma once

/// `repository`: the documents of one model, in the words of js-repository.

#include <cormorant/model/model.hpp>
#include <cormorant/repository/query.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cormorant {

namespace detail {
class schema_state;
class repository_answer;
struct repository_access;
} // namespace detail

/// The repository of a model of a `database_schema`: a cheap handle, which keeps the schema alive.
///
/// Every method is one pass of the model's pipeline: it translates its arguments into an operation, so hooks, validation,
/// population, deadlines and cancellation are those of `model`. An answer that `include` or `fields` shapes takes one more query
/// for each relationship and level, never a second read of the document itself.
///
/// A method fails
/// - with `errc::definition` when the model cannot be used: its base, its datasource or the adapter of that is not defined...;
/// - with `errc::invalid_argument` for a query or condition that is not understood; the path is the property, or the word of the
/// query;
/// - with `errc::validation`, `errc::required` and `errc::duplicate_key` for data; nothing is written then.
/// Diagnostics name the model and the method. The options are those of the operation of `model` that runs; what a query says goes
/// before what they say.
///
/// Derive from it for methods of your own, see `database_schema::repository_as`. Thread safety: as `model`.
class repository {
public:
    /// An empty handle: it may be assigned to and compared, nothing else.
    repository() noexcept = default;

    explicit operator bool() const noexcept { return state_ != nullptr; }
    friend bool operator==(repository const& a, repository const& b) noexcept { return a.state_ == b.state_ && a.key_ == b.key_; }

    /// The name of the model as it was defined.
    std::string name() const;
    /// The model at work, which connects nothing yet. Throws `errc::definition`.
    cormorant::model model() const;
    /// The same repository in a session of its datasource's store, as `model::in`.
    repository in(std::shared_ptr<session> s) const;

    // --- reading -------------------------------------------------------------------------------------------------

    /// All documents that fit.
    boost::asio::awaitable<documents> find(query q = {}, find_options options = {}) const;
    /// The first document that fits, in the order of the query.
    boost::asio::awaitable<std::optional<document>> find_one(query q = {}, find_options options = {}) const;
    /// Of the query only `fields` and `include` count. Throws `errc::not_found`.
    boost::asio::awaitable<document> find_by_id(value id, query q = {}, find_options options = {}) const;
    /// `find`, with documents as the store gave them where nothing needs them decoded.
    boost::asio::awaitable<std::vector<batch>> find_batches(query q = {}, find_options options = {}) const;
    /// Whether there is a document with this key. Keys are equal by value and type.
    boost::asio::awaitable<bool> exists(value id, count_options options = {}) const;
    boost::asio::awaitable<std::int64_t> count(where_clause where = {}, count_options options = {}) const;

    // --- writing; `fields` and `include` of the query shape the answer, the rest of it does not count -------------

    /// Stores a new document and answers it. A key that is absent, null, 0 or `""` is made by the datasource; throws
    /// `errc::invalid_argument` when that cannot make keys of this type.
    boost::asio::awaitable<document> create(document data, query q = {}, insert_options options = {}) const;
    /// Puts `data` in the place of the whole document; a key in it is ignored. Throws `errc::not_found`.
    boost::asio::awaitable<document> replace_by_id(value id, document data, query q = {}, update_options options = {}) const;
    /// Replaces the document of the key in `data`, or creates one, with a new key when there is none in it.
    boost::asio::awaitable<document> replace_or_create(document data, query q = {}, save_options options = {}) const;
    /// Sets the given properties, each as a whole; a key in `data` is ignored. Answers the whole document. Throws
    /// `errc::not_found`.
    boost::asio::awaitable<document> patch_by_id(value id, document data, query q = {}, update_options options = {}) const;
    /// Sets the given properties of all documents that fit; answers how many fit, those that were so already too. Throws
    /// `errc::invalid_argument` for a condition that says nothing, unless the caller says `all`.
    boost::asio::awaitable<std::int64_t> patch(
        document data, basic_selection<where_clause> which, update_options options = {}) const;
    /// Removes all documents that fit and answers how many. Throws as `patch` for a condition that says nothing.
    boost::asio::awaitable<std::int64_t> delete_(basic_selection<where_clause> which, remove_options options = {}) const;
    /// Whether there was one.
    boost::asio::awaitable<bool> delete_by_id(value id, remove_options options = {}) const;

private:
    friend struct detail::repository_access;
    friend class detail::repository_answer;
    repository(std::shared_ptr<detail::schema_state> state, std::string key) noexcept
        : state_(std::move(state)), key_(std::move(key)) {}

    std::shared_ptr<detail::schema_state> state_;
    std::string key_;
    std::shared_ptr<session> session_;
};

} // namespace cormorant
