#include "mongo/plan.hpp"

#include "bson/spare_memory.hpp"
#include "store/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace cormorant::detail {
namespace {

/// One command: a document that is being written.
class command_writer {
public:
    command_writer(std::string_view name, std::string_view collection) : writer_(out_), root_(writer_.open()) {
        writer_.put(name, collection);
    }
    command_writer(std::string_view name, std::int32_t argument) : writer_(out_), root_(writer_.open()) {
        writer_.put(name, argument);
    }

    template <class T>
    command_writer& put(std::string_view key, T const& v) {
        writer_.put(key, v);
        return *this;
    }
    /// Left out when empty.
    command_writer& maybe(std::string_view key, document const& d) {
        if (!d.empty())
            writer_.put(key, d);
        return *this;
    }
    command_writer& maybe(std::string_view key, array const& a) {
        if (!a.empty())
            writer_.put(key, a);
        return *this;
    }
    command_writer& maybe(std::string_view key, std::optional<value> const& v) {
        if (v)
            writer_.put(key, *v);
        return *this;
    }
    command_writer& maybe(std::string_view key, std::int64_t v) {
        if (v != 0)
            writer_.put(key, v);
        return *this;
    }
    command_writer& members(document const& d) {
        for (auto const& [key, v] : d)
            writer_.put(key, v);
        return *this;
    }
    /// `cursor: {batchSize}`
    command_writer& cursor(std::int32_t batch_size = 0) {
        auto const mark = writer_.open("cursor", bson_type::document);
        if (batch_size > 0)
            writer_.put("batchSize", batch_size);
        writer_.close(mark);
        return *this;
    }
    template <class F>
    command_writer& document_of(std::string_view key, F fill) {
        return container(key, bson_type::document, fill);
    }
    template <class F>
    command_writer& array_of(std::string_view key, F fill) {
        return container(key, bson_type::array, fill);
    }

    bson_writer& raw() noexcept { return writer_; }
    bson_buffer& bytes() noexcept { return out_; }
    bson_buffer finish() {
        writer_.close(root_);
        return std::move(out_);
    }

private:
    template <class F>
    command_writer& container(std::string_view key, bson_type type, F fill) {
        auto const mark = writer_.open(key, type);
        fill(writer_);
        writer_.close(mark);
        return *this;
    }

    bson_buffer out_;
    bson_writer writer_;
    std::size_t root_;
};

void require(bool condition, std::string_view message) {
    if (!condition)
        throw error(errc::invalid_argument, std::string(message));
}

/// Writes the command of each kind of operation.
class planner {
public:
    planner(plan& p, mongo_settings const& settings, bool acknowledged, session_claim const& claim)
        : p_(p), settings_(settings), acknowledged_(acknowledged), claim_(claim) {}

    void operator()(find_op& o) {
        command_writer c("find", o.collection);
        c.put("filter", o.filter).maybe("projection", o.projection).maybe("sort", o.sort);
        c.maybe("skip", o.skip).maybe("limit", o.limit);
        c.maybe("batchSize", std::int64_t(o.batch_size));
        c.maybe("collation", o.collation).maybe("hint", o.hint).members(o.extra);
        p_.then.batch_size = o.batch_size;
        p_.what.cursor = true;
        read(c, o.extra);
    }

    void operator()(aggregate_op& o) {
        command_writer c = o.collection.empty() ? command_writer("aggregate", 1) : command_writer("aggregate", o.collection);
        c.put("pipeline", o.pipeline).cursor(p_.then.is_write ? 0 : o.batch_size);
        c.maybe("collation", o.collation).maybe("hint", o.hint).members(o.extra);
        p_.then.batch_size = o.batch_size;
        p_.what.cursor = true;
        if (p_.then.is_write)
            write(c, o.extra, false);
        else
            read(c, o.extra);
    }

