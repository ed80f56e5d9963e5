#include "model/calls.hpp"
#include "model/guard.hpp"
#include "model/store_options.hpp"

#include <fmt/format.h>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

prepare_options prepare_with(bool strip_empty) {
    prepare_options how;
    how.strip_empty = strip_empty;
    return how;
}

} // namespace

// --- insert ----------------------------------------------------------------------------------------------------------

void insert_call::prepare(call_frame&) {
    if (docs.empty())
        throw error(errc::invalid_argument, "there is no document to insert");
}

std::size_t insert_call::calls(hook_type type) const noexcept {
    return type == hook_type::before_put || type == hook_type::after_put ? docs.size() : 1;
}

hook_args& insert_call::bind(argument_types& to, hook_type type, call_frame& frame, std::size_t position) {
    switch (type) {
    case hook_type::before_insert:
        return to.emplace<before_insert_args>(frame.self(), docs, options);
    case hook_type::after_insert:
        return to.emplace<after_insert_args>(frame.self(), docs, options, result);
    case hook_type::before_write:
        return to.emplace<write_args>(kind, frame.self(), docs, options);
    default:
        return to.emplace<put_args>(type, kind, frame.self(), docs[position], options);
    }
}

preparation insert_call::complete(call_frame& frame) {
    if (docs.empty())
        throw error(errc::invalid_argument, "the hooks left no document to insert");
    return preparation(frame.schema(), docs, prepare_with(options.strip_empty_value));
}

insert_op insert_call::request(call_frame& frame) {
    guard_extent(frame, docs);
    insert_op op;
    op.collection = frame.collection();
    op.ordered = options.ordered_value;
    take_store_options(op, options.options_value);
    // What is sent comes back with the answer.
    sent = shared_documents(std::move(docs));
    op.docs = sent;
    return op;
}

asio::awaitable<void> insert_call::execute(call_frame& frame) {
    key_name = frame.schema().key();
    return send_request(frame, *this);
}

void insert_call::accept(insert_result r) {
    result = std::move(r);
    docs = std::move(sent).take();
    for (std::size_t i = 0; i < docs.size() && i < result.inserted_ids.size(); ++i) {
        if (!docs[i].contains(key_name))
            docs[i].prepend(key_name, result.inserted_ids[i]);
    }
}

void insert_call::shape(call_frame& frame) {
    if (frame.translation() == nullptr)
        return;
    for (document& d : docs)
        frame.translation()->show(d);
}

void insert_call::give(document& answer) {
    if (docs.empty())
        throw error(errc::not_found, "the hooks left no document to answer");
    answer = std::move(docs.front());
}

void insert_call::give(inserted_documents& answer) {
    answer.docs = std::move(docs);
    answer.result = std::move(result);
}

// --- save ------------------------------------------------------------------------------------------------------------

void save_call::prepare(call_frame&) {
    options.options_value.set("upsert", true);
}

hook_args& save_call::bind(argument_types& to, hook_type type, call_frame& frame, std::size_t) {
    switch (type) {
    case hook_type::before_save:
        return to.emplace<before_save_args>(frame.self(), doc, options);
    case hook_type::after_save:
        return to.emplace<after_save_args>(frame.self(), doc, options, result);
    case hook_type::before_write:
        return to.emplace<write_args>(kind, frame.self(), std::span(&doc, 1), options);
    default:
        return to.emplace<put_args>(type, kind, frame.self(), doc, options);
    }
}

preparation save_call::complete(call_frame& frame) {
    return preparation(frame.schema(), std::span(&doc, 1), prepare_with(options.strip_empty_value));
}

std::variant<insert_op, update_op> save_call::request(call_frame& frame) {
    guard_extent(frame, std::span(&doc, 1));
    value const* const id = doc.find(frame.schema().key());
    if (id == nullptr) { // a definition with a key of its own, without default: the store makes one
        insert_op op;
        op.collection = frame.collection();
        for (auto const& [key, v] : options.options_value) {
            if (key != "upsert")
                take_store_option(op, key, v);
        }
        op.docs.push_back(doc);
        return op;
    }
    update_op op;
    op.collection = frame.collection();
    take_store_options(op, options.options_value);
    op.filter.set(frame.schema().key(), *id);
    op.update = doc;
    return op;
}

asio::awaitable<void> save_call::execute(call_frame& frame) {
    key_name = frame.schema().key();
    return std::visit([&](auto op) { return exchange(frame, options, made(std::move(op)), *this); }, request(frame));
}

