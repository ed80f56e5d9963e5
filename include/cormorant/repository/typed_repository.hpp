#pragma once

/// `typed_repository<T>`: a repository whose documents are values of a described struct.

#include <cormorant/model/typed_model.hpp>
#include <cormorant/repository/repository.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace cormorant {

/// As `repository`, with values of `T`, a struct described by Boost.Describe (mapping.hpp). Queries and conditions that name
/// members of another struct do not compile.
///
/// What documents have and `T` has not is dropped when reading; members that were not read (`fields`) keep their initial values.
/// A document that does not fit throws `errc::type_mismatch` naming the member. Related documents are there when `T` has a member
/// of the relationship's name (a `std::optional` or a list of a described struct). Thread safety: as `repository`.
template <class T>
class typed_repository {
public:
    typed_repository() noexcept = default;
    explicit typed_repository(repository r) noexcept : repository_(std::move(r)) {
        static_assert(described<T>, "typed_repository<T>: describe T with BOOST_DESCRIBE_STRUCT");
    }

    repository const& untyped() const noexcept { return repository_; }
    /// As `repository::in`.
    typed_repository in(std::shared_ptr<session> s) const { return typed_repository(repository_.in(std::move(s))); }

    boost::asio::awaitable<std::vector<T>> find(basic_query<T> q = {}, find_options options = {}) const {
        return decode_all(repository_.find_batches(std::move(q), std::move(options)));
    }
    boost::asio::awaitable<std::optional<T>> find_one(basic_query<T> q = {}, find_options options = {}) const {
        return decode_optional(repository_.find_one(std::move(q), std::move(options)));
    }
    boost::asio::awaitable<T> find_by_id(value id, basic_query<T> q = {}, find_options options = {}) const {
        return decode(repository_.find_by_id(std::move(id), std::move(q), std::move(options)));
    }
    boost::asio::awaitable<bool> exists(value id, count_options options = {}) const {
        return repository_.exists(std::move(id), std::move(options));
    }
    boost::asio::awaitable<std::int64_t> count(basic_where_clause<T> where = {}, count_options options = {}) const {
        return repository_.count(std::move(where), std::move(options));
    }
    boost::asio::awaitable<T> create(T const& object, basic_query<T> q = {}, insert_options options = {}) const {
        return decode(repository_.create(to_document(object), std::move(q), std::move(options)));
    }
    boost::asio::awaitable<T> replace_by_id(value id, T const& object, basic_query<T> q = {}, update_options options = {}) const {
        return decode(repository_.replace_by_id(std::move(id), to_document(object), std::move(q), std::move(options)));
    }
    boost::asio::awaitable<T> replace_or_create(T const& object, basic_query<T> q = {}, save_options options = {}) const {
        return decode(repository_.replace_or_create(to_document(object), std::move(q), std::move(options)));
    }
    boost::asio::awaitable<T> patch_by_id(value id, document data, basic_query<T> q = {}, update_options options = {}) const {
        return decode(repository_.patch_by_id(std::move(id), std::move(data), std::move(q), std::move(options)));
    }
    boost::asio::awaitable<std::int64_t> patch(
        document data, basic_selection<basic_where_clause<T>> which, update_options options = {}) const {
        return repository_.patch(std::move(data), untyped(std::move(which)), std::move(options));
    }
    boost::asio::awaitable<std::int64_t> delete_(basic_selection<basic_where_clause<T>> which, remove_options options = {}) const {
        return repository_.delete_(untyped(std::move(which)), std::move(options));
    }
    boost::asio::awaitable<bool> delete_by_id(value id, remove_options options = {}) const {
        return repository_.delete_by_id(std::move(id), std::move(options));
    }

private:
    static basic_selection<where_clause> untyped(basic_selection<basic_where_clause<T>> which) {
        if (which.everything())
            return all;
        return where_clause(std::move(which).filter());
    }
    static boost::asio::awaitable<std::vector<T>> decode_all(boost::asio::awaitable<std::vector<batch>> answer) {
        auto batches = co_await std::move(answer);
        co_return detail::decode_all<T>(batches);
    }
    static boost::asio::awaitable<std::optional<T>> decode_optional(boost::asio::awaitable<std::optional<document>> answer) {
        auto found = co_await std::move(answer);
        if (!found)
            co_return std::nullopt;
        co_return from_document<T>(*found);
    }
    static boost::asio::awaitable<T> decode(boost::asio::awaitable<document> answer) {
        auto found = co_await std::move(answer);
        co_return from_document<T>(found);
    }

    repository repository_;
};

} // namespace cormorant
