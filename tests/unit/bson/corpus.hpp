#pragma once

#include <ostream>
#include <string_view>

namespace cormorant::test {

/// One document in all its forms.
struct corpus_entry {
    std::string_view name;
    std::string_view bson; // hexadecimal
    std::string_view canonical;
    /// Empty when it is the same as the canonical one.
    std::string_view relaxed = {};
    std::string_view plain = {};

    friend std::ostream& operator<<(std::ostream& out, corpus_entry const& e) { return out << e.name; }
};

inline constexpr corpus_entry corpus[] = {
    {"empty document", "0500000000", R"({})", {}, R"({})"},
    {"empty key", "08000000 08 00 01 00", R"({"":true})", {}, R"({"":true})"},
    {"double 1.0", "10000000 01 6400 000000000000F03F 00", R"({"d":{"$numberDouble":"1.0"}})", R"({"d":1.0})", R"({"d":1})"},
    {"double -1.0001220703125", "10000000 01 6400 000000008000F0BF 00", R"({"d":{"$numberDouble":"-1.0001220703125"}})",
        R"({"d":-1.0001220703125})", R"({"d":-1.0001220703125})"},
    {"double 1e+22", "10000000 01 6400 92D54D06CFF08044 00", R"({"d":{"$numberDouble":"1e+22"}})", R"({"d":1e+22})",
        R"({"d":1e+22})"},
    {"double -0.0", "10000000 01 6400 0000000000000080 00", R"({"d":{"$numberDouble":"-0.0"}})", R"({"d":-0.0})", R"({"d":0})"},
    {"double NaN", "10000000 01 6400 000000000000F87F 00", R"({"d":{"$numberDouble":"NaN"}})", {}, R"({"d":null})"},
    {"double Infinity", "10000000 01 6400 000000000000F07F 00", R"({"d":{"$numberDouble":"Infinity"}})", {}, R"({"d":null})"},
    {"double -Infinity", "10000000 01 6400 000000000000F0FF 00", R"({"d":{"$numberDouble":"-Infinity"}})", {}, R"({"d":null})"},
    {"string empty", "0D000000 02 6100 01000000 00 00", R"({"a":""})", {}, R"({"a":""})"},
    {"string of one", "0E000000 02 6100 02000000 6200 00", R"({"a":"b"})", {}, R"({"a":"b"})"},
    {"string of two byte characters", "19000000 02 6100 0D000000 C3A9C3A9C3A9C3A9C3A9C3A9 00 00",
        "{\"a\":\"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\"}", {}, "{\"a\":\"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\"}"},
    {"string with NUL", "19000000 02 6100 0D000000 616200626162006261626162 00 00", R"({"a":"ab\u0000bab\u0000babab"})", {},
        R"({"a":"ab\u0000bab\u0000babab"})"},
    {"string with escapes", "14000000 02 6100 08000000 5C220A090D0801 00 00", R"({"a":"\\\"\n\t\r\b\u0001"})", {},
        R"({"a":"\\\"\n\t\r\b\u0001"})"},
    {"document", "16000000 03 7800 0E000000 02 6100 02000000 6200 00 00", R"({"x":{"a":"b"}})", {}, R"({"x":{"a":"b"}})"},
    {"document empty", "0D000000 03 7800 05000000 00 00", R"({"x":{}})", {}, R"({"x":{}})"},
    {"array", "14000000 04 6100 0C000000 10 3000 0A000000 00 00", R"({"a":[{"$numberInt":"10"}]})", R"({"a":[10]})",
        R"({"a":[10]})"},
    {"array empty", "0D000000 04 6100 05000000 00 00", R"({"a":[]})", {}, R"({"a":[]})"},
    {"binary", "0F000000 05 7800 02000000 00 FFFF 00", R"({"x":{"$binary":{"base64":"//8=","subType":"00"}}})", {},
        R"({"x":"//8="})"},
    {"binary empty", "0D000000 05 7800 00000000 00 00", R"({"x":{"$binary":{"base64":"","subType":"00"}}})", {}, R"({"x":""})"},
    {"binary subtype 2", "13000000 05 7800 06000000 02 02000000 FFFF 00", R"({"x":{"$binary":{"base64":"//8=","subType":"02"}}})",
        {}, R"({"x":"//8="})"},
    {"binary uuid", "1D000000 05 7800 10000000 04 73FFD26444B34C6990E8E7D1DFC035D4 00",
        R"({"x":{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"04"}}})", {}, R"({"x":"c//SZESzTGmQ6OfR38A11A=="})"},
    {"binary subtype 0x80", "0F000000 05 7800 02000000 80 FFFF 00", R"({"x":{"$binary":{"base64":"//8=","subType":"80"}}})", {},
        R"({"x":"//8="})"},
    {"undefined", "08000000 06 6100 00", R"({"a":{"$undefined":true}})", {}, R"({"a":null})"},
    {"object id", "14000000 07 6100 56E1FC72E0C917E9C4714161 00", R"({"a":{"$oid":"56e1fc72e0c917e9c4714161"}})", {},
        R"({"a":"56e1fc72e0c917e9c4714161"})"},
    {"object id of ones", "14000000 07 6100 FFFFFFFFFFFFFFFFFFFFFFFF 00", R"({"a":{"$oid":"ffffffffffffffffffffffff"}})", {},
        R"({"a":"ffffffffffffffffffffffff"})"},
    {"bool true", "09000000 08 6200 01 00", R"({"b":true})", {}, R"({"b":true})"},
    {"bool false", "09000000 08 6200 00 00", R"({"b":false})", {}, R"({"b":false})"},
    {"date epoch", "10000000 09 6100 0000000000000000 00", R"({"a":{"$date":{"$numberLong":"0"}}})",
        R"({"a":{"$date":"1970-01-01T00:00:00Z"}})", R"({"a":"1970-01-01T00:00:00.000Z"})"},
    {"date with milliseconds", "10000000 09 6100 C5D8D6CC3B010000 00", R"({"a":{"$date":{"$numberLong":"1356351330501"}}})",
        R"({"a":{"$date":"2012-12-24T12:15:30.501Z"}})", R"({"a":"2012-12-24T12:15:30.501Z"})"},
    {"date before 1970", "10000000 09 6100 C33CE7B9BDFFFFFF 00", R"({"a":{"$date":{"$numberLong":"-284643869501"}}})", {},
        R"({"a":"1960-12-24T12:15:30.499Z"})"},
    {"date in year 10000", "10000000 09 6100 00DC1FD277E60000 00", R"({"a":{"$date":{"$numberLong":"253402300800000"}}})", {},
        R"({"a":"253402300800000"})"},
    {"date last of year 9999", "10000000 09 6100 FFDB1FD277E60000 00", R"({"a":{"$date":{"$numberLong":"253402300799999"}}})",
        R"({"a":{"$date":"9999-12-31T23:59:59.999Z"}})", R"({"a":"9999-12-31T23:59:59.999Z"})"},
    {"null", "08000000 0A 6100 00", R"({"a":null})", {}, R"({"a":null})"},
    {"regex", "0F000000 0B 6100 61626300 696D00 00", R"({"a":{"$regularExpression":{"pattern":"abc","options":"im"}}})", {},
        R"({"a":"/abc/im"})"},
    {"regex empty", "0A000000 0B 6100 00 00 00", R"({"a":{"$regularExpression":{"pattern":"","options":""}}})", {},
        R"({"a":"//"})"},
    {"db pointer", "1A000000 0C 6100 02000000 6200 56E1FC72E0C917E9C4714161 00",
        R"({"a":{"$dbPointer":{"$ref":"b","$id":{"$oid":"56e1fc72e0c917e9c4714161"}}}})", {},
        R"({"a":"56e1fc72e0c917e9c4714161"})"},
    {"code", "19000000 0D 6100 0D000000 616261626162616261626162 00 00", R"({"a":{"$code":"abababababab"}})", {},
        R"({"a":"abababababab"})"},
    {"symbol", "0E000000 0E 6100 02000000 6200 00", R"({"a":{"$symbol":"b"}})", {}, R"({"a":"b"})"},
    {"code with empty scope", "16000000 0F 6100 0E000000 01000000 00 05000000 00 00", R"({"a":{"$code":"","$scope":{}}})", {},
        R"({"a":""})"},
    {"code with scope", "21000000 0F 6100 19000000 05000000 6162636400 0C000000 10 7800 01000000 00 00",
        R"({"a":{"$code":"abcd","$scope":{"x":{"$numberInt":"1"}}}})", R"({"a":{"$code":"abcd","$scope":{"x":1}}})",
        R"({"a":"abcd"})"},
    {"int32 -1", "0C000000 10 6900 FFFFFFFF 00", R"({"i":{"$numberInt":"-1"}})", R"({"i":-1})", R"({"i":-1})"},
    {"int32 least", "0C000000 10 6900 00000080 00", R"({"i":{"$numberInt":"-2147483648"}})", R"({"i":-2147483648})",
        R"({"i":-2147483648})"},
    {"timestamp", "10000000 11 6100 2A000000 15CD5B07 00", R"({"a":{"$timestamp":{"t":123456789,"i":42}}})", {},
        R"({"a":{"t":123456789,"i":42}})"},
    {"timestamp with high bits", "10000000 11 6100 FFFFFFFF FFFFFFFF 00",
        R"({"a":{"$timestamp":{"t":4294967295,"i":4294967295}}})", {}, R"({"a":{"t":4294967295,"i":4294967295}})"},
    {"int64 greatest", "10000000 12 6100 FFFFFFFFFFFFFF7F 00", R"({"a":{"$numberLong":"9223372036854775807"}})",
        R"({"a":9223372036854775807})", R"({"a":9223372036854775807})"},
    {"int64 least", "10000000 12 6100 0000000000000080 00", R"({"a":{"$numberLong":"-9223372036854775808"}})",
        R"({"a":-9223372036854775808})", R"({"a":-9223372036854775808})"},
    {"decimal 0", "18000000 13 6400 00000000000000000000000000004030 00", R"({"d":{"$numberDecimal":"0"}})", {}, R"({"d":"0"})"},
    {"decimal 0.1", "18000000 13 6400 01000000000000000000000000003E30 00", R"({"d":{"$numberDecimal":"0.1"}})", {},
        R"({"d":"0.1"})"},
    {"decimal -1", "18000000 13 6400 010000000000000000000000000040B0 00", R"({"d":{"$numberDecimal":"-1"}})", {},
        R"({"d":"-1"})"},
    {"decimal 1E+3", "18000000 13 6400 01000000000000000000000000004630 00", R"({"d":{"$numberDecimal":"1E+3"}})", {},
        R"({"d":"1E+3"})"},
    {"decimal NaN", "18000000 13 6400 0000000000000000000000000000007C 00", R"({"d":{"$numberDecimal":"NaN"}})", {},
        R"({"d":"NaN"})"},
    {"decimal Infinity", "18000000 13 6400 00000000000000000000000000000078 00", R"({"d":{"$numberDecimal":"Infinity"}})", {},
        R"({"d":"Infinity"})"},
    {"decimal -Infinity", "18000000 13 6400 000000000000000000000000000000F8 00", R"({"d":{"$numberDecimal":"-Infinity"}})", {},
        R"({"d":"-Infinity"})"},
    {"decimal of 34 digits", "18000000 13 6400 F2AF967ED05C82DE3297FF6FDE3CFC2F 00",
        R"({"d":{"$numberDecimal":"0.1234567890123456789012345678901234"}})", {},
        R"({"d":"0.1234567890123456789012345678901234"})"},
    {"min key", "08000000 FF 6100 00", R"({"a":{"$minKey":1}})", {}, R"({"a":{"$minKey":1}})"},
    {"max key", "08000000 7F 6100 00", R"({"a":{"$maxKey":1}})", {}, R"({"a":{"$maxKey":1}})"},
};

} // namespace cormorant::test
