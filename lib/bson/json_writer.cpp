#include "access.hpp"
#include "bad_bson.hpp"
#include "base64.hpp"
#include "utf8.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <iterator>
#include <span>
#include <utility>

namespace cormorant {
namespace {

using detail::access;

/// The shortest text that reads back as the same double, laid out as JavaScript does (ECMA-262, Number::toString).
/// `fraction` adds ".0" to what would look like an integer.
void append_double(std::string& out, double v, bool fraction) {
    if (v == 0) {
        out += fraction ? (std::signbit(v) ? "-0.0" : "0.0") : "0";
        return;
    }
    std::array<char, 32> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), v, std::chars_format::scientific).ptr;
    std::string_view const all(text.data(), static_cast<std::size_t>(end - text.data()));
    auto const e = all.find('e');
    int exponent = 0;
    std::from_chars(all.data() + e + (all[e + 1] == '+' ? 2 : 1), end, exponent);
    std::string digits;
    for (char const c : all.substr(0, e)) {
        if (c == '-') {
            out += '-';
        } else if (c != '.') {
            digits += c;
        }
    }
    auto const count = static_cast<int>(digits.size());
    if (exponent >= 21 || exponent < -6) {
        out += digits[0];
        if (count > 1) {
            out += '.';
            out.append(digits, 1);
        }
        fmt::format_to(std::back_inserter(out), "e{:+}", exponent);
    } else if (exponent < 0) {
        out += "0.";
        out.append(static_cast<std::size_t>(-exponent - 1), '0');
        out += digits;
    } else if (count <= exponent + 1) {
        out += digits;
        out.append(static_cast<std::size_t>(exponent + 1 - count), '0');
        if (fraction) {
            out += ".0";
        }
    } else {
        auto const whole = static_cast<std::size_t>(exponent + 1);
        out.append(digits, 0, whole);
        out += '.';
        out.append(digits, whole);
    }
}

std::string_view name_of_not_finite(double v) noexcept {
    return std::isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity";
}

/// Writes values, and BSON: `Value` is `value` or `bson_element`.
class json_writer {
public:
    json_writer(std::string& out, json_mode mode, int indent) noexcept : out_(out), mode_(mode), indent_(indent) {}

    template <class Value>
    void write(Value const& v) {
        switch (v.type()) {
        case bson_type::null:
            out_ += "null";
            break;
        case bson_type::boolean:
            out_ += v.as_bool() ? "true" : "false";
            break;
        case bson_type::string:
            text(access::text(v), v);
            break;
        case bson_type::int32:
            integer(v.as_int64(), "$numberInt");
            break;
        case bson_type::int64:
            integer(v.as_int64(), "$numberLong");
            break;
        case bson_type::double_:
            real(v.as_double());
            break;
        case bson_type::decimal128:
            wrapped("$numberDecimal", [&] { append_json_string(out_, v.as_decimal128().to_string()); });
            break;
        case bson_type::object_id:
            wrapped("$oid", [&] { append_json_string(out_, v.as_object_id().to_string()); });
            break;
        case bson_type::date:
            date(v.as_date());
            break;
        case bson_type::document:
            members(v.as_document());
            break;
        case bson_type::array:
            elements(v.as_array());
            break;
        case bson_type::binary:
            bytes(v.bytes(), v.binary_subtype());
            break;
        case bson_type::regex:
            pattern(access::regex_of(v), v);
            break;
        case bson_type::timestamp: {
            auto const stamp = v.as_timestamp();
            wrapped("$timestamp",
                [&] { fmt::format_to(std::back_inserter(out_), R"({{"t":{},"i":{}}})", stamp.seconds, stamp.increment); });
            break;
        }
        case bson_type::code:
            wrapped("$code", [&] { text(access::text(v), v); });
            break;
        case bson_type::symbol:
            wrapped("$symbol", [&] { text(access::text(v), v); });
            break;
        case bson_type::code_with_scope:
            if (mode_ == json_mode::plain) {
                text(access::code_text(v), v);
            } else {
                out_ += R"({"$code":)";
                text(access::code_text(v), v);
                out_ += R"(,"$scope":)";
                members(access::code_scope(v));
                out_ += '}';
            }
            break;
        case bson_type::db_pointer:
            pointer(access::pointer_of(v), v);
            break;
        case bson_type::undefined:
            out_ += mode_ == json_mode::plain ? "null" : R"({"$undefined":true})";
            break;
        case bson_type::min_key:
            out_ += R"({"$minKey":1})";
            break;
        case bson_type::max_key:
            out_ += R"({"$maxKey":1})";
            break;
        }
    }

