#include "state.hpp"

#include <cormorant/schema/conversion.hpp>
#include <cormorant/schema/model_document.hpp>

namespace conformance::mongolayer {

using cormorant::documents;
using cormorant::model;

namespace {

value read_paths(model const& m, document& d, array const& paths, bool cast) {
    document result;
    auto seen = m.bind(d);
    for (auto const& element : paths) {
        auto const path = element.as_string();
        std::optional<value> found;
        if (cast) {
            found = seen.get(path);
        } else if (auto const* v = cormorant::get_path(d, path)) {
            found = *v;
        }
        if (found) {
            result.set(path, std::move(*found));
        }
    }
    return result;
}

} // namespace

value show_document(model const& m, document d, value const* show, bool cast) {
    if (show == nullptr) {
        return d;
    }
    if (auto const* form = show->if_document()) {
        require_keys(*form, "'show'", {"read"});
        return read_paths(m, d, form->at("read").as_array(), cast);
    }
    auto const form = show->as_string();
    if (form == "own") {
        return d;
    }
    if (form == "json") {
        return cast ? value(m.schema()->to_json(d)) : cormorant::json_form(std::move(d));
    }
    if (form == "plain") {
        return cast ? value(m.schema()->to_plain(d)) : value(std::move(d));
    }
    throw bad_case(fmt::format("this step cannot show its result as '{}'", form));
}

value show_documents(model const& m, documents docs, value const* show, bool cast) {
    array result;
    result.reserve(docs.size());
    for (auto& d : docs) {
        result.push_back(show_document(m, std::move(d), show, cast));
    }
    return result;
}

document show_result(cormorant::insert_result const& r) {
    return cormorant::doc("insertedCount", r.inserted_count, "insertedIds", r.inserted_ids);
}

document show_result(cormorant::update_result const& r) {
    return cormorant::doc("matchedCount", r.matched_count, "modifiedCount", r.modified_count, "upsertedCount", r.upserted_count,
        "upsertedId", r.upserted_id.value_or(value()));
}

document show_result(cormorant::remove_result const& r) {
    return cormorant::doc("deletedCount", r.deleted_count);
}

} // namespace conformance::mongolayer