    void operator()(count_op& o) {
        // `count` without a filter is answered from metadata. It also takes what `$match` refuses; for all else it may be wrong
        // on a sharded cluster, which an aggregation is not.
        bool const plain = o.filter.empty() && o.skip == 0 && o.limit == 0 && o.collation.empty() && !o.hint;
        if ((plain && !claim_.in_transaction()) || needs_count_command(o.filter)) { // no transaction takes it
            command_writer c("count", o.collection);
            c.maybe("query", o.filter).maybe("skip", o.skip).maybe("limit", o.limit);
            c.maybe("collation", o.collation).maybe("hint", o.hint).members(o.extra);
            return read(c, o.extra);
        }
        command_writer c("aggregate", o.collection);
        array pipeline;
        pipeline.push_back(doc("$match", o.filter));
        if (o.skip != 0)
            pipeline.push_back(doc("$skip", o.skip));
        if (o.limit != 0)
            pipeline.push_back(doc("$limit", o.limit));
        pipeline.push_back(doc("$group", doc("_id", 1, "n", doc("$sum", 1))));
        c.put("pipeline", pipeline).cursor().maybe("collation", o.collation).maybe("hint", o.hint).members(o.extra);
        read(c, o.extra);
    }

    void operator()(distinct_op& o) {
        command_writer c("distinct", o.collection);
        c.put("key", o.key).maybe("query", o.filter).maybe("collation", o.collation).members(o.extra);
        read(c, o.extra);
    }

    void operator()(insert_op& o) {
        p_.what.ordered = p_.then.ordered = o.ordered;
        p_.what.numbered = acknowledged_;
        p_.then.many = o.docs.size() > 1;
        p_.then.inserted_ids.reserve(o.docs.size());
        std::size_t next = 0;
        while (next < o.docs.size()) {
            auto const first = next;
            insert_batch(o, next);
            if (p_.then.many)
                p_.then.documents_in.push_back(next - first);
        }
        finish_write(o.extra);
    }

    void operator()(update_op& o) {
        command_writer c("update", o.collection);
        c.array_of("updates", [&](bson_writer& w) {
            auto const mark = w.open("0", bson_type::document);
            w.put("q", o.filter);
            w.put("u", o.update);
            if (o.multi)
                w.put("multi", true);
            if (o.upsert)
                w.put("upsert", true);
            if (!o.array_filters.empty())
                w.put("arrayFilters", o.array_filters);
            if (!o.collation.empty())
                w.put("collation", o.collation);
            if (o.hint)
                w.put("hint", *o.hint);
            w.close(mark);
        });
        c.members(o.extra);
        p_.then.many = o.multi;
        write(c, o.extra, !o.multi);
    }

    void operator()(remove_op& o) {
        command_writer c("delete", o.collection);
        c.array_of("deletes", [&](bson_writer& w) {
            auto const mark = w.open("0", bson_type::document);
            w.put("q", o.filter);
            w.put("limit", o.just_one ? 1 : 0);
            if (!o.collation.empty())
                w.put("collation", o.collation);
            if (o.hint)
                w.put("hint", *o.hint);
            w.close(mark);
        });
        c.members(o.extra);
        p_.then.many = !o.just_one;
        write(c, o.extra, o.just_one);
    }

    void operator()(find_and_modify_op& o) {
        command_writer c("findAndModify", o.collection);
        c.put("query", o.filter).maybe("sort", o.sort).maybe("fields", o.projection);
        if (o.remove)
            c.put("remove", true);
        else
            c.put("update", o.update);
        if (o.upsert)
            c.put("upsert", true);
        if (o.return_new)
            c.put("new", true);
        c.maybe("arrayFilters", o.array_filters).maybe("collation", o.collation).members(o.extra);
        write(c, o.extra, true);
    }

    void operator()(create_indexes_op& o) {
        command_writer c("createIndexes", o.collection);
        c.array_of("indexes", [&](bson_writer& w) {
            position_key position;
            for (std::size_t i = 0; i < o.indexes.size(); ++i) {
                auto const& index = o.indexes[i];
                auto const name = index.name();
                auto const mark = w.open(position(i), bson_type::document);
                w.put("key", index.keys);
                w.put("name", name);
                for (auto const& [key, v] : index.options)
                    if (key != "name")
                        w.put(key, v);
                w.close(mark);
                p_.then.index_names.push_back(name);
            }
        });
        write(c, document(), false);
    }

