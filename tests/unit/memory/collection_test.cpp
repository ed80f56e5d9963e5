#include "memory/database/collection.hpp"
#include "memory/database/document_limits.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>

#include <gtest/gtest.h>

namespace cormorant::memory {
namespace {

class collection_test : public ::testing::Test {
protected:
    record_handle add(std::string_view json) { return c_.insert(parse_json_document(json)); }

    bool create(std::string_view keys, std::string_view options = "{}") {
        return c_.create_index(index_definition::compile(index_model{parse_json_document(keys), parse_json_document(options)}));
    }

    std::string scan(access_plan const& plan) const {
        std::string result;
        c_.scan(plan, [&](record_handle at) {
            result += to_json(at->id());
            return true;
        });
        return result;
    }

    std::string found(std::string_view filter) const {
        auto const f = parse_json_document(filter);
        auto const matches = matcher::compile(f);
        return scan(c_.plan({f, matches.constraints()}));
    }

    int code_of(auto&& f) const {
        try {
            f();
        } catch (error const& e) {
            return e.details().server_code;
        }
        return 0;
    }

    collection c_{"db.c"};
};

TEST_F(collection_test, keeps_the_natural_order) {
    add(R"({"_id": 3})");
    auto const second = add(R"({"_id": 1})");
    add(R"({"_id": 2})");
    EXPECT_EQ(scan(access_plan()), "312");
    c_.replace(second, parse_json_document(R"({"_id": 1, "a": 1})"));
    EXPECT_EQ(scan(access_plan()), "312");
    c_.erase(second);
    EXPECT_EQ(scan(access_plan()), "32");
    add(R"({"_id": 1})");
    EXPECT_EQ(scan(access_plan()), "321");
    access_plan backward;
    backward.backward = true;
    EXPECT_EQ(scan(backward), "123");
}

TEST_F(collection_test, finds_ids_by_value) {
    add(R"({"_id": 1})");
    add(R"({"_id": {"a": 1}})");
    add(R"({"_id": null})");
    EXPECT_TRUE(c_.find_id(value(1.0)));
    EXPECT_TRUE(c_.find_id(value(doc("a", 1.0))));
    EXPECT_TRUE(c_.find_id(value()));
    EXPECT_FALSE(c_.find_id(value("1")));
}

TEST_F(collection_test, documents_in_hand_stay_as_they_were) {
    auto const at = add(R"({"_id": 1, "a": 1})");
    auto const held = at->doc;
    c_.replace(at, parse_json_document(R"({"_id": 1, "a": 2})"));
    EXPECT_EQ(held->at("a"), value(1));
    EXPECT_EQ(at->doc->at("a"), value(2));
    c_.erase(at);
    EXPECT_EQ(held->at("a"), value(1));
}

TEST_F(collection_test, a_refused_insert_changes_nothing) {
    create(R"({"a": 1})", R"({"unique": true})");
    create(R"({"b": 1, "c": 1})");
    add(R"({"_id": 1, "a": 1})");
    EXPECT_EQ(code_of([&] { add(R"({"_id": 2, "a": 1})"); }), 11000);
    EXPECT_EQ(code_of([&] { add(R"({"_id": 2, "a": 2, "b": [], "c": []})"); }), 171);
    EXPECT_EQ(code_of([&] { add(R"({"_id": 1, "a": 2})"); }), 11000);
    EXPECT_EQ(c_.size(), 1u);
    for (auto const& i : c_.indexes())
        EXPECT_EQ(i->size(), 1u) << i->definition().name;
    add(R"({"_id": 2, "a": 2})");
}

TEST_F(collection_test, a_refused_change_changes_nothing) {
    create(R"({"z": 1})");
    create(R"({"a": 1})", R"({"unique": true})");
    add(R"({"_id": 1, "a": 1, "z": 1})");
    auto const at = add(R"({"_id": 2, "a": 2, "z": 2})");
    EXPECT_EQ(code_of([&] { c_.replace(at, parse_json_document(R"({"_id": 2, "a": 1, "z": 3})")); }), 11000);
    EXPECT_EQ(found(R"({"z": 2})"), "2");
    EXPECT_EQ(found(R"({"z": 3})"), "");
}

TEST_F(collection_test, indexes_follow_changes) {
    create(R"({"a": 1})");
    auto const at = add(R"({"_id": 1, "a": [1, 2]})");
    EXPECT_EQ(found(R"({"a": 2})"), "1");
    c_.replace(at, parse_json_document(R"({"_id": 1, "a": 3})"));
    EXPECT_EQ(found(R"({"a": 2})"), "");
    EXPECT_EQ(found(R"({"a": 3})"), "1");
    c_.erase(at);
    EXPECT_EQ(found(R"({"a": 3})"), "");
}

TEST_F(collection_test, a_new_index_holds_what_is_there) {
    add(R"({"_id": 1, "a": 1})");
    add(R"({"_id": 2, "a": 2})");
    EXPECT_TRUE(create(R"({"a": 1})"));
    EXPECT_FALSE(create(R"({"a": 1})"));
    EXPECT_EQ(found(R"({"a": 2})"), "2");
}

TEST_F(collection_test, a_document_with_several_keys_in_the_ranges_comes_once) {
    create(R"({"a": 1})");
    add(R"({"_id": 1, "a": [1, 2, 3]})");
    add(R"({"_id": 2, "a": 2})");
    EXPECT_EQ(found(R"({"a": {"$gte": 1}})"), "12");
    EXPECT_EQ(found(R"({"a": {"$in": [1, 2, 3]}})"), "12");
}

TEST_F(collection_test, only_what_the_index_says_is_looked_at) {
    create(R"({"a": 1})");
    for (int i = 0; i < 100; ++i)
        c_.insert(doc("_id", i, "a", i % 10));
    EXPECT_EQ(found(R"({"a": 3})").size(), 19u) << "3, 13, ... 93";
    EXPECT_EQ(found(R"({"_id": 7})"), "7");
    EXPECT_EQ(found(R"({"_id": {"$in": [7, 3, 1000]}})"), "37");
}

TEST_F(collection_test, a_validator_guards_documents) {
    collection strict("db.c", doc("validator", doc("a", doc("$gt", 5))));
    EXPECT_EQ(code_of([&] { strict.insert(doc("_id", 1, "a", 1)); }), 121);
    auto const at = strict.insert(doc("_id", 1, "a", 6));
    EXPECT_EQ(code_of([&] { strict.replace(at, doc("_id", 1)); }), 121);
    EXPECT_EQ(strict.size(), 1u);
    collection lenient("db.c", doc("validator", doc("a", 1), "validationAction", "warn"));
    lenient.insert(doc("_id", 1));
}

TEST(document_limits_test, measures_as_bson_does) {
    auto const d = parse_json_document(
        R"x({"_id": {"$oid": "5f0000000000000000000001"}, "double": 1.5, "string": "Zo\u00eb", "document": {"a": {"b": {}}},
        "array": [1, [2, 2], 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], "binary": {"$binary": {"base64": "AAEC", "subType": "05"}}, "true": true,
        "date": {"$date": {"$numberLong": "1"}}, "null": null, "regex": {"$regularExpression": {"pattern": "^a", "options": "i"}}, "int": 7,
        "long": {"$numberLong": "7"}, "timestamp": {"$timestamp": {"t": 1, "i": 2}}, "decimal": {"$numberDecimal": "1.10"}, "min": {"$minKey": 1},
        "max": {"$maxKey": 1}, "code": {"$code": "f"}, "scoped": {"$code": "f", "$scope": {"x": 1}}, "symbol": {"$symbol": "s"},
        "undefined": {"$undefined": true}, "pointer": {"$dbPointer": {"$ref": "r", "$id": {"$oid": "5f0000000000000000000001"}}}})x");
    EXPECT_EQ(measure(d).bytes, encode(d).size());
    EXPECT_EQ(measure(d).depth, 3) << "{a: {b: {}}}";
    EXPECT_EQ(measure(document()).depth, 0);
}

TEST(document_limits_test, a_document_may_be_as_large_as_the_server_allows) {
    std::string const text(max_bson_size - 29, 'x');
    auto const fitting = doc("_id", 1, "a", text); // 5 + 9 + 3 + 5 + n + ...
    auto const room = max_bson_size - measure(fitting).bytes;
    EXPECT_NO_THROW(prepare_for_insert(doc("_id", 1, "a", text + std::string(room, 'x'))));
    EXPECT_THROW(prepare_for_insert(doc("_id", 1, "a", text + std::string(room + 1, 'x'))), error);
}

TEST(document_limits_test, the_id_comes_first) {
    EXPECT_EQ(to_json(prepare_for_insert(doc("a", 1, "_id", 2))), R"({"_id":2,"a":1})");
    auto const generated = prepare_for_insert(doc("a", 1));
    EXPECT_EQ(generated.begin()->key(), "_id");
    EXPECT_TRUE(generated.begin()->value().is_object_id());
}

} // namespace
} // namespace cormorant::memory
