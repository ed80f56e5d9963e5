#pragma once

/// Every operation as a plain value: what hooks edit, stores run and tests compare.
///
/// An operation names a collection of the store's database and carries documents in MongoDB's own words. Members that are
/// left empty are not sent. `extra` holds further top-level fields of the server's command, passed on as they are; a store
/// that does not know one of them refuses it with `errc::unsupported`.

#include <cormorant/bson/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace cormorant {

/// Documents in order; those of one answer share one storage.
using documents = std::vector<document>;

/// `docs(doc("a", 1), doc("a", 2))`: documents built without braces, which GCC 12 miscompiles inside `co_await`.
template <class... Documents>
    requires(std::is_same_v<std::remove_cvref_t<Documents>, document> && ...)
documents docs(Documents&&... all) {
    documents result;
    result.reserve(sizeof...(all));
    (result.push_back(std::forward<Documents>(all)), ...);
    return result;
}

/// Documents of an operation. Copies share them; whoever changes them gets a copy of their own first, unless they are shared with
/// nobody.
/// Thread safety: as the standard containers; copies may be used from distinct threads.
class shared_documents {
public:
    using value_type = document;
    using const_iterator = documents::const_iterator;

    shared_documents() noexcept = default;
    shared_documents(documents all);
    shared_documents(shared_documents const& other) noexcept;
    shared_documents(shared_documents&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
    shared_documents& operator=(shared_documents other) noexcept {
        std::swap(shared_, other.shared_);
        return *this;
    }
    ~shared_documents();

    documents const& get() const noexcept;
    /// Documents of one's own.
    documents& edit();
    /// As `edit`, and leaves none.
    documents take() &&;

    std::size_t size() const noexcept { return get().size(); }
    bool empty() const noexcept { return get().empty(); }
    const_iterator begin() const noexcept { return get().begin(); }
    const_iterator end() const noexcept { return get().end(); }
    document const& front() const noexcept { return get().front(); }
    document const& at(std::size_t position) const { return get().at(position); }
    document const& operator[](std::size_t position) const noexcept { return get()[position]; }
    void push_back(document d) { edit().push_back(std::move(d)); }

    friend bool operator==(shared_documents const& a, shared_documents const& b) noexcept { return a.get() == b.get(); }

private:
    struct block;
    void release() noexcept;

    block* shared_ = nullptr; // none: no documents
};

struct find_op {
    static constexpr std::string_view name = "find";
    std::string collection;
    document filter;
    document projection;
    document sort;
    std::int64_t skip = 0;
    /// 0: no limit.
    std::int64_t limit = 0;
    /// Documents in a batch; 0: the store decides.
    std::int32_t batch_size = 0;
    document collation;
    /// An index by name (string) or by keys (document).
    std::optional<value> hint;
    document extra;
};

struct aggregate_op {
    static constexpr std::string_view name = "aggregate";
    std::string collection;
    array pipeline;
    std::int32_t batch_size = 0;
    document collation;
    std::optional<value> hint;
    document extra;
};

struct count_op {
    static constexpr std::string_view name = "count";
    std::string collection;
    document filter;
    std::int64_t skip = 0;
    std::int64_t limit = 0;
    document collation;
    std::optional<value> hint;
    document extra;
};

struct insert_op {
    static constexpr std::string_view name = "insert";
    std::string collection;
    /// A document without `_id` gets a new object id as its first key.
    shared_documents docs;
    /// True: the first error ends the batch. False: all are tried.
    bool ordered = true;
    document extra;
};

/// One statement of MongoDB's `update` command: operators, a pipeline or a whole document.
struct update_op {
    static constexpr std::string_view name = "update";
    std::string collection;
    document filter;
    /// A document of operators, a whole document, or an array (an aggregation pipeline).
    value update;
    bool multi = false;
    bool upsert = false;
    array array_filters;
    document collation;
    std::optional<value> hint;
    document extra;
};

struct remove_op {
    static constexpr std::string_view name = "remove";
    std::string collection;
    document filter;
    /// False: all that match.
    bool just_one = false;
    document collation;
    std::optional<value> hint;
    document extra;
};

struct find_and_modify_op {
    static constexpr std::string_view name = "find_and_modify";
    std::string collection;
    document filter;
    document sort;
    document projection;
    /// Empty (null) with `remove`.
    value update;
    bool remove = false;
    bool upsert = false;
    /// True: answers the document as it is afterwards.
    bool return_new = false;
    array array_filters;
    document collation;
    document extra;
};

struct distinct_op {
    static constexpr std::string_view name = "distinct";
    std::string collection;
    std::string key;
    document filter;
    document collation;
    document extra;
};

struct index_model {
    /// `{field: 1 | -1 | "text" | ...}`
    document keys;
    /// `unique`, `sparse`, `partialFilterExpression`, `expireAfterSeconds`, `name`, ...
    document options;
    /// The name that the server would give: `a_1_b_-1`, unless the options name one.
    std::string name() const;
};

struct create_indexes_op {
    static constexpr std::string_view name = "create_indexes";
    std::string collection;
    std::vector<index_model> indexes;
};

struct drop_index_op {
    static constexpr std::string_view name = "drop_index";
    std::string collection;
    /// `*` drops all but `_id_`.
    std::string index;
};

/// Answers the indexes as the server lists them: `{v, key, name, unique, ...}`. A missing collection has none.
struct list_indexes_op {
    static constexpr std::string_view name = "list_indexes";
    std::string collection;
};

struct create_collection_op {
    static constexpr std::string_view name = "create_collection";
    std::string collection;
    /// When not empty a view is made of this collection, with `pipeline`.
    std::string view_on;
    array pipeline;
    /// `capped`, `size`, `validator`, ...
    document options;
};

/// Changes the pipeline of a view (`collMod`).
struct modify_view_op {
    static constexpr std::string_view name = "modify_view";
    std::string collection;
    std::string view_on;
    array pipeline;
};

/// Dropping what does not exist succeeds, as with MongoDB 7 and later.
struct drop_collection_op {
    static constexpr std::string_view name = "drop_collection";
    std::string collection;
};

/// Answers `{name, type: "collection" | "view", options}` for each, by name.
struct list_collections_op {
    static constexpr std::string_view name = "list_collections";
    document filter;
};

/// Drops the whole database.
struct drop_database_op {
    static constexpr std::string_view name = "drop_database";
};

/// Any other command of the server. Stores other than MongoDB may refuse it.
struct command_op {
    static constexpr std::string_view name = "command";
    document command;
    /// Empty: the database of the connection.
    std::string database;
};

/// Ends the transaction of `call_options::session` and keeps what it wrote. Done once more after an error it waits for a majority
/// of the servers. Throws `errc::invalid_argument` without a transaction.
struct commit_transaction_op {
    static constexpr std::string_view name = "commit_transaction";
};

/// Ends the transaction of `call_options::session` and forgets what it wrote. What goes wrong at the server is no error: a
/// transaction that nobody commits ends by itself.
struct abort_transaction_op {
    static constexpr std::string_view name = "abort_transaction";
};

using operation = std::variant<find_op, aggregate_op, count_op, insert_op, update_op, remove_op, find_and_modify_op,
    distinct_op, create_indexes_op, drop_index_op, list_indexes_op, create_collection_op, modify_view_op, drop_collection_op,
    list_collections_op, drop_database_op, command_op, commit_transaction_op, abort_transaction_op>;

/// The name of the operation that the variant holds, `"find"`.
std::string_view name_of(operation const&) noexcept;
/// Its collection, empty when it has none.
std::string_view collection_of(operation const&) noexcept;
/// True when it may change data or definitions.
bool is_write(operation const&) noexcept;

/// Answer to `insert_op`.
struct insert_result {
    std::int64_t inserted_count = 0;
    /// The ids of the documents handed in, in order (also of those that an unordered batch could not write).
    array inserted_ids;
};

/// Answer to `update_op`.
struct update_result {
    std::int64_t matched_count = 0;
    std::int64_t modified_count = 0;
    std::int64_t upserted_count = 0;
    /// Absent when nothing was upserted.
    std::optional<value> upserted_id;
};

/// Answer to `remove_op`.
struct remove_result {
    std::int64_t deleted_count = 0;
};

} // namespace cormorant
