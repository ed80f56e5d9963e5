#pragma once

/// The database under test as the plain driver sees it: no models, no hooks.

#include <cormorant/bson/value.hpp>
#include <cormorant/store/store.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace conformance {

/// How much of an empty database a case needs.
enum class emptiness {
    /// Collections of earlier cases may be left, without documents, indexes and options of their own.
    of_documents,
    /// No collection at all.
    of_collections,
};

class raw_database {
public:
    explicit raw_database(std::shared_ptr<cormorant::store> store) : store_(std::move(store)) {}

    std::shared_ptr<cormorant::store> const& store() const noexcept { return store_; }

    /// Empties collections rather than dropping them where that is enough: a server keeps the files of dropped ones open for
    /// minutes.
    boost::asio::awaitable<void> reset(emptiness wanted);
    boost::asio::awaitable<void> drop();
    /// An empty list makes an empty collection.
    boost::asio::awaitable<void> put(std::string collection, cormorant::documents docs);
    /// All documents in `_id` order.
    boost::asio::awaitable<cormorant::array> contents(std::string collection);
    /// `[{name, key, unique}]` by name.
    boost::asio::awaitable<cormorant::array> indexes(std::string collection);

private:
    template <class Op>
    auto run(Op op) {
        return store_->async_run(std::move(op), cormorant::call_options(), boost::asio::use_awaitable);
    }

    std::shared_ptr<cormorant::store> store_;
};

} // namespace conformance
