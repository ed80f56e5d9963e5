#include "extended_json.hpp"

#include "base64.hpp"
#include "utf8.hpp"

#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace cormorant::detail {

void throw_bad_json(std::string const& reason) {
    throw error(errc::bad_json, "bad JSON: " + reason);
}

namespace {

/// Turns documents like `{"$oid": "..."}` into the values that they stand for.
class extended_json {
public:
    /// Replaces `v`, a document whose members are converted already, when it stands for another value.
    static void convert(value& v) {
        auto const& d = v.as_document();
        if (d.empty() || !has_dollar(d)) {
            return;
        }
        for (auto const& [name, rule] : rules) {
            if (auto const* const operand = d.find(name)) {
                // Built aside: the operand is inside of what is replaced.
                v = rule(d, *operand);
                return;
            }
        }
    }

private:
    using rule_type = value (*)(document const&, value const&);
    struct named_rule {
        std::string_view name;
        rule_type rule;
    };

    static bool has_dollar(document const& d) noexcept {
        for (auto const& m : d) {
            if (m.key().starts_with('$')) {
                return true;
            }
        }
        return false;
    }

    [[noreturn]] static void wrong(document const& d, std::string_view wanted) {
        throw_bad_json(fmt::format("{} must be {}", shorten(d), wanted));
    }
    static void require_size(document const& d, std::size_t size, std::string_view wanted) {
        if (d.size() != size) {
            wrong(d, wanted);
        }
    }
    static std::string_view text_of(document const& d, value const& operand, std::string_view wanted) {
        require_size(d, 1, wanted);
        auto const text = operand.if_string();
        if (!text) {
            wrong(d, wanted);
        }
        return *text;
    }

    static value make_object_id(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$oid": "24 hexadecimal digits"})";
        auto const id = object_id::parse(text_of(d, operand, wanted));
        if (!id) {
            wrong(d, wanted);
        }
        return *id;
    }

    static value make_date(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$date": "ISO 8601"} or {"$date": {"$numberLong": "milliseconds"}})";
        require_size(d, 1, wanted);
        if (operand.is_int64() || operand.is_int32()) {
            return datetime(std::chrono::milliseconds(operand.as_int64()));
        }
        auto const date = parse_iso8601(text_of(d, operand, wanted));
        if (!date) {
            wrong(d, wanted);
        }
        return *date;
    }

    template <class T>
    static value make_integer(document const& d, value const& operand) {
        constexpr std::string_view wanted = "a decimal integer in a string that fits into its type";
        auto const text = text_of(d, operand, wanted);
        T number{};
        auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (problem != std::errc() || end != text.data() + text.size()) {
            wrong(d, wanted);
        }
        return number;
    }

    static value make_double(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$numberDouble": "a number, NaN, Infinity or -Infinity"})";
        auto const text = text_of(d, operand, wanted);
        if (text == "NaN") {
            return std::numeric_limits<double>::quiet_NaN();
        }
        if (text == "Infinity") {
            return std::numeric_limits<double>::infinity();
        }
        if (text == "-Infinity") {
            return -std::numeric_limits<double>::infinity();
        }
        double number = 0;
        auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        // from_chars takes more names of numbers that are none.
        bool const starts_well = !text.empty() && text.find_first_of("nN") == std::string_view::npos;
        if (!starts_well || problem != std::errc() || end != text.data() + text.size()) {
            wrong(d, wanted);
        }
        return number;
    }

    static value make_decimal(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$numberDecimal": "a decimal number of at most 34 digits"})";
        auto const number = decimal128::try_parse(text_of(d, operand, wanted));
        if (!number) {
            wrong(d, wanted);
        }
        return *number;
    }

