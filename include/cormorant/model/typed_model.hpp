#pragma once

/// `typed_model<T>`: a model whose documents are values of a described struct.

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/mapping.hpp>
#include <cormorant/model/connection.hpp>
#include <cormorant/schema/describe.hpp>
#include <cormorant/store/cursor.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace cormorant {

/// Some of the documents that match as structs, and how many match without `limit` and `skip`.
template <class T>
struct counted {
    std::vector<T> docs;
    std::int64_t count = 0;
};

namespace detail {

/// The operation that an answer is of, for what is found when the answer is decoded.
class model_answer {
public:
    model_answer(model const& of, operation_kind kind) noexcept : of_(of.state_), kind_(kind) {}
    /// Inside a handler: throws the error as one of the operation, all of which was done.
    [[noreturn]] void rethrow(error& e) const;

private:
    std::shared_ptr<model_state> of_;
    operation_kind kind_;
};

/// \name Documents to structs. BSON goes straight there.
/// @{
template <class T>
void decode_answer(document const& from, T& result) {
    decode_into(from, result);
}
template <class T>
void decode_answer(std::optional<document> const& from, std::optional<T>& result) {
    if (from)
        decode_into(*from, result.emplace());
}
template <class T>
void decode_answer(documents const& from, std::vector<T>& result) {
    result.reserve(from.size());
    for (document const& one : from)
        decode_into(one, result.emplace_back());
}
template <class T>
void decode_answer(std::vector<batch> const& from, std::vector<T>& result) {
    std::size_t size = 0;
    for (batch const& b : from)
        size += b.size();
    result.reserve(size);
    for (batch const& b : from)
        b.for_each([&](auto const& one) { decode_into(one, result.emplace_back()); });
}
/// The first of them, if there is one.
template <class T>
void decode_answer(std::vector<batch> const& from, std::optional<T>& result) {
    for (batch const& b : from)
        b.for_each([&](auto const& one) {
            if (!result)
                decode_into(one, result.emplace());
        });
}
template <class T>
void decode_answer(counted_batches const& from, counted<T>& result) {
    decode_answer(from.batches, result.docs);
    result.count = from.count;
}
/// @}

template <class Result, class Answer>
Result decode_to(Answer const& from) {
    Result result{};
    decode_answer(from, result);
    return result;
}

/// Waits for an answer and decodes it. What does not fit is an error of the operation, as `of` tells it.
template <class Result, class Answer, class Origin>
boost::asio::awaitable<Result> decoded(boost::asio::awaitable<Answer> answer, Origin of) {
    Answer const got = co_await std::move(answer);
    try {
        co_return decode_to<Result>(got);
    } catch (error& e) {
        of.rethrow(e);
    }
}

} // namespace detail

/// A model whose documents are values of `T`, a struct described by Boost.Describe (mapping.hpp). Hooks, options, errors and
/// everything else are those of `model`; the handle on it is `untyped()`.
///
/// `find` decodes the server's BSON straight into structs unless an after hook, a relationship or a virtual has to see documents.
/// What the documents have and `T` has not is dropped when reading: let `fields` name what you need. A document that does not fit
/// throws `errc::type_mismatch` naming the member, as an error of the operation; a write has been applied then. Members `ref<X>`
/// hold what the call populated. Thread safety: as `model`.
template <class T>
class typed_model {
public:
    typed_model() noexcept = default;
    explicit typed_model(model m) noexcept : model_(std::move(m)) {}

    model const& untyped() const noexcept { return model_; }
    model& untyped() noexcept { return model_; }
    /// As `model::in`.
    typed_model in(std::shared_ptr<session> s) const { return typed_model(model_.in(std::move(s))); }

    boost::asio::awaitable<std::vector<T>> find(document filter = {}, find_options options = {}) const {
        return detail::decoded<std::vector<T>>(
            model_.find_batches(std::move(filter), std::move(options)), of(operation_kind::find));
    }
    boost::asio::awaitable<counted<T>> find_and_count(document filter = {}, find_options options = {}) const {
        return detail::decoded<counted<T>>(
            model_.find_and_count_batches(std::move(filter), std::move(options)), of(operation_kind::find));
    }
    boost::asio::awaitable<std::optional<T>> find_one(document filter = {}, find_options options = {}) const {
        options.limit(1);
        return detail::decoded<std::optional<T>>(
            model_.find_batches(std::move(filter), std::move(options)), of(operation_kind::find));
    }
    boost::asio::awaitable<std::optional<T>> find_by_id(value id, find_options options = {}) const {
        return detail::decoded<std::optional<T>>(
            model_.find_batches_by_id(std::move(id), std::move(options)), of(operation_kind::find));
    }
    boost::asio::awaitable<std::int64_t> count(document filter = {}, count_options options = {}) const {
        return model_.count(std::move(filter), std::move(options));
    }
    /// The answer of the pipeline as values of `R`.
    template <class R = T>
    boost::asio::awaitable<std::vector<R>> aggregate(array pipeline, aggregate_options options = {}) const {
        return detail::decoded<std::vector<R>>(
            model_.aggregate(std::move(pipeline), std::move(options)), of(operation_kind::aggregate));
    }

    /// Answers what was stored, with defaults. An `_id` of only zeros, as a new `object_id` is, gets a generated one.
    boost::asio::awaitable<T> insert(T const& object, insert_options options = {}) const {
        return detail::decoded<T>(model_.insert(to_stored(object), std::move(options)), of(operation_kind::insert));
    }
    boost::asio::awaitable<std::vector<T>> insert(std::vector<T> const& objects, insert_options options = {}) const {
        documents docs;
        docs.reserve(objects.size());
        storage const shared = make_arena();
        for (T const& one : objects)
            docs.push_back(to_stored(one, shared));
        return detail::decoded<std::vector<T>>(model_.insert(std::move(docs), std::move(options)), of(operation_kind::insert));
    }
    boost::asio::awaitable<T> save(T const& object, save_options options = {}) const {
        return detail::decoded<T>(model_.save(to_stored(object), std::move(options)), of(operation_kind::save));
    }
    boost::asio::awaitable<update_result> update(selection which, value delta, update_options options = {}) const {
        return model_.update(std::move(which), std::move(delta), std::move(options));
    }
    boost::asio::awaitable<remove_result> remove(selection which, remove_options options = {}) const {
        return model_.remove(std::move(which), std::move(options));
    }

private:
    // An `_id` that was never set asks for a new one.
    static document to_stored(T const& object, storage memory = {}) {
        document doc = to_document(object, std::move(memory));
        auto const* const id = doc.find("_id");
        if (id != nullptr && id->is_object_id() && id->as_object_id() == object_id())
            doc.erase("_id");
        return doc;
    }

    detail::model_answer of(operation_kind kind) const { return detail::model_answer(model_, kind); }

    model model_;
};

namespace detail {
template <class T>
boost::asio::awaitable<typed_model<T>> make_typed(boost::asio::awaitable<model> added) {
    auto m = co_await std::move(added);
    co_return typed_model<T>(std::move(m));
}
} // namespace detail

template <class T>
boost::asio::awaitable<typed_model<T>> connection::add(model_definition definition, add_options options) const {
    static_assert(described<T>, "connection::add<T>: describe T with BOOST_DESCRIBE_STRUCT");
    check_struct<T>(definition);
    return detail::make_typed<T>(add(std::move(definition), std::move(options)));
}

} // namespace cormorant
