#include "suite.hpp"

namespace cormorant::testing {
namespace {

/// A text index on `c`, whose name is `words`.
awaitable<void> index_words(store_fixture& f, std::string_view keys, std::string_view options) {
    auto settings = json(options);
    settings.set("name", "words");
    std::vector<index_model> models(1, index_of(json(keys), std::move(settings)));
    co_await f.run(indexes_of(std::move(models)));
}

document search_for(std::string_view words) {
    return doc("$text", doc("$search", words));
}

/// `[1, 2]`: the ids of what a filter finds, by id.
awaitable<std::string> ids_found(store_fixture& f, document filter) {
    find_op op = find_of(std::move(filter));
    op.projection = doc("_id", 1);
    op.sort = doc("_id", 1);
    array ids;
    for (document const& d : co_await f.all(std::move(op)))
        ids.push_back(d.at("_id"));
    co_return to_json(ids);
}

awaitable<std::string> scores_found(store_fixture& f, std::string_view words) {
    find_op op = find_of(search_for(words));
    op.projection = json(R"({"_id": 1, "s": {"$meta": "textScore"}})");
    op.sort = doc("_id", 1);
    array found;
    for (document const& d : co_await f.all(std::move(op))) {
        found.push_back(d.at("_id"));
        found.push_back(d.at("s"));
    }
    co_return to_json(found);
}

awaitable<int> code_of_find(store_fixture& f, document filter) {
    error const e = co_await f.refused(find_of(std::move(filter)));
    co_return e.details().server_code;
}

awaitable<int> code_of_insert(store_fixture& f, std::string_view text) {
    insert_op op;
    op.collection = "c";
    op.docs = json_documents(text);
    error const e = co_await f.refused(std::move(op));
    co_return e.details().server_code;
}

awaitable<void> a_search_needs_a_text_index(store_fixture& f) {
    EXPECT_EQ(co_await code_of_find(f, search_for("x")), 27);
    co_await f.insert("c", R"([{"_id": 1, "t": "x"}])");
    EXPECT_EQ(co_await code_of_find(f, search_for("x")), 27);
    aggregate_op op;
    op.collection = "c";
    op.pipeline.push_back(doc("$match", search_for("x")));
    error const e = co_await f.refused(std::move(op));
    EXPECT_EQ(e.details().server_code, 27);
}

awaitable<void> a_search_follows_what_is_written(store_fixture& f) {
    co_await index_words(f, R"({"t": "text"})", "{}");
    co_await f.insert("c", R"([{"_id": 1, "t": "red apple"}, {"_id": 2, "t": "green apple"}, {"_id": 3}])");
    EXPECT_EQ(co_await ids_found(f, search_for("apples")), "[1,2]");
    co_await f.run(update_of(doc("_id", 1), json(R"({"$set": {"t": "red cherry"}})")));
    co_await f.run(update_of(doc("_id", 3), json(R"({"$set": {"t": "apple"}})")));
    EXPECT_EQ(co_await ids_found(f, search_for("apples")), "[2,3]");
    co_await f.run(remove_of(doc("_id", 2)));
    EXPECT_EQ(co_await ids_found(f, search_for("apples")), "[3]");
    EXPECT_EQ(co_await ids_found(f, search_for("cherries")), "[1]");
}

awaitable<void> an_index_covers_documents_that_were_there(store_fixture& f) {
    co_await f.insert("c", R"([{"_id": 1, "t": "red apple"}, {"_id": 2, "t": "cherry"}])");
    co_await index_words(f, R"({"t": "text"})", "{}");
    EXPECT_EQ(co_await ids_found(f, search_for("apple")), "[1]");
    drop_index_op drop;
    drop.collection = "c";
    drop.index = "words";
    co_await f.run(std::move(drop));
    EXPECT_EQ(co_await code_of_find(f, search_for("apple")), 27);
}

awaitable<void> every_operation_takes_a_search(store_fixture& f) {
    co_await index_words(f, R"({"t": "text"})", "{}");
    co_await f.insert(
        "c", R"([{"_id": 1, "t": "red apple", "k": 1}, {"_id": 2, "t": "apple apple", "k": 2}, {"_id": 3, "t": "pear"}])");
    count_op count;
    count.collection = "c";
    count.filter = search_for("apple");
    EXPECT_EQ(co_await f.run(std::move(count)), 2);
    distinct_op distinct;
    distinct.collection = "c";
    distinct.key = "k";
    distinct.filter = search_for("apple");
    EXPECT_EQ(to_json(co_await f.run(std::move(distinct))), "[1,2]");
    find_and_modify_op modify;
    modify.collection = "c";
    modify.filter = search_for("apple");
    modify.sort = json(R"({"s": {"$meta": "textScore"}})");
    modify.projection = json(R"({"_id": 1, "t": 1, "s": {"$meta": "textScore"}})");
    modify.update = json(R"({"$set": {"t": "plum"}})");
    modify.return_new = true;
    auto const modified = co_await f.run(std::move(modify));
    EXPECT_TRUE(modified.has_value());
    if (modified) {
        EXPECT_EQ(text_of(*modified), text_of(json(R"({"_id": 2, "t": "plum", "s": 1.5})")));
    }
    auto update = update_of(search_for("apple plum"), json(R"({"$set": {"found": true}})"));
    update.multi = true;
    update_result const updated = co_await f.run(std::move(update));
    EXPECT_EQ(updated.modified_count, 2);
    remove_result const removed = co_await f.run(remove_of(search_for("plum")));
    EXPECT_EQ(removed.deleted_count, 1);
    auto upsert = update_of(search_for("zebra"), json(R"({"$set": {"_id": 9}})"));
    upsert.upsert = true;
    update_result const upserted = co_await f.run(std::move(upsert));
    EXPECT_EQ(upserted.upserted_count, 1);
    EXPECT_EQ(co_await ids_found(f, document()), "[1,3,9]");
}

awaitable<void> a_wildcard_covers_every_text(store_fixture& f) {
    co_await index_words(f, R"({"$**": "text"})", R"({"weights": {"a.b": 5}})");
    co_await f.insert("c", R"([{"_id": 1, "a": {"b": "fox", "c": "fox"}}, {"_id": 2, "x": [{"y": "fox cat"}, ["fox"]]},
        {"_id": 3, "l": {"language": "french", "m": "les maisons"}},
        {"_id": 4, "language": "french", "q": "maisons", "r": {"language": "english", "z": "foxes"}}, {"_id": "fox"}])");
    EXPECT_EQ(co_await scores_found(f, "foxes"), R"([1,6.6,2,1.85,4,1.0,"fox",1.1])");
    EXPECT_EQ(co_await scores_found(f, "french english"), "[]");
    auto const french = json(R"({"$text": {"$search": "maison", "$language": "french"}})");
    EXPECT_EQ(co_await ids_found(f, french), "[3,4]");
}

awaitable<void> paths_lead_through_documents_and_arrays(store_fixture& f) {
    co_await index_words(f, R"({"a.b": "text", "a": "text"})", "{}");
    co_await f.insert("c", R"([{"_id": 1, "a": {"b": "fox"}}, {"_id": 2, "a": "fox"},
        {"_id": 3, "a": [{"b": "fox"}, {"b": ["cat", "fox"]}, "fox", ["fox"], {"c": "fox", "language": "none"},
            {"b": "foxes", "language": "none"}]}])");
    EXPECT_EQ(co_await scores_found(f, "fox"), "[1,1.1,2,1.1,3,3.3000000000000003]");
}

