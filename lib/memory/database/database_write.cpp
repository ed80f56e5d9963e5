#include "database.hpp"
#include "document_limits.hpp"
#include "memory/projection/projector.hpp"
#include "memory/value/server_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace cormorant::memory {

namespace {

constexpr int query_feature_not_allowed = 224;

/// Says in the diagnostics how much of a write was done before its error.
template <class F>
void count_written(std::int64_t const& written, F&& f) {
    try {
        f();
    } catch (error& e) {
        e.details().written = written;
        if (written != 0)
            e.details().what_happened = outcome::applied;
        throw;
    }
}

/// What became of each document of an insert that failed.
std::vector<document_outcome> outcomes_of(std::size_t count, bool ordered, std::map<std::size_t, error> const& errors) {
    std::vector<document_outcome> result(count);
    for (std::size_t i = 0; i != result.size(); ++i) {
        auto& one = result[i];
        one.position = i;
        auto const failed = errors.find(i);
        // Of an ordered insert one document fails: those after it have not been tried.
        if (failed != errors.end() && (!ordered || failed == errors.begin())) {
            one.code = static_cast<errc>(failed->second.code().value());
            one.server_code = failed->second.details().server_code;
            one.message = failed->second.message();
        } else if (!ordered || i < errors.begin()->first)
            one.what_happened = outcome::applied;
    }
    return result;
}

/// An upsert has to know from the filter what to insert.
void check_upsert(bool upsert, matcher const& filter) {
    if (upsert && filter.uses_expr())
        refuse(query_feature_not_allowed, "$expr is not allowed in the query predicate for an upsert");
}

} // namespace

insert_result database::insert(insert_op op) {
    check_collection_name(name(), op.collection, true);
    check_extra(op.extra, op.name, {"bypassDocumentValidation"});
    insert_result result;
    // By the position of the document, as the server reports them.
    std::map<std::size_t, error> errors;
    auto const attempt = [&](std::size_t i, auto&& f) {
        try {
            f();
            return true;
        } catch (error const& e) {
            errors.emplace(i, e);
            return false;
        }
    };

    // The copies are made before the lock is taken.
    documents docs = std::move(op.docs).take();
    std::vector<std::optional<document>> prepared;
    for (std::size_t i = 0; i != docs.size(); ++i) {
        prepared.emplace_back();
        if (!attempt(i, [&] { prepared[i] = prepare_for_insert(std::move(docs[i])); }) && op.ordered)
            break;
    }
    auto const validation = validation_of(bypasses_validation(op.extra));
    {
        writing const lock(*this, op.collection);
        auto& c = writable_or_new(op.collection);
        for (std::size_t i = 0; i != prepared.size(); ++i) {
            if (!prepared[i])
                continue;
            result.inserted_ids.push_back(prepared[i]->begin()->value());
            if (attempt(i, [&] { c.insert(std::move(*prepared[i]), validation); }))
                ++result.inserted_count;
            else if (op.ordered)
                break;
        }
    }
    if (!errors.empty()) {
        error first = errors.begin()->second;
        first.details().written = result.inserted_count;
        if (result.inserted_count != 0)
            first.details().what_happened = outcome::applied;
        if (docs.size() > 1)
            first.details().documents = outcomes_of(docs.size(), op.ordered, errors);
        throw first;
    }
    return result;
}

document database::inserted(collection& c, document doc, query_options const& options) {
    auto prepared = prepare_for_insert(std::move(doc));
    return *c.insert(std::move(prepared), validation_of(options.bypasses_validation))->doc;
}

update_result database::update(update_op const& op) {
    check_collection_name(name(), op.collection, true);
    check_extra(op.extra, op.name, {"bypassDocumentValidation", "let"});
    auto const options = options_for(op.collection, op.collation, op.extra);
    auto const matches = matcher::compile(op.filter, options);
    check_upsert(op.upsert, matches);
    auto const change = updater::compile(op.update, op.array_filters, options);
    if (op.multi && change.is_replacement())
        refuse(code::failed_to_parse, "multi update is not supported for replacement-style update");

    writing const lock(*this, op.collection);
    return update_selected(op.collection,
        {op.filter, matches, nullptr, 0, op.multi ? 0 : 1, options.collation == nullptr, &op.hint}, change, op.upsert, options);
}

