#pragma once

/// `typed_model<T>`: a model whose documents are values of a described struct.

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/mapping.hpp>
#include <cormorant/model/connection.hpp>
#include <cormorant/schema/describe.hpp>
#include <cormorant/store/cursor.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace cormorant {

namespace detail {
/// Decodes every document of an answer; BSON goes straight to the struct.
template <class T>
std::vector<T> decode_all(std::vector<batch> const& batches) {
    std::size_t size = 0;
    for (batch const& b : batches)
        size += b.size();
    std::vector<T> result;
    result.reserve(size);
    for (batch const& b : batches)
        b.for_each([&](auto const& one) { decode_into(one, result.emplace_back()); });
    return result;
}

/// The first of them, if there is one.
template <class T>
std::optional<T> decode_first(std::vector<batch> const& batches) {
    std::optional<T> first;
    for (batch const& b : batches)
        b.for_each([&](auto const& one) {
            if (!first)
                decode_into(one, first.emplace());
        });
    return first;
}
} // namespace detail

/// Some of the documents that match as structs, and how many match without `limit` and `skip`.
template <class T>
struct counted {
    std::vector<T> docs;
    std::int64_t count = 0;
};

/// A model whose documents are values of `T`, a struct described by Boost.Describe (mapping.hpp). Hooks, options, errors and
/// everything else are those of `model`; the handle on it is `untyped()`.
///
/// `find` decodes the server's BSON straight into structs unless an after hook, a relationship or a virtual has to see documents.
/// What the documents have and `T` has not is dropped when reading: let `fields` name what you need. A document that does not fit
/// throws `errc::type_mismatch` naming the member. Members `ref<X>` hold what the call populated.
/// Thread safety: as `model`.
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
        return decode_all(model_.find_batches(std::move(filter), std::move(options)));
    }
    boost::asio::awaitable<counted<T>> find_and_count(document filter = {}, find_options options = {}) const {
        return decode_counted(model_.find_and_count_batches(std::move(filter), std::move(options)));
    }
    boost::asio::awaitable<std::optional<T>> find_one(document filter = {}, find_options options = {}) const {
        options.limit(1);
        return decode_first(model_.find_batches(std::move(filter), std::move(options)));
    }
    boost::asio::awaitable<std::optional<T>> find_by_id(value id, find_options options = {}) const {
        return decode_first(model_.find_batches_by_id(std::move(id), std::move(options)));
    }
    boost::asio::awaitable<std::int64_t> count(document filter = {}, count_options options = {}) const {
        return model_.count(std::move(filter), std::move(options));
    }
    /// The answer of the pipeline as values of `R`.
    template <class R = T>
    boost::asio::awaitable<std::vector<R>> aggregate(array pipeline, aggregate_options options = {}) const {
        return decode_documents<R>(model_.aggregate(std::move(pipeline), std::move(options)));
    }

    /// Answers what was stored, with defaults. An `_id` of only zeros, as a new `object_id` is, gets a generated one.
    boost::asio::awaitable<T> insert(T const& object, insert_options options = {}) const {
        return decode_one(model_.insert(to_stored(object), std::move(options)));
    }
    boost::asio::awaitable<std::vector<T>> insert(std::vector<T> const& objects, insert_options options = {}) const {
        documents docs;
        docs.reserve(objects.size());
        storage const shared = make_arena();
        for (T const& one : objects)
            docs.push_back(to_stored(one, shared));
        return decode_documents<T>(model_.insert(std::move(docs), std::move(options)));
    }
    boost::asio::awaitable<T> save(T const& object, save_options options = {}) const {
        return decode_one(model_.save(to_stored(object), std::move(options)));
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

    static boost::asio::awaitable<std::vector<T>> decode_all(boost::asio::awaitable<std::vector<batch>> answer) {
        auto batches = co_await std::move(answer);
        co_return detail::decode_all<T>(batches);
    }
    static boost::asio::awaitable<counted<T>> decode_counted(boost::asio::awaitable<counted_batches> answer) {
        auto found = co_await std::move(answer);
        counted<T> result;
        result.docs = detail::decode_all<T>(found.batches);
        result.count = found.count;
        co_return result;
    }
    static boost::asio::awaitable<std::optional<T>> decode_first(boost::asio::awaitable<std::vector<batch>> answer) {
        auto batches = co_await std::move(answer);
        co_return detail::decode_first<T>(batches);
    }
    static boost::asio::awaitable<T> decode_one(boost::asio::awaitable<document> answer) {
        auto doc = co_await std::move(answer);
        co_return from_document<T>(doc);
    }
    template <class R>
    static boost::asio::awaitable<std::vector<R>> decode_documents(boost::asio::awaitable<documents> answer) {
        auto docs = co_await std::move(answer);
        std::vector<R> result;
        result.reserve(docs.size());
        for (document const& one : docs)
            result.push_back(from_document<R>(one));
        co_return result;
    }

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
