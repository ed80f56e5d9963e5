#include "suite.hpp"

namespace cormorant::testing {
namespace {

constexpr projection_row rows_of_projection[] = {
    {"inclusion", R"({"_id": 1})", R"({"name": 1, "age": 1})", R"([{"_id": 1, "name": "Ann", "age": 30}])", 0},
    {"inclusion_without_id", R"({"_id": 1})", R"({"_id": 0, "name": 1})", R"([{"name": "Ann"}])", 0},
    {"exclusion", R"({"_id": 1})", R"({"scores": 0, "tags": 0, "address": 0, "joined": 0})",
        R"([{"_id": 1, "name": "Ann", "age": 30}])", 0},
    {"nested_inclusion", R"({"_id": {"$in": [1, 3, 5]}})", R"({"address.city": 1})",
        R"([{"_id": 1, "address": {"city": "Rome"}}, {"_id": 3}, {"_id": 5, "address": [{"city": "Oslo"}, {"city": "Rome"}]}])",
        0},
    {"nested_exclusion", R"({"_id": {"$in": [1, 5]}})", R"({"address.city": 0, "scores": 0, "tags": 0, "joined": 0})",
        R"([{"_id": 1, "name": "Ann", "age": 30, "address": {"zip": 10}}, {"_id": 5, "name": "Eve", "age": {"$numberDecimal": "30"}, "address": [{"zip": 1}, {"zip": 2}]}])",
        0},
    {"nested_document_form", R"({"_id": {"$in": [1, 5]}})", R"({"address": {"city": 1}})",
        R"([{"_id": 1, "address": {"city": "Rome"}}, {"_id": 5, "address": [{"city": "Oslo"}, {"city": "Rome"}]}])", 0},
    {"keeps_order_of_document", R"({"_id": 1})", R"({"age": 1, "name": 1})", R"([{"_id": 1, "name": "Ann", "age": 30}])", 0},
    {"slice_first", R"({"_id": {"$in": [1, 9]}})", R"({"tags": {"$slice": 1}, "scores": 0, "address": 0, "joined": 0})",
        R"([{"_id": 1, "name": "Ann", "age": 30, "tags": ["a"]}, {"_id": 9, "name": "", "age": 0, "tags": ["x"], "ts": {"$timestamp": {"t": 5, "i": 1}}, "n": {"a": {"b": [1, {"c": 2}]}}}])",
        0},
    {"slice_last", R"({"_id": 1})", R"({"_id": 1, "tags": {"$slice": -1}})", R"([{"_id": 1, "tags": ["b"]}])", 0},
    {"slice_skip_limit", R"({"_id": 9})", R"({"tags": {"$slice": [1, 1]}, "_id": 1})", R"([{"_id": 9, "tags": ["y"]}])", 0},
    {"elem_match", R"({"_id": {"$in": [1, 2, 5]}})", R"({"scores": {"$elemMatch": {"k": "x"}}})",
        R"([{"_id": 1, "scores": [{"k": "x", "v": 1}]}, {"_id": 2}, {"_id": 5, "scores": [{"k": "x", "v": 9}]}])", 0},
    {"positional", R"({"scores.v": {"$gt": 4}})", R"({"scores.$": 1})",
        R"([{"_id": 1, "scores": [{"k": "y", "v": 5}]}, {"_id": 3, "scores": [{"k": "x", "v": 7}]}, {"_id": 5, "scores": [{"k": "x", "v": 9}]}])",
        0},
    {"positional_scalar", R"({"tags": "b", "_id": 1})", R"({"tags.$": 1})", R"([{"_id": 1, "tags": ["b"]}])", 0},
    {"expression", R"({"_id": {"$lte": 2}})", R"({"upper": {"$toUpper": "$name"}})",
        R"([{"_id": 1, "upper": "ANN"}, {"_id": 2, "upper": "BOB"}])", 0},
    {"literal_string_is_a_field", R"({"_id": 1})", R"({"x": "$age"})", R"([{"_id": 1, "x": 30}])", 0},
    {"truthy_numbers_include", R"({"_id": 1})", R"({"name": 5.0})", R"([{"_id": 1, "name": "Ann"}])", 0},
    {"boolean", R"({"_id": 1})", R"({"name": true, "_id": false})", R"([{"name": "Ann"}])", 0},
    {"inclusion_through_array", R"({"_id": 1})", R"({"scores.k": 1})", R"([{"_id": 1, "scores": [{"k": "x"}, {"k": "y"}]}])", 0},
    {"missing_field", R"({"_id": 1})", R"({"nothing": 1})", R"([{"_id": 1}])", 0},
    {"mix_is_refused", R"({})", R"({"name": 1, "age": 0})", "", 31254},
    {"positional_without_match_is_refused", R"({"_id": 1})", R"({"tags.$": 1})", "", 51246},
    {"path_collision_is_refused", R"({})", R"({"address": 1, "address.city": 1})", "", 31249},
    {"unknown_operator_is_refused", R"({})", R"({"a": {"$foo": 1}})", "", 31325},
};

} // namespace

std::span<projection_row const> projection_rows() {
    return rows_of_projection;
}

} // namespace cormorant::testing