    void operator()(drop_index_op& o) {
        command_writer c("dropIndexes", o.collection);
        c.put("index", o.index);
        write(c, document(), false);
    }

    void operator()(list_indexes_op& o) {
        command_writer c("listIndexes", o.collection);
        c.cursor();
        p_.what.collect = true;
        read(c, document());
    }

    void operator()(create_collection_op& o) {
        command_writer c("create", o.collection);
        if (!o.view_on.empty())
            c.put("viewOn", o.view_on).put("pipeline", o.pipeline);
        c.members(o.options);
        write(c, o.options, false);
    }

    void operator()(modify_view_op& o) {
        command_writer c("collMod", o.collection);
        c.put("viewOn", o.view_on).put("pipeline", o.pipeline);
        write(c, document(), false);
    }

    void operator()(drop_collection_op& o) {
        command_writer c("drop", o.collection);
        write(c, document(), false);
    }

    void operator()(list_collections_op& o) {
        command_writer c("listCollections", 1);
        c.maybe("filter", o.filter).cursor();
        p_.what.collect = true;
        read(c, document());
    }

    void operator()(drop_database_op&) {
        command_writer c("dropDatabase", 1);
        write(c, document(), false);
    }

    void operator()(commit_transaction_op&) {
        command_writer c("commitTransaction", 1);
        auto const& most = claim_.terms().max_commit_time_value;
        if (most)
            c.put("maxTimeMS", std::int64_t(most->count()));
        end_transaction(c);
        p_.what.bounded = !most;
        p_.then.commits = true;
    }
    void operator()(abort_transaction_op&) {
        command_writer c("abortTransaction", 1);
        end_transaction(c);
        p_.then.aborts = true;
    }

    void operator()(command_op& o) {
        if (!o.database.empty())
            p_.what.database = o.database;
        p_.what.mode = command_mode::raw;
        p_.what.bounded = !o.command.contains("maxTimeMS");
        p_.what.commands.emplace_back(encode(o.command));
    }

private:
    // `$where` and the operators that sort by distance are no part of `$match`.
    static bool needs_count_command(document const& filter) {
        for (auto const& [key, v] : filter) {
            if (key == "$where" || key == "$near" || key == "$nearSphere")
                return true;
            if (auto const* inner = v.if_document(); inner != nullptr && needs_count_command(*inner))
                return true;
            if (auto const* list = v.if_array())
                for (value const& element : *list)
                    if (auto const* one = element.if_document(); one != nullptr && needs_count_command(*one))
                        return true;
        }
        return false;
    }

    void end_transaction(command_writer& c) {
        p_.what.database = "admin";
        p_.what.mode = command_mode::write;
        p_.what.commands.emplace_back(c.finish());
    }
    // A caller who names a time of his own gets that one.
    void finish_write(document const& extra) {
        p_.what.mode = command_mode::write;
        p_.what.bounded = !extra.contains("maxTimeMS");
    }
    void read(command_writer& c, document const& extra) {
        p_.what.mode = command_mode::read;
        p_.what.repeatable = settings_.retry_reads;
        p_.what.bounded = !extra.contains("maxTimeMS");
        p_.what.commands.emplace_back(c.finish());
    }
    void write(command_writer& c, document const& extra, bool numbered) {
        p_.what.numbered = numbered && acknowledged_;
        finish_write(extra);
        p_.what.commands.emplace_back(c.finish());
    }

    // Appends one document, `_id` first when it has none. Remembers its id.
    void put_document(bson_buffer& out, document const& d) {
        if (auto const* id = d.find("_id")) {
            append_bson(out, d);
            p_.then.inserted_ids.push_back(*id);
            return;
        }
        auto const id = object_id::generate();
        bson_writer w(out);
        auto const mark = w.open();
        w.put("_id", id);
        for (auto const& [k, v] : d)
            w.put(k, v);
        w.close(mark);
        p_.then.inserted_ids.push_back(id);
    }