    template <class Document>
    void members(Document const& d) {
        enter(d);
        out_ += '{';
        bool first = true;
        for (auto const& m : d) {
            separate(first);
            text(m.key(), m);
            out_ += indent_ > 0 ? ": " : ":";
            write(m.value());
        }
        --level_;
        end(first, '}');
    }

    template <class Array>
    void elements(Array const& a) {
        enter(a);
        out_ += '[';
        bool first = true;
        for (auto const& element : a) {
            separate(first);
            write(element);
        }
        --level_;
        end(first, ']');
    }

private:
    // What values hold was checked when they were made. BSON is checked here.
    template <class Container>
    void enter(Container const& c) {
        ++level_;
        if constexpr (std::same_as<Container, bson_view>) {
            if (std::cmp_greater(level_, decode_limits().max_depth)) {
                detail::throw_bad_bson(access::offset(c), fmt::format("more than {} levels", decode_limits().max_depth));
            }
        }
    }
    template <class Owner>
    void check(std::string_view text, Owner const& owner) {
        if constexpr (std::same_as<Owner, bson_element>) {
            if (!detail::is_utf8(text)) {
                detail::throw_bad_bson(owner.offset(), "a text is not UTF-8");
            }
        }
    }
    template <class Owner>
    void text(std::string_view text, Owner const& owner) {
        check(text, owner);
        append_json_string(out_, text);
    }

    void separate(bool& first) {
        if (!first) {
            out_ += ',';
        }
        first = false;
        new_line();
    }
    void end(bool empty, char bracket) {
        if (!empty) {
            new_line();
        }
        out_ += bracket;
    }
    void new_line() {
        if (indent_ > 0) {
            out_ += '\n';
            out_.append(static_cast<std::size_t>(indent_) * level_, ' ');
        }
    }

    /// `{"$name":...}`, in plain mode without the wrapping.
    template <class F>
    void wrapped(std::string_view name, F&& write_contents) {
        if (mode_ == json_mode::plain) {
            write_contents();
            return;
        }
        out_ += "{\"";
        out_ += name;
        out_ += "\":";
        write_contents();
        out_ += '}';
    }
    void wrapped_text(std::string_view name, std::string_view text) {
        wrapped(name, [&] { append_json_string(out_, text); });
    }

    void integer(std::int64_t v, std::string_view name) {
        if (mode_ == json_mode::canonical) {
            wrapped_text(name, fmt::format_int(v).c_str());
        } else {
            out_ += fmt::format_int(v).c_str();
        }
    }

    void real(double v) {
        if (!std::isfinite(v)) {
            if (mode_ == json_mode::plain) {
                out_ += "null";
            } else {
                wrapped_text("$numberDouble", name_of_not_finite(v));
            }
        } else if (mode_ == json_mode::canonical) {
            std::string text;
            append_double(text, v, true);
            wrapped_text("$numberDouble", text);
        } else {
            append_double(out_, v, mode_ != json_mode::plain);
        }
    }

    void date(datetime when) {
        constexpr datetime epoch;
        constexpr datetime year_10000(std::chrono::milliseconds(253'402'300'800'000));
        if (mode_ == json_mode::plain) {
            append_json_string(out_, to_iso8601(when));
        } else if (mode_ == json_mode::relaxed && when >= epoch && when < year_10000) {
            auto text = to_iso8601(when);
            if (when == std::chrono::floor<std::chrono::seconds>(when)) {
                text.replace(text.size() - 5, 5, "Z"); // ".000Z"
            }
            wrapped_text("$date", text);
        } else {
            wrapped("$date", [&] { wrapped_text("$numberLong", fmt::format_int(when.time_since_epoch().count()).c_str()); });
        }
    }