    static std::optional<std::uint8_t> subtype_of(std::string_view text) noexcept {
        std::uint8_t subtype = 0;
        auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), subtype, 16);
        bool const good = !text.empty() && text.size() <= 2 && problem == std::errc() && end == text.data() + text.size();
        return good ? std::optional(subtype) : std::nullopt;
    }

    static value make_binary(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$binary": {"base64": "...", "subType": "hexadecimal"}})";
        std::optional<std::string_view> payload;
        std::optional<std::string_view> subtype_text;
        if (auto const* const inner = operand.if_document()) {
            require_size(d, 1, wanted);
            require_size(*inner, 2, wanted);
            payload = text_member(*inner, "base64");
            subtype_text = text_member(*inner, "subType");
        } else {
            // The form before version 2: {"$binary": "...", "$type": "00"}
            require_size(d, 2, wanted);
            payload = operand.if_string();
            subtype_text = text_member(d, "$type");
        }
        if (!payload || !subtype_text) {
            wrong(d, wanted);
        }
        auto const subtype = subtype_of(*subtype_text);
        auto bytes = parse_base64(*payload);
        if (!subtype || !bytes) {
            wrong(d, wanted);
        }
        return binary{std::move(*bytes), *subtype};
    }

    static std::optional<std::string_view> text_member(document const& d, std::string_view key) noexcept {
        auto const* const found = d.find(key);
        return found != nullptr ? found->if_string() : std::nullopt;
    }

    static value make_uuid(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$uuid": "8-4-4-4-12 hexadecimal digits"})";
        constexpr std::uint8_t uuid_subtype = 4;
        auto const text = text_of(d, operand, wanted);
        if (text.size() != 36) {
            wrong(d, wanted);
        }
        std::string digits;
        for (std::size_t i = 0; i < text.size(); ++i) {
            bool const dash = i == 8 || i == 13 || i == 18 || i == 23;
            if (dash != (text[i] == '-')) {
                wrong(d, wanted);
            }
            if (!dash) {
                digits += text[i];
            }
        }
        binary result;
        result.subtype = uuid_subtype;
        for (std::size_t i = 0; i < digits.size(); i += 2) {
            std::uint8_t byte = 0;
            auto const [end, problem] = std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
            if (problem != std::errc() || end != digits.data() + i + 2) {
                wrong(d, wanted);
            }
            result.bytes.push_back(static_cast<std::byte>(byte));
        }
        return result;
    }

    static value make_regex(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$regularExpression": {"pattern": "...", "options": "..."}})";
        require_size(d, 1, wanted);
        auto const* const inner = operand.if_document();
        if (inner == nullptr) {
            wrong(d, wanted);
        }
        require_size(*inner, 2, wanted);
        auto const pattern = text_member(*inner, "pattern");
        auto const options = text_member(*inner, "options");
        if (!pattern || !options || pattern->find('\0') != std::string_view::npos ||
            options->find('\0') != std::string_view::npos) {
            wrong(d, wanted);
        }
        regex result{std::string(*pattern), std::string(*options)};
        if (is_ascii(result.options)) { // what is no option stays the text that it is
            std::sort(result.options.begin(), result.options.end());
        }
        return result;
    }

    static value make_timestamp(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$timestamp": {"t": seconds, "i": increment}} of 32 bits each)";
        require_size(d, 1, wanted);
        auto const* const inner = operand.if_document();
        if (inner == nullptr) {
            wrong(d, wanted);
        }
        require_size(*inner, 2, wanted);
        auto const part = [&](std::string_view key) {
            auto const* const found = inner->find(key);
            bool const whole = found != nullptr && (found->is_int32() || found->is_int64());
            if (!whole || !std::in_range<std::uint32_t>(found->as_int64())) {
                wrong(d, wanted);
            }
            return static_cast<std::uint32_t>(found->as_int64());
        };
        return timestamp{part("t"), part("i")};
    }

    static value make_code(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$code": "..."} or {"$code": "...", "$scope": {...}})";
        auto const text = operand.if_string();
        auto const* const scope = d.find("$scope");
        if (!text || d.size() != (scope == nullptr ? 1U : 2U) || (scope != nullptr && !scope->is_document())) {
            wrong(d, wanted);
        }
        if (scope == nullptr) {
            return code{std::string(*text)};
        }
        return code_with_scope{std::string(*text), scope->as_document()};
    }

    static value make_symbol(document const& d, value const& operand) {
        return symbol{std::string(text_of(d, operand, R"({"$symbol": "..."})"))};
    }

    static value make_db_pointer(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$dbPointer": {"$ref": "namespace", "$id": {"$oid": "..."}}})";
        require_size(d, 1, wanted);
        auto const* const inner = operand.if_document();
        if (inner == nullptr) {
            wrong(d, wanted);
        }
        require_size(*inner, 2, wanted);
        auto const ns = text_member(*inner, "$ref");
        auto const* const id = inner->find("$id");
        if (!ns || id == nullptr || !id->is_object_id()) {
            wrong(d, wanted);
        }
        return db_pointer{std::string(*ns), id->as_object_id()};
    }

    static value make_undefined(document const& d, value const& operand) {
        constexpr std::string_view wanted = R"({"$undefined": true})";
        require_size(d, 1, wanted);
        if (operand.if_bool() != true) {
            wrong(d, wanted);
        }
        return undefined();
    }

    template <class Key>
    static value make_key(document const& d, value const& operand) {
        constexpr std::string_view wanted = "the number 1";
        require_size(d, 1, wanted);
        if (operand.if_int64() != 1) {
            wrong(d, wanted);
        }
        return Key();
    }

    static constexpr named_rule rules[] = {
        {"$oid", make_object_id},
        {"$date", make_date},
        {"$numberInt", make_integer<std::int32_t>},
        {"$numberLong", make_integer<std::int64_t>},
        {"$numberDouble", make_double},
        {"$numberDecimal", make_decimal},
        {"$binary", make_binary},
        {"$uuid", make_uuid},
        {"$regularExpression", make_regex},
        {"$timestamp", make_timestamp},
        {"$code", make_code},
        {"$symbol", make_symbol},
        {"$dbPointer", make_db_pointer},
        {"$undefined", make_undefined},
        {"$minKey", make_key<min_key>},
        {"$maxKey", make_key<max_key>},
    };
};

} // namespace

void convert_extended_json(value& v) {
    extended_json::convert(v);
}

} // namespace cormorant::detail
