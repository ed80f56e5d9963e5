#include "access.hpp"
#include "extended_json.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <limits>

namespace cormorant {
namespace {

using detail::access;
namespace ondemand = simdjson::ondemand;

constexpr int max_depth = 200;

/// What the parser found wrong, in the words of those who wrote the text.
std::string_view describe(simdjson::error_code code) noexcept {
    switch (code) {
    case simdjson::EMPTY:
        return "the text is empty";
    case simdjson::UTF8_ERROR:
        return "the text is not UTF-8";
    case simdjson::CAPACITY:
        return "the text is too long";
    case simdjson::MEMALLOC:
        return "there is no memory for the text";
    case simdjson::DEPTH_ERROR:
        return "it is nested too deeply";
    case simdjson::UNCLOSED_STRING:
        return "a string has no closing quote";
    case simdjson::UNESCAPED_CHARS:
        return "a string has a control character that is not escaped";
    case simdjson::STRING_ERROR:
        return "a string has an escape that JSON does not know";
    case simdjson::T_ATOM_ERROR:
    case simdjson::F_ATOM_ERROR:
    case simdjson::N_ATOM_ERROR:
    case simdjson::INCORRECT_TYPE: // of "tru" the parser asks for what it could be
        return "a word that JSON does not know";
    case simdjson::NUMBER_ERROR:
    case simdjson::NUMBER_OUT_OF_RANGE:
        return "what looks like a number is none, or too large";
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT:
        return "an array or object has no end";
    default:
        return "a value, quote, comma, colon or bracket is missing, or one is too many";
    }
}

/// Reads one text with simdjson. The text is put into brackets: so the value at the top is read as any other one.
class json_reader {
public:
    json_reader(std::string_view text, json_dialect dialect) : dialect_(dialect) {
        buffer_.reserve(text.size() + 2 + simdjson::SIMDJSON_PADDING);
        buffer_ += '[';
        buffer_ += text;
        buffer_ += ']';
    }

    value read(storage memory) {
        value result(std::move(memory));
        simdjson::padded_string_view const padded(buffer_.data(), buffer_.size(), buffer_.capacity());
        // The whole text is looked at here (UTF-8, quotes); there is no place to name yet.
        if (auto const code = parser_.iterate(padded).get(document_); code != simdjson::SUCCESS) {
            detail::throw_bad_json(std::string(describe(code)));
        }
        ondemand::array top;
        check(document_.get_array().get(top));
        bool found = false;
        for (auto element : top) {
            ondemand::value v;
            check(element.get(v));
            if (found) {
                fail_here("more than one value");
            }
            read_value(v, result, 1);
            found = true;
        }
        if (!found) {
            detail::throw_bad_json("there is no value");
        }
        char const* rest = nullptr;
        if (document_.current_location().get(rest) == simdjson::SUCCESS) {
            fail_here("text follows the value");
        }
        return result;
    }

private:
    void check(simdjson::error_code code) {
        if (code != simdjson::SUCCESS) {
            fail_here(describe(code));
        }
    }

    [[noreturn]] void fail_here(std::string_view reason) {
        char const* place = nullptr;
        if (document_.current_location().get(place) != simdjson::SUCCESS || place < buffer_.data() ||
            place > buffer_.data() + buffer_.size()) {
            detail::throw_bad_json(std::string(reason));
        }
        auto const offset = std::max<std::ptrdiff_t>(place - buffer_.data() - 1, 0);
        detail::throw_bad_json(fmt::format("{}, at offset {}", reason, offset));
    }

    void read_value(ondemand::value& in, value& out, int depth) {
        ondemand::json_type type{};
        check(in.type().get(type));
        switch (type) {
        case ondemand::json_type::object:
            read_object(in, out, depth);
            break;
        case ondemand::json_type::array:
            read_array(in, out, depth);
            break;
        case ondemand::json_type::string: {
            std::string_view text;
            check(in.get_string().get(text));
            access::init_text(out, bson_type::string, text);
            break;
        }
        case ondemand::json_type::number:
            read_number(in, out);
            break;
        case ondemand::json_type::boolean: {
            bool truth = false;
            check(in.get_bool().get(truth));
            access::init(out, truth);
            break;
        }
        case ondemand::json_type::null: {
            // is_null() takes any word that begins with "n" for null in some versions: look at the text.
            if (token(in) != "null") {
                fail_here("a word that JSON does not know");
            }
            bool null = false;
            check(in.is_null().get(null));
            if (!null) {
                fail_here("a word that JSON does not know");
            }
            break;
        }
        }
    }

    /// The text of a scalar.
    static std::string_view token(ondemand::value& in) {
        auto text = in.raw_json_token();
        while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n' || text.back() == '\r')) {
            text.remove_suffix(1);
        }
        return text;
    }

    void read_number(ondemand::value& in, value& out) {
        auto const text = token(in);
        if (text.find_first_of(".eE") == std::string_view::npos) {
            std::int64_t whole = 0;
            if (in.get_int64().get(whole) == simdjson::SUCCESS) {
                if (std::in_range<std::int32_t>(whole)) {
                    access::init(out, static_cast<std::int32_t>(whole));
                } else {
                    access::init(out, whole);
                }
                return;
            }
        }
        double real = 0;
        check(in.get_double().get(real));
        access::init(out, real);
    }

    void enter(int depth) {
        if (depth > max_depth) {
            fail_here(fmt::format("more than {} levels", max_depth));
        }
    }

    void read_array(ondemand::value& in, value& out, int depth) {
        enter(depth);
        ondemand::array elements;
        check(in.get_array().get(elements));
        auto& to = out.emplace_array();
        for (auto element : elements) {
            ondemand::value v;
            check(element.get(v));
            read_value(v, access::append(to), depth + 1);
        }
    }

    void read_object(ondemand::value& in, value& out, int depth) {
        enter(depth);
        ondemand::object fields;
        check(in.get_object().get(fields));
        auto& to = out.emplace_document();
        for (auto field : fields) {
            std::string_view key;
            check(field.unescaped_key().get(key));
            if (key.find('\0') != std::string_view::npos) {
                fail_here("a key contains a NUL character");
            }
            if (to.contains(key)) {
                std::string text;
                append_json_string(text, key);
                fail_here(fmt::format("the key {} occurs twice in one object", text));
            }
            ondemand::value v;
            check(field.value().get(v));
            read_value(v, access::append(to, key), depth + 1);
        }
        if (dialect_ == json_dialect::extended) {
            detail::convert_extended_json(out);
        }
    }

    json_dialect dialect_;
    std::string buffer_;
    ondemand::parser parser_;
    ondemand::document document_;
};

} // namespace

value parse_json(std::string_view text, json_dialect dialect, storage memory) {
    return json_reader(text, dialect).read(std::move(memory));
}

value parse_json(std::string_view text, storage memory) {
    return parse_json(text, json_dialect::extended, std::move(memory));
}

document parse_json_document(std::string_view text, json_dialect dialect, storage memory) {
    auto result = parse_json(text, dialect, std::move(memory));
    if (!result.is_document()) {
        detail::throw_bad_json(fmt::format("expected an object, got {}", shorten(result)));
    }
    return std::move(result.as_document());
}

document parse_json_document(std::string_view text, storage memory) {
    return parse_json_document(text, json_dialect::extended, std::move(memory));
}

} // namespace cormorant