    void bytes(std::span<std::byte const> bytes, std::uint8_t subtype) {
        auto const base64 = [&] {
            out_ += '"';
            detail::append_base64(out_, bytes);
            out_ += '"';
        };
        if (mode_ == json_mode::plain) {
            base64();
            return;
        }
        out_ += R"({"$binary":{"base64":)";
        base64();
        fmt::format_to(std::back_inserter(out_), R"(,"subType":"{:02x}"}}}})", subtype);
    }

    template <class Value>
    void pattern(access::regex_parts parts, Value const& v) {
        check(parts.pattern, v);
        check(parts.options, v);
        if (mode_ == json_mode::plain) {
            append_json_string(out_, fmt::format("/{}/{}", parts.pattern, parts.options));
            return;
        }
        out_ += R"({"$regularExpression":{"pattern":)";
        append_json_string(out_, parts.pattern);
        out_ += R"(,"options":)";
        append_json_string(out_, parts.options);
        out_ += "}}";
    }

    template <class Value>
    void pointer(access::pointer_parts const& parts, Value const& v) {
        check(parts.ns, v);
        if (mode_ == json_mode::plain) {
            append_json_string(out_, parts.id.to_string());
            return;
        }
        out_ += R"({"$dbPointer":{"$ref":)";
        append_json_string(out_, parts.ns);
        out_ += R"(,"$id":{"$oid":")";
        out_ += parts.id.to_string();
        out_ += R"("}}})";
    }

    std::string& out_;
    json_mode mode_;
    int indent_;
    std::size_t level_ = 0;
};

} // namespace

void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    std::size_t copied = 0; // all before this position is written
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto const c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') {
            continue;
        }
        out += text.substr(copied, i - copied);
        copied = i + 1;
        out += '\\';
        switch (c) {
        case '"':
        case '\\':
            out += static_cast<char>(c);
            break;
        case '\b':
            out += 'b';
            break;
        case '\f':
            out += 'f';
            break;
        case '\n':
            out += 'n';
            break;
        case '\r':
            out += 'r';
            break;
        case '\t':
            out += 't';
            break;
        default:
            out += "u00";
            out += digits[c >> 4U];
            out += digits[c & 15U];
            break;
        }
    }
    out += text.substr(copied);
    out += '"';
}

void append_json(std::string& out, value const& v, json_mode mode, int indent) {
    json_writer(out, mode, indent).write(v);
}
void append_json(std::string& out, document const& d, json_mode mode, int indent) {
    json_writer(out, mode, indent).members(d);
}
void append_json(std::string& out, array const& a, json_mode mode, int indent) {
    json_writer(out, mode, indent).elements(a);
}
void append_json(std::string& out, bson_view const& v, json_mode mode, int indent) {
    auto const before = out.size();
    try {
        json_writer(out, mode, indent).members(v);
    } catch (...) {
        out.resize(before);
        throw;
    }
}

namespace {

template <class T>
std::string make_json(T const& v, json_mode mode, int indent) {
    std::string out;
    append_json(out, v, mode, indent);
    return out;
}

} // namespace

std::string to_json(value const& v, json_mode mode, int indent) {
    return make_json(v, mode, indent);
}
std::string to_json(document const& d, json_mode mode, int indent) {
    return make_json(d, mode, indent);
}
std::string to_json(array const& a, json_mode mode, int indent) {
    return make_json(a, mode, indent);
}
std::string to_json(bson_view const& v, json_mode mode, int indent) {
    return make_json(v, mode, indent);
}

std::string shorten(value const& v, std::size_t limit) {
    auto text = to_json(v);
    if (text.size() > limit) {
        auto end = limit;
        // Not within a character.
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
            --end;
        }
        text.resize(end);
        text += "...";
    }
    return text;
}

} // namespace cormorant