awaitable<void> the_language_of_a_document_must_be_known(store_fixture& f) {
    co_await index_words(f, R"({"t": "text"})", "{}");
    EXPECT_EQ(co_await code_of_insert(f, R"([{"_id": 1, "t": "x", "language": "klingon"}])"), 17262);
    EXPECT_EQ(co_await code_of_insert(f, R"([{"_id": 1, "t": "x", "language": 5}])"), 17261);
    co_await f.insert("c", R"([{"_id": 1, "sub": {"language": "klingon"}}])");
    EXPECT_EQ(co_await ids_found(f, document()), "[1]");
}

awaitable<void> a_field_can_have_the_role_of_the_language(store_fixture& f) {
    co_await index_words(f, R"({"t": "text"})", R"({"default_language": "french", "language_override": "lang"})");
    co_await f.insert("c", R"([{"_id": 1, "t": "les maisons", "language": "klingon"}, {"_id": 2, "t": "houses", "lang": "en"}])");
    EXPECT_EQ(co_await ids_found(f, search_for("maison")), "[1]");
    auto const english = json(R"({"$text": {"$search": "house", "$language": "en"}})");
    EXPECT_EQ(co_await ids_found(f, english), "[2]");
}

awaitable<void> fields_before_the_text_are_bound(store_fixture& f) {
    co_await index_words(f, R"({"p": 1, "t": "text", "s": 1})", "{}");
    co_await f.insert("c", R"([{"_id": 1, "p": 1, "t": "fox"}, {"_id": 2, "p": 2, "t": "fox"}])");
    EXPECT_EQ(co_await code_of_find(f, search_for("fox")), 291);
    auto ranged = search_for("fox");
    ranged.set("p", doc("$gt", 0));
    EXPECT_EQ(co_await code_of_find(f, ranged), 291);
    auto bound = search_for("fox");
    bound.set("p", 1);
    EXPECT_EQ(co_await ids_found(f, bound), "[1]");
    EXPECT_EQ(co_await code_of_insert(f, R"([{"_id": 3, "p": [1, 2], "t": "cat"}])"), 201);
    EXPECT_EQ(co_await code_of_insert(f, R"([{"_id": 3, "s": [1, 2], "t": "cat"}])"), 201);
}