    // In memory that earlier commands had, if there is some.
    static void make_room(bson_buffer& out, std::size_t size) {
        auto larger = take_buffer(size);
        larger.insert(larger.end(), out.begin(), out.end());
        out.swap(larger);
    }

    // As many documents from `next` on as one command takes.
    void insert_batch(insert_op const& o, std::size_t& next) {
        command_writer c("insert", o.collection);
        c.put("ordered", o.ordered).members(o.extra);
        auto& made = p_.what.commands.emplace_back(c.finish());
        auto& out = made.documents;
        // With the keys that they have when they are an array.
        std::size_t total = 0;
        position_key position;
        for (std::size_t n = 0; next < o.docs.size() && n < max_batch_count; ++n) {
            auto const before = out.size();
            put_document(out, o.docs[next]);
            auto const size = out.size() - before;
            if (size > max_bson_size)
                throw error(errc::limit_exceeded,
                    fmt::format("document {} has {} bytes, a document may have {}", next, size, max_bson_size));
            if (n == 0)
                make_room(out, std::min(max_batch_bytes, (o.docs.size() - next) * (size + size / 8)));
            total += size + position(n).size() + 2;
            if (n > 0 && total > max_batch_bytes) {
                out.resize(before); // it begins the next command
                p_.then.inserted_ids.pop_back();
                break;
            }
            ++next;
        }
    }

    plan& p_;
    mongo_settings const& settings_;
    bool acknowledged_;
    session_claim const& claim_;
};

native::read_preferences make_read_preferences(document const& d) {
    if (d.empty())
        return {};
    constexpr std::array modes = {std::pair(std::string_view("primary"), MONGOC_READ_PRIMARY),
        std::pair(std::string_view("primaryPreferred"), MONGOC_READ_PRIMARY_PREFERRED),
        std::pair(std::string_view("secondary"), MONGOC_READ_SECONDARY),
        std::pair(std::string_view("secondaryPreferred"), MONGOC_READ_SECONDARY_PREFERRED),
        std::pair(std::string_view("nearest"), MONGOC_READ_NEAREST)};
    native::read_preferences result(mongoc_read_prefs_new(MONGOC_READ_PRIMARY));
    for (auto const& [key, v] : d) {
        if (key == "mode") {
            bool known = false;
            for (auto const& [name, mode] : modes) {
                if (v.if_string() == name) {
                    mongoc_read_prefs_set_mode(result.get(), mode);
                    known = true;
                }
            }
            require(known, fmt::format("read_preference: unknown mode {}", to_string(v)));
        } else if (key == "tags" && v.is_array()) {
            for (value const& set : v.as_array()) {
                require(set.is_document(), "read_preference: tags has to be an array of documents");
                auto const bytes = encode(set.as_document());
                mongoc_read_prefs_add_tag(result.get(), native::bson_window(bytes).get());
            }
        } else if (key == "maxStalenessSeconds" && v.if_int64())
            mongoc_read_prefs_set_max_staleness_seconds(result.get(), *v.if_int64());
        else
            throw error(errc::invalid_argument, fmt::format("read_preference: {} = {} is not understood", key, to_string(v)));
    }
    require(
        mongoc_read_prefs_is_valid(result.get()), "read_preference: mode primary goes with neither tags nor maxStalenessSeconds");
    return result;
}

bson_buffer encode_unless_empty(document const& d) {
    return d.empty() ? bson_buffer() : encode(d);
}

// What every server takes on any connection to the primary: nothing of these is about sessions, servers or whole databases.
bool is_plain(operation const& op) {
    return std::visit(
        []<class Op>(Op const&) {
            return std::is_same_v<Op, find_op> || std::is_same_v<Op, aggregate_op> || std::is_same_v<Op, count_op> ||
                   std::is_same_v<Op, distinct_op> || std::is_same_v<Op, insert_op> || std::is_same_v<Op, update_op> ||
                   std::is_same_v<Op, remove_op> || std::is_same_v<Op, find_and_modify_op>;
        },
        op);
}

bool is_acknowledged(document const& write_concern, mongo_settings const& settings) {
    if (write_concern.empty())
        return mongoc_write_concern_is_acknowledged(mongoc_uri_get_write_concern(settings.uri.get()));
    auto const* w = write_concern.find("w");
    return w == nullptr || w->if_int64() != 0;
}

} // namespace

