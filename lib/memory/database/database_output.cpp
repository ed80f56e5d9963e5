#include "database.hpp"
#include "document_limits.hpp"

#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cormorant::memory {

namespace {

constexpr int illegal_operation = 20;
constexpr int not_in_transaction = 263;

using matched = pipeline_output::matched;
using not_matched = pipeline_output::not_matched;

/// Whether the values at these paths tell the documents of a collection apart, by a unique index.
bool tells_apart(collection const* c, std::vector<std::string> const& on, collator const* collation) {
    if (c == nullptr)
        return on.size() == 1 && on.front() == "_id";
    auto const names = [&](index_definition::part const& part) { return std::ranges::find(on, part.path) != on.end(); };
    return std::ranges::any_of(c->indexes(), [&](std::unique_ptr<index> const& each) {
        index_definition const& i = each->definition();
        bool const same_order = i.collation && collation ? *i.collation == *collation : !i.collation && !collation;
        return (i.unique || i.is_id()) && !i.partial_filter && same_order && i.parts.size() == on.size() &&
               std::ranges::all_of(i.parts, names);
    });
}

/// A filter for the document that has these values.
document same_values(document const& d, std::vector<std::string> const& on) {
    document filter;
    for (std::string const& path : on) {
        auto const* const v = get_path(d, path);
        if (v != nullptr && v->is_array())
            refuse(51185, fmt::format("$merge write error: 'on' field '{}' is an array", path));
        if (v == nullptr || v->is_null() || v->is_undefined())
            refuse(
                51132, fmt::format("$merge write error: 'on' field '{}' cannot be missing, null, undefined or an array", path));
        filter.set(path, doc("$eq", *v));
    }
    return filter;
}

} // namespace

void database::write_output(pipeline_output const& to, document_stream& from, query_options const& options) {
    if (who_ != nullptr)
        refuse(
            not_in_transaction, fmt::format("Operation not permitted in transaction :: caused by :: Aggregation stage {} cannot "
                                            "run within a multi-document transaction.",
                                    to.stage));
    if (!to.database.empty() && to.database != name())
        unsupported(fmt::format("the memory store does not write into another database: {} to {}", to.stage, to.database));
    if (to.replaces() && to.collection.find('$') != std::string::npos)
        refuse(illegal_operation, fmt::format("error with target namespace: Invalid collection name: {}", to.collection));
    check_collection_name(name(), to.collection, true);
    if (to.replaces())
        replace_collection(to.collection, from, options);
    else
        merge(to, from, options);
}

void database::replace_collection(std::string const& name, document_stream& from, query_options const& options) {
    std::vector<document> prepared;
    while (auto d = from.next())
        prepared.push_back(prepare_for_insert(take(std::move(d))));

    // Destroyed when the lock has been given back.
    entry_map::node_type replaced;
    writing const lock(*this, name);
    auto const* const existing = writable(name);
    collection made(ns_of(name), existing == nullptr ? document() : existing->options());
    if (existing != nullptr) {
        for (auto const& i : existing->indexes()) {
            if (!i->definition().is_id())
                made.create_index(i->definition());
        }
    }
    for (document& d : prepared)
        made.insert(std::move(d), validation_of(options.bypasses_validation));
    // Nothing has been refused: from here on the collection is another one, for journals too.
    if (existing != nullptr) {
        replaced = entries().extract(name);
        all_->time.redefined({effect::kind::drop, name, nullptr});
    }
    auto& c = std::get<collection>(entries().emplace(name, std::move(made)).first->second);
    all_->time.created(name, c.options());
    c.record_to(all_->time);
}

void database::merge(pipeline_output const& to, document_stream& from, query_options const& options) {
    std::vector<std::string> const on = to.on.empty() ? std::vector<std::string>(1, "_id") : to.on;
    auto const require_index = [&] {
        if (!tells_apart(writable(to.collection), on, options.collation.get()))
            refuse(51183, "Cannot find index to verify that join fields will be unique");
    };
    {
        access const lock(*this, to.collection);
        require_index();
    }
    struct one {
        document doc;
        document filter;
    };
    std::vector<one> all;
    while (auto next = from.next()) {
        one& made = all.emplace_back(one{take(std::move(next)), {}});
        if (!made.doc.contains("_id") && std::ranges::find(on, "_id") != on.end())
            made.doc.prepend("_id", object_id::generate());
        made.filter = same_values(made.doc, on);
    }

    writing const lock(*this, to.collection);
    require_index(); // it may have gone meanwhile
    // As the server's unordered writes: all are tried, and the first error is told of.
    std::optional<error> failed;
    std::int64_t written = 0;
    bool all_matched = true;
    for (one& each : all) {
        try {
            bool const found = merge_one(to, std::move(each.doc), each.filter, options);
            all_matched = all_matched && found;
            written += found || to.when_not_matched == not_matched::insert ? 1 : 0;
        } catch (error const& e) {
            if (!failed)
                failed = e;
        }
    }
    if (!failed && !all_matched && to.when_not_matched == not_matched::fail)
        failed =
            server_error(13113, "$merge could not find a matching document in the target collection for at least one document "
                                "in the source collection");
    if (!failed)
        return;
    failed->details().written = written;
    if (written != 0)
        failed->details().what_happened = outcome::applied;
    throw *failed;
}

bool database::merge_one(pipeline_output const& to, document d, document const& filter, query_options const& given) {
    auto const matches = matcher::compile(filter, given);
    std::optional<value> const no_hint;
    selection const same{filter, matches, nullptr, 0, 1, given.collation == nullptr, &no_hint};
    bool const inserts = to.when_not_matched == not_matched::insert;
    auto const update = [&](value change, query_options const& options, bool upsert) {
        return update_selected(to.collection, same, updater::compile(change, {}, options), upsert, options).matched_count != 0;
    };
    switch (to.when_matched) {
    case matched::replace:
        return update(std::move(d), given, inserts);
    case matched::merge:
        return update(doc("$set", std::move(d)), given, inserts);
    case matched::keep_existing:
        return update(doc("$setOnInsert", std::move(d)), given, inserts);
    case matched::fail:
        inserted(writable_or_new(to.collection), std::move(d), given);
        return false;
    case matched::update: {
        query_options options = given;
        options.let.merge(to.variables(d));
        if (update(to.update, options, false))
            return true;
        if (inserts)
            inserted(writable_or_new(to.collection), std::move(d), given);
        return false;
    }
    }
    return false;
}

} // namespace cormorant::memory