void save_call::suppose_completed(call_frame& frame) {
    std::string const& key = frame.schema().key();
    auto const* const id = frame.schema().field(key);
    if (id != nullptr && id->has_default() && !doc.contains(key))
        doc.set(key, value());
}

void save_call::accept(insert_result r) {
    result.upserted_count = r.inserted_count;
    if (!r.inserted_ids.empty()) {
        result.upserted_id = r.inserted_ids[0];
        doc.prepend(key_name, r.inserted_ids[0]);
    }
}

void save_call::shape(call_frame& frame) {
    if (frame.translation() != nullptr)
        frame.translation()->show(doc);
}

void save_call::give(saved_document& answer) {
    answer.doc = std::move(doc);
    answer.result = std::move(result);
}

// --- update ----------------------------------------------------------------------------------------------------------

void update_call::prepare(call_frame& frame) {
    refuse_everything(frame, filter, everything);
    if (answers_document && options.multi_value)
        throw error(errc::invalid_argument, "find_and_update changes one document: it has no multi");
}

hook_args& update_call::bind(argument_types& to, hook_type type, call_frame& frame, std::size_t) {
    switch (type) {
    case hook_type::before_update:
        return to.emplace<before_update_args>(frame.self(), filter, delta, options);
    case hook_type::before_filter:
        return to.emplace<filter_args>(kind, frame.self(), filter, options);
    case hook_type::before_write:
        return to.emplace<write_args>(frame.self(), filter, delta, options);
    default:
        return to.emplace<after_update_args>(frame.self(), filter, delta, options, result);
    }
}

preparation update_call::complete(call_frame& frame) {
    preparation data(frame.schema(), delta, prepare_with(options.strip_empty_value));
    form = data.form();
    return data;
}

std::variant<update_op, find_and_modify_op> update_call::request(call_frame& frame) {
    refuse_everything(frame, filter, everything);
    value const* const in_words_of_store = options.options_value.find("upsert");
    guard_paths(
        frame, filter, options.upsert_value || (in_words_of_store != nullptr && in_words_of_store->if_bool().value_or(true)));
    guard_update(frame, delta);
    auto const fill = [&](auto& op) {
        op.collection = frame.collection();
        op.upsert = options.upsert_value;
        op.array_filters = options.array_filters_value;
        op.collation = options.collation_value;
        if (options.hint_value)
            take_store_option(op, "hint", *options.hint_value);
        take_store_options(op, options.options_value);
        bool const needed = frame.runs(after);
        op.filter = needed ? document(filter) : std::move(filter);
        op.update = needed ? value(delta) : std::move(delta);
    };
    if (answers_document) {
        find_and_modify_op op;
        fill(op);
        op.return_new = true;
        return op;
    }
    update_op op;
    op.multi = options.multi_value;
    fill(op);
    if (form == update_kind::replacement)
        op.multi = false; // one document is replaced, whatever the caller says
    return op;
}

asio::awaitable<void> update_call::execute(call_frame& frame) {
    return std::visit([&](auto op) { return exchange(frame, options, made(std::move(op)), *this); }, request(frame));
}

void update_call::accept(std::optional<document> changed) {
    result.matched_count = result.modified_count = changed ? 1 : 0;
    doc = std::move(changed);
}

// --- remove ----------------------------------------------------------------------------------------------------------

hook_args& remove_call::bind(argument_types& to, hook_type type, call_frame& frame, std::size_t) {
    switch (type) {
    case hook_type::before_remove:
        return to.emplace<before_remove_args>(frame.self(), filter, options);
    case hook_type::before_filter:
        return to.emplace<filter_args>(kind, frame.self(), filter, options);
    default:
        return to.emplace<after_remove_args>(frame.self(), filter, options, result);
    }
}

void remove_call::prepare(call_frame& frame) {
    refuse_everything(frame, filter, everything);
}

remove_op remove_call::request(call_frame& frame) {
    refuse_everything(frame, filter, everything);
    guard_paths(frame, filter);
    remove_op op;
    op.collection = frame.collection();
    op.just_one = options.just_one_value;
    op.collation = options.collation_value;
    op.hint = options.hint_value;
    take_store_options(op, options.options_value);
    op.filter = frame.runs(after) ? document(filter) : std::move(filter);
    return op;
}

} // namespace cormorant::detail