awaitable<void> a_search_has_no_hint(store_fixture& f) {
    co_await index_words(f, R"({"t": "text"})", "{}");
    find_op op = find_of(search_for("x"));
    op.hint = value("words");
    error const e = co_await f.refused(std::move(op));
    EXPECT_EQ(e.details().server_code, 2);
}

awaitable<void> a_search_is_no_condition_on_elements(store_fixture& f) {
    co_await index_words(f, R"({"t": "text"})", "{}");
    co_await f.insert("c", R"([{"_id": 1, "a": [{"t": "x"}]}])");
    error const pull = co_await f.refused(update_of(document(), json(R"({"$pull": {"a": {"$text": {"$search": "x"}}}})")));
    EXPECT_EQ(pull.details().server_code, 2);
}

constexpr store_case cases[] = {
    {"a_search_needs_a_text_index", a_search_needs_a_text_index},
    {"a_search_follows_what_is_written", a_search_follows_what_is_written},
    {"an_index_covers_documents_that_were_there", an_index_covers_documents_that_were_there},
    {"every_operation_takes_a_search", every_operation_takes_a_search},
    {"a_wildcard_covers_every_text", a_wildcard_covers_every_text},
    {"paths_lead_through_documents_and_arrays", paths_lead_through_documents_and_arrays},
    {"the_language_of_a_document_must_be_known", the_language_of_a_document_must_be_known},
    {"a_field_can_have_the_role_of_the_language", a_field_can_have_the_role_of_the_language},
    {"fields_before_the_text_are_bound", fields_before_the_text_are_bound},
    {"a_search_has_no_hint", a_search_has_no_hint},
    {"a_search_is_no_condition_on_elements", a_search_is_no_condition_on_elements},
};

} // namespace

std::span<store_case const> text_cases() {
    return cases;
}

} // namespace cormorant::testing