/// What the session says of a request: everything that is not in the command itself.
void settle_session(plan& p, call_options const& options, mongo_settings const& settings, session_claim const& claim) {
    auto& what = p.what;
    auto& owner = dynamic_cast<mongo_session&>(*options.session);
    require(what.acknowledged, "a write without acknowledgement (w: 0) cannot run in a session");
    what.session = owner.part_of(claim);
    auto& part = *what.session;
    bool const in_transaction = claim.in_transaction();
    part.ends = p.then.commits || p.then.aborts;
    p.then.in_transaction = in_transaction;

    document read_concern;
    document write_concern;
    auto const or_default = [](document const& given, bson_buffer const& fallback) {
        return given.empty() && !fallback.empty() ? decode_bson(fallback) : given;
    };
    bool const reads = what.mode == command_mode::read;
    if (in_transaction) {
        if (part.starts)
            read_concern = or_default(claim.terms().read_concern_value, settings.read_concern);
        if (part.ends)
            write_concern = or_default(claim.terms().write_concern_value, settings.write_concern);
        if (p.then.commits) {
            // https://github.com/mongodb/specifications/blob/master/source/transactions/transactions.md#majority-write-concern-is-used-when-retrying-committransaction
            auto second = write_concern;
            second.set("w", "majority");
            if (!second.contains("wtimeout"))
                second.set("wtimeout", 10'000);
            part.second_write_concern = encode(second);
            if (claim.repeats())
                write_concern = std::move(second);
        }
        what.mode = command_mode::write; // the primary
        what.read_preferences.reset();
        what.repeatable = what.numbered = false;
        what.plain = true;
        what.collect = false;
    } else {
        if (reads)
            read_concern = or_default(options.read_concern, settings.read_concern);
        else if (what.mode == command_mode::write)
            write_concern = or_default(options.write_concern, settings.write_concern);
    }
    if (auto const t = owner.operation_time(); t && owner.options().causal_consistency() && (in_transaction ? part.starts : reads))
        read_concern.set("afterClusterTime", *t);
    what.read_concern = encode_unless_empty(read_concern);
    what.write_concern = encode_unless_empty(write_concern);
}

plan make_plan(operation&& op, call_options const& options, mongo_settings const& settings, session_claim const& claim) {
    check_arguments(op);
    require(options.session == nullptr || dynamic_cast<mongo_session const*>(options.session.get()) != nullptr,
        "the session belongs to another store");
    require(options.session != nullptr || !(std::holds_alternative<commit_transaction_op>(op) || std::holds_alternative<abort_transaction_op>(op)),
        "there is no session, so no transaction to end");
    plan result;
    result.then.kind = op.index();
    result.then.name = name_of(op);
    result.then.collection = collection_of(op);
    result.then.is_write = is_write(op);

    auto& what = result.what;
    what.database = settings.database;
    what.read_preferences = make_read_preferences(options.read_preference);
    what.deadline = options.deadline;
    what.acknowledged = !result.then.is_write || is_acknowledged(options.write_concern, settings);
    what.plain = is_plain(op);
    std::visit(planner(result, settings, what.acknowledged, claim), op);
    if (what.mode != command_mode::write || std::holds_alternative<aggregate_op>(op))
        what.read_concern = encode_unless_empty(options.read_concern);
    if (what.mode != command_mode::read)
        what.write_concern = encode_unless_empty(options.write_concern);
    if (options.session)
        settle_session(result, options, settings, claim);
    result.then.bounded = what.bounded && what.deadline.has_value();
    return result;
}

} // namespace cormorant::detail