update_result database::update_selected(
    std::string const& collection, selection const& which, updater const& change, bool upsert, query_options const& options) {
    update_result result;
    if (auto* c = writable(collection)) {
        auto const found = select(*c, which);
        count_written(result.modified_count, [&] {
            for (record_handle const at : found.records) {
                document changed(*at->doc);
                std::optional<std::size_t> position;
                if (change.needs_position())
                    which.matches.matches(*at->doc, position);
                if (change.apply(changed, position)) {
                    check_updated(changed);
                    c->replace(at, std::move(changed), validation_of(options.bypasses_validation));
                    ++result.modified_count;
                }
                ++result.matched_count;
            }
        });
    }
    if (result.matched_count == 0 && upsert) {
        auto const made = inserted(writable_or_new(collection), change.upsert(which.matches), options);
        result.upserted_count = 1;
        result.upserted_id = made.begin()->value();
    }
    return result;
}

remove_result database::remove(remove_op const& op) {
    check_collection_name(name(), op.collection, true);
    check_extra(op.extra, op.name, {"let"});
    auto const options = options_for(op.collection, op.collation, op.extra);
    auto const matches = matcher::compile(op.filter, options);
    writing const lock(*this, op.collection);
    remove_result result;
    if (auto* c = writable(op.collection)) {
        auto const found =
            select(*c, {op.filter, matches, nullptr, 0, op.just_one ? 1 : 0, options.collation == nullptr, &op.hint});
        for (record_handle const at : found.records)
            c->erase(at);
        result.deleted_count = static_cast<std::int64_t>(found.records.size());
    }
    return result;
}

std::optional<document> database::find_and_modify(find_and_modify_op const& op) {
    check_collection_name(name(), op.collection, true);
    check_extra(op.extra, op.name, {"bypassDocumentValidation", "let", "hint"});
    if (op.remove) {
        if (op.upsert)
            refuse(code::failed_to_parse, "Cannot specify both upsert=true and remove=true ");
        if (op.return_new)
            refuse(code::failed_to_parse,
                "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document");
        if (!op.array_filters.empty())
            refuse(code::failed_to_parse, "Cannot specify arrayFilters and remove=true");
    }
    auto options = options_for(op.collection, op.collation, op.extra);
    auto const matches = matcher::compile(op.filter, options);
    options.text.scored = matches.text() != nullptr;
    check_upsert(op.upsert, matches);
    auto const order = sorter::compile(op.sort, options);
    auto const shape = projector::compile(op.projection, matches, options);
    auto const change = op.remove ? std::nullopt : std::optional(updater::compile(op.update, op.array_filters, options));
    auto const* hint_given = op.extra.find("hint");
    auto const hint = hint_given == nullptr ? std::nullopt : std::optional<value>(*hint_given);

    writing const lock(*this, op.collection);
    auto* c = writable(op.collection);
    auto const found =
        c == nullptr ? selected()
                     : select(*c, {op.filter, matches, &order, 0, order.empty() ? 1 : 0, options.collation == nullptr, &hint});
    if (found.records.empty()) {
        if (!op.upsert)
            return std::nullopt;
        auto const made = inserted(writable_or_new(op.collection), change->upsert(matches), options);
        return op.return_new ? std::optional(shape.apply(made)) : std::nullopt;
    }
    auto const document_of = [&](record_handle at) {
        document_ptr result = at->doc;
        if (auto const* const text = matches.text())
            result.set_text_score(text->score(*result));
        return result;
    };
    auto const at =
        found.complete ? found.records.front() : *std::ranges::min_element(found.records, [&](record_handle a, record_handle b) {
            return order.compare(order.key_of(document_of(a)), order.key_of(document_of(b))) < 0;
        });
    auto const before = document_of(at);
    if (op.remove) {
        c->erase(at);
        return shape.apply(*before, before.text_score());
    }
    document changed(*before);
    std::optional<std::size_t> position;
    if (change->needs_position())
        matches.matches(*before, position);
    if (change->apply(changed, position)) {
        check_updated(changed);
        c->replace(at, std::move(changed), validation_of(options.bypasses_validation));
    }
    return shape.apply(op.return_new ? *at->doc : *before, before.text_score());
}

} // namespace cormorant::memory
