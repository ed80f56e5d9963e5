#pragma once

/// A database: collections, views, and every operation on them as a synchronous function.

#include "collection.hpp"
#include "memory/aggregation/output.hpp"
#include "memory/query/query.hpp"
#include "memory/update/updater.hpp"
#include "timeline.hpp"

#include <cormorant/bson/value.hpp>
#include <cormorant/operation/operations.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// Operations answer what the server answers; errors are thrown. Those of a handle from `in` belong to a transaction: an error is
/// its end, which whoever calls has to see to (`abort`).
///
/// Thread safety: all members may be called from any thread. One mutex guards the collections; it is held while documents are
/// looked up and changed, so each operation is atomic, and not while answers are sorted, shaped or run through a pipeline: those
/// work on documents that are shared and never changed. Streams that are answered are for one thread at a time.
class database : public std::enable_shared_from_this<database> {
public:
    explicit database(std::string name) : all_(std::make_shared<contents>(std::move(name))) {}

    std::string const& name() const noexcept { return all_->name; }

    /// The same database, in a transaction.
    std::shared_ptr<database> in(std::shared_ptr<transaction> who) const;
    std::shared_ptr<transaction> begin();
    /// As `timeline::commit`.
    void commit(std::shared_ptr<transaction> const& who);
    void abort(std::shared_ptr<transaction> const& who) noexcept;

    /// Does what an effect says. Before `record_to`.
    void restore(effect const& e);
    /// From now on, `log` is told of every change. It outlives all writes.
    void record_to(effect_log& log);
    /// The effects that make up the database as it is when `begin` is called, once, while nothing changes.
    effect_source capture(std::function<void()> const& begin) const;

    /// The documents are those of the moment of the call, whatever is written while they are read. A pipeline that ends with
    /// `$out` or `$merge` has written when it is answered, and gives no documents.
    std::unique_ptr<document_stream> find(find_op op);
    std::unique_ptr<document_stream> aggregate(aggregate_op const& op);
    std::int64_t count(count_op const& op);
    array distinct(distinct_op const& op);

    /// What was written before an error stays, as with the server: `diagnostics::written` says how much.
    insert_result insert(insert_op op);
    update_result update(update_op const& op);
    remove_result remove(remove_op const& op);
    std::optional<document> find_and_modify(find_and_modify_op const& op);

    array create_indexes(create_indexes_op const& op);
    void drop_index(drop_index_op const& op);
    documents list_indexes(list_indexes_op const& op);
    void create_collection(create_collection_op const& op);
    void modify_view(modify_view_op const& op);
    void drop_collection(drop_collection_op const& op);
    documents list_collections(list_collections_op const& op);
    void drop();
    /// `ping`, and `explain` of a find or a count.
    document command(command_op const& op);

    /// What a pipeline reads beside its own collection: the documents of a collection or view.
    std::unique_ptr<document_stream> open(std::string_view collection, document const& filter, query_options const& options);

private:
    struct contents {
        explicit contents(std::string n) : name(std::move(n)) {}

        std::string const name;
        std::mutex mutex;
        timeline time;
    };
    database(std::shared_ptr<contents> all, std::shared_ptr<transaction> who) noexcept
        : all_(std::move(all)), who_(std::move(who)) {}

    /// What a name stands for: a collection, which need not exist, and what the views on the way make of it.
    struct source {
        std::string collection;
        bool is_view = false;
        array pipeline;
    };
    /// A query as it is run on a collection.
    struct selection {
        document const& filter;
        matcher const& matches;
        sorter const* order = nullptr;
        std::int64_t skip = 0;
        /// 0: no limit.
        std::int64_t limit = 0;
        bool binary = true;
        std::optional<value> const* hint = nullptr;
    };
    struct selected {
        std::vector<record_handle> records;
        access_plan plan;
        /// Documents that were looked at.
        std::size_t examined = 0;
        /// Skip, limit and order have been applied.
        bool complete = true;
    };

    /// For a filter on a collection; a name that is empty stands for none.
    query_options options_for(std::string_view collection, document const& collation, document const& extra);
    std::shared_ptr<text_specification const> text_of(std::string_view collection);

    // These expect the mutex to be held.
    collection* find_collection(std::string_view name);
    /// Throws code 166 for a view.
    collection* writable(std::string_view name);
    collection& writable_or_new(std::string_view name);
    source resolve(std::string_view name, document const& collation) const;
    static selected select(collection const& c, selection const& s);
    /// Holds the mutex; a collection, or all, are as this handle sees them.
    class access {
    public:
        access(database const& db, std::string_view collection) : lock_(db.all_->mutex) {
            db.all_->time.show(db.who_, collection);
        }
        explicit access(database const& db) : lock_(db.all_->mutex) { db.all_->time.show_all(); }
        access(access const&) = delete;
        access& operator=(access const&) = delete;

    private:
        std::lock_guard<std::mutex> lock_;
    };
    /// The same for an operation that writes.
    class writing {
    public:
        template <class... Collection>
        explicit writing(database& db, Collection const&... collection) : access_(db, collection...), time_(db.all_->time) {}
        writing(writing const&) = delete;
        writing& operator=(writing const&) = delete;
        ~writing() { time_.end_operation(); }

    private:
        access access_;
        timeline& time_;
    };

    entry_map& entries() noexcept { return all_->time.entries(); }
    entry_map const& entries() const noexcept { return all_->time.entries(); }
    /// Throws code 263 in a transaction.
    void refuse_in_transaction(std::string_view command) const;
    void put_view(std::string const& name, document definition);
    void check_view(std::string_view name, std::string const& on, array const& pipeline) const;
    document inserted(collection& c, document doc, query_options const& options);
    /// With the mutex held: changes what is selected, or inserts.
    update_result update_selected(
        std::string const& collection, selection const& which, updater const& change, bool upsert, query_options const& options);
    bool updated(collection& c, record_handle at, document doc);

    /// Locks, selects, and answers the documents in the order asked for.
    std::vector<document_ptr> snapshot(std::string_view name, selection const& s);
    std::unique_ptr<document_stream> run_pipeline(std::string_view name, array const& stages, query_options const& options,
        std::optional<value> const& hint, document const& collation);
    /// What `$out` and `$merge` do with the documents of a pipeline, all of which are there before the first is written.
    void write_output(pipeline_output const& to, document_stream& from, query_options const& options);
    /// All or nothing, in one step for whoever reads.
    void replace_collection(std::string const& name, document_stream& from, query_options const& options);
    void merge(pipeline_output const& to, document_stream& from, query_options const& options);
    /// With the mutex held. True when a document was there.
    bool merge_one(pipeline_output const& to, document d, document const& filter, query_options const& options);
    /// The stages by which a find on a view is run.
    static array find_stages(find_op const& op);
    /// The stages of the views behind a name; nothing when it is no view.
    std::optional<array> view_stages(std::string_view name, document const& collation);
    document explain(document const& command);

    std::string ns_of(std::string_view collection) const;

    std::shared_ptr<contents> const all_;
    /// Null: none.
    std::shared_ptr<transaction> const who_;
};

/// Throws code 73 for a name that no collection can have.
void check_collection_name(std::string_view database, std::string_view collection, bool for_writing);
/// What `bypassDocumentValidation` of `extra` says.
bool bypasses_validation(document const& extra);
collection::validation validation_of(bool bypassed) noexcept;
/// Refuses fields of `extra` that are not in `known` or harmless for every operation, with `errc::unsupported`.
void check_extra(document const& extra, std::string_view operation, std::initializer_list<std::string_view> known = {});

} // namespace cormorant::memory
