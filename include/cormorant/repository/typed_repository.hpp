#pragma once

/// `typed_repository<T>`: a repository whose documents are values of a described struct.

#include <cormorant/model/typed_model.hpp>
#include <cormorant/repository/repository.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant {

namespace detail {
/// The method of a repository that an answer is of, see `model_answer`.
class repository_answer {
public:
    /// `writes`: something was written.
    repository_answer(repository of, std::string_view method, bool writes) noexcept
        : of_(std::move(of)), method_(method), writes_(writes) {}
    [[noreturn]] void rethrow(error& e) const;

private:
    repository of_;
    std::string_view method_;
    bool writes_;
};
} // namespace detail

/// As `repository`, with values of `T`, a struct described by Boost.Describe (mapping.hpp). Queries and conditions that name
/// members of another struct do not compile.
///
/// What documents have and `T` has not is dropped when reading; members that were not read (`fields`) keep their initial values.
/// A document that does not fit throws `errc::type_mismatch` naming the member, as an error of the method; a write has been
/// applied then. Related documents are there when `T` has a member of the relationship's name (a `std::optional` or a list of a
/// described struct). Thread safety: as `repository`.
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
        return detail::decoded<std::vector<T>>(repository_.find_batches(std::move(q), std::move(options)), read_by("find"));
    }
    boost::asio::awaitable<std::optional<T>> find_one(basic_query<T> q = {}, find_options options = {}) const {
        return detail::decoded<std::optional<T>>(repository_.find_one(std::move(q), std::move(options)), read_by("find_one"));
    }
    boost::asio::awaitable<T> find_by_id(value id, basic_query<T> q = {}, find_options options = {}) const {
        return detail::decoded<T>(repository_.find_by_id(std::move(id), std::move(q), std::move(options)), read_by("find_by_id"));
    }
    boost::asio::awaitable<bool> exists(value id, count_options options = {}) const {
        return repository_.exists(std::move(id), std::move(options));
    }
    boost::asio::awaitable<std::int64_t> count(basic_where_clause<T> where = {}, count_options options = {}) const {
        return repository_.count(std::move(where), std::move(options));
    }
    boost::asio::awaitable<T> create(T const& object, basic_query<T> q = {}, insert_options options = {}) const {
        return detail::decoded<T>(
            repository_.create(to_document(object), std::move(q), std::move(options)), written_by("create"));
    }
    boost::asio::awaitable<T> replace_by_id(value id, T const& object, basic_query<T> q = {}, update_options options = {}) const {
        return detail::decoded<T>(repository_.replace_by_id(std::move(id), to_document(object), std::move(q), std::move(options)),
            written_by("replace_by_id"));
    }
    boost::asio::awaitable<T> replace_or_create(T const& object, basic_query<T> q = {}, save_options options = {}) const {
        return detail::decoded<T>(repository_.replace_or_create(to_document(object), std::move(q), std::move(options)),
            written_by("replace_or_create"));
    }
    boost::asio::awaitable<T> patch_by_id(value id, document data, basic_query<T> q = {}, update_options options = {}) const {
        return detail::decoded<T>(
            repository_.patch_by_id(std::move(id), std::move(data), std::move(q), std::move(options)), written_by("patch_by_id"));
    }
    boost::asio::awaitable<std::int64_t> patch(
        document data, basic_selection<basic_where_clause<T>> which, update_options options = {}) const {
        return repository_.patch(std::move(data), untyped(std::move(which)), std::move(options));
    }
    boost::asio::awaitable<std::int64_t> delete_(
        basic_selection<basic_where_clause<T>> which, remove_options options = {}) const {
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
    detail::repository_answer read_by(std::string_view method) const {
        return detail::repository_answer(repository_, method, false);
    }
    detail::repository_answer written_by(std::string_view method) const {
        return detail::repository_answer(repository_, method, true);
    }

    repository repository_;
};

} // namespace cormorant
