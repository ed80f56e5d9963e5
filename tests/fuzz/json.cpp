// Extended JSON, plain JSON and the JSON of requests.

#include "fuzz.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>
#include <cormorant/schema/untrusted.hpp>

using namespace cormorant;

namespace {

void read_extended(std::string_view text) {
    value parsed;
    try {
        parsed = parse_json(text);
    } catch (error const& e) {
        fuzz::require(e.code() == errc::bad_json, "text is refused as bad_json: " + e.report());
        return;
    }
    auto const canonical = to_json(parsed, json_mode::canonical);
    fuzz::require(
        to_json(parse_json(canonical), json_mode::canonical) == canonical, "canonical JSON keeps every value: " + canonical);
    to_json(parsed, json_mode::plain);
    auto const relaxed = to_json(parsed);
    parse_json(relaxed);
    shorten(parsed, 10);
    if (auto const* d = parsed.if_document()) {
        try {
            fuzz::require(decode_bson(encode(*d)).size() == d->size(), "JSON can be stored");
        } catch (error const& e) {
            fuzz::require(e.code() == errc::limit_exceeded || e.code() == errc::invalid_argument, e.report());
        }
    }
}

/// Numbers, texts, lists and objects, and nothing else: no type of BSON can be written in plain JSON.
void check_plain(value const& v) {
    if (auto const* d = v.if_document()) {
        for (auto const& member : *d)
            check_plain(member.value());
    } else if (auto const* a = v.if_array()) {
        for (value const& item : *a)
            check_plain(item);
    } else {
        fuzz::require(v.is_null() || v.is_bool() || v.is_string() || v.type() == bson_type::int32 ||
                          v.type() == bson_type::int64 || v.type() == bson_type::double_,
            "plain JSON has plain values");
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    auto const text = fuzz::text_of(data, size);
    read_extended(text);
    try {
        check_plain(parse_json(text, json_dialect::plain));
    } catch (error const& e) {
        fuzz::require(e.code() == errc::bad_json, e.report());
    }
    try {
        untrusted::parse_json(text);
    } catch (error const& e) {
        fuzz::require(e.code() == errc::bad_json || e.code() == errc::limit_exceeded, e.report());
    }
    return 0;
}
