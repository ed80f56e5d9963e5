#include "server_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace cormorant::memory {

namespace {

void append(std::string& out, document const& d);
void append(std::string& out, value const& v);

void append_double(std::string& out, double v) {
    auto const text = fmt::format("{:.16g}", v);
    out += text;
    if (std::isfinite(v) && text.find_first_of(".e") == std::string::npos)
        out += ".0";
}

void append(std::string& out, array const& a) {
    out += "[";
    char const* separator = " ";
    for (value const& element : a) {
        out += separator;
        append(out, element);
        separator = ", ";
    }
    out += " ]";
}

std::string binary_text(value const& v) {
    auto text = fmt::format("BinData({}, ", v.binary_subtype());
    for (std::byte const b : v.bytes())
        fmt::format_to(std::back_inserter(text), "{:02X}", static_cast<unsigned>(b));
    return text + ")";
}

std::string scoped_code_text(code_with_scope const& c) {
    return "CodeWScope( " + c.text + ", " + server_text(c.scope) + ")";
}

// No temporary meets a format string in here: clang 16 destroys it at the end of the switch, also when another case was taken.
void append(std::string& out, value const& v) {
    switch (v.type()) {
    case bson_type::double_:
        return append_double(out, v.as_double());
    case bson_type::string:
        out += '"';
        out += v.as_string();
        out += '"';
        return;
    case bson_type::document:
        return append(out, v.as_document());
    case bson_type::array:
        return append(out, v.as_array());
    case bson_type::binary:
        out += binary_text(v);
        return;
    case bson_type::undefined:
        out += "undefined";
        return;
    case bson_type::object_id:
        out += "ObjectId('" + v.as_object_id().to_string() + "')";
        return;
    case bson_type::boolean:
        out += v.as_bool() ? "true" : "false";
        return;
    case bson_type::date:
        out += "new Date(" + std::to_string(v.as_date().time_since_epoch().count()) + ")";
        return;
    case bson_type::null:
        out += "null";
        return;
    case bson_type::regex: {
        auto const r = v.as_regex();
        out += "/" + r.pattern + "/" + r.options;
        return;
    }
    case bson_type::db_pointer: {
        auto const p = v.as_db_pointer();
        out += "DBRef('" + p.ns + "', " + p.id.to_string() + ")";
        return;
    }
    case bson_type::code:
        out += v.as_code().text;
        return;
    case bson_type::symbol:
        out += '"' + v.as_symbol().text + '"';
        return;
    case bson_type::code_with_scope:
        out += scoped_code_text(v.as_code_with_scope());
        return;
    case bson_type::int32:
    case bson_type::int64:
        out += std::to_string(v.as_int64());
        return;
    case bson_type::timestamp: {
        auto const t = v.as_timestamp();
        out += "Timestamp(" + std::to_string(t.seconds) + ", " + std::to_string(t.increment) + ")";
        return;
    }
    case bson_type::decimal128:
        out += v.as_decimal128().to_string();
        return;
    case bson_type::max_key:
        out += "MaxKey";
        return;
    case bson_type::min_key:
        out += "MinKey";
        return;
    }
}

void append(std::string& out, document const& d) {
    if (d.empty()) {
        out += "{}";
        return;
    }
    out += "{";
    char const* separator = " ";
    for (auto const& [key, val] : d) {
        out += separator;
        out += key;
        out += ": ";
        append(out, val);
        separator = ", ";
    }
    out += " }";
}

} // namespace

std::string server_text(value const& v) {
    std::string out;
    append(out, v);
    return out;
}

std::string server_text(document const& d) {
    std::string out;
    append(out, d);
    return out;
}

} // namespace cormorant::memory
