#include "collator.hpp"

#include "refusal.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace cormorant::memory {

namespace {

// The order of ASCII in the root collation of CLDR; letters follow the digits. Control characters are ignored.
constexpr std::string_view before_letters = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789";

/// The weight of an accent on the second level, in the order of the root collation (DUCET).
unsigned char accent_weight(unsigned accent) noexcept {
    constexpr std::array<unsigned char, 14> order = {
        0x01, 0x00, 0x06, 0x02, 0x0C, 0x0A, 0x08, 0x0B, 0x03, 0x27, 0x28, 0x04, 0x07, 0x38};
    auto const* const found = std::ranges::find(order, accent);
    return static_cast<unsigned char>(found == order.end() ? 0x7F : 0x24 + (found - order.begin()));
}

/// What one code point adds to the three levels of a key.
struct levels {
    std::string primary;
    std::string secondary;
    std::string tertiary;

    void letter(char32_t c, unsigned accent, bool upper) {
        if (c < 0x80 && !(c >= 'a' && c <= 'z')) {
            auto const place = before_letters.find(static_cast<char>(c));
            if (place == std::string_view::npos) {
                return;
            }
            primary.push_back(static_cast<char>(place + 2));
        } else {
            // All others in the order of their numbers, behind the first group: letters a to z first.
            primary.push_back(0x7F);
            text::append(primary, c);
        }
        secondary.push_back(0x20);
        if (accent != 0) {
            secondary.push_back(static_cast<char>(accent_weight(accent - 1)));
        }
        tertiary.push_back(upper ? 0x03 : 0x02);
    }

    void add(char32_t c) {
        if (c >= 0x300 && c < 0x370) { // a combining accent by itself
            secondary.push_back(static_cast<char>(accent_weight(c - 0x300)));
            return;
        }
        char32_t const small = text::lower(c);
        bool const upper = small != c;
        switch (small) {
        case U'æ':
            letter('a', 0, upper);
            letter('e', 0x28 + 1, upper);
            return;
        case U'œ':
            letter('o', 0, upper);
            letter('e', 0x28 + 1, upper);
            return;
        case U'ß':
            letter('s', 0, upper);
            letter('s', 0x28 + 1, upper);
            return;
        case U'ø':
            letter('o', 0x38 + 1, upper);
            return;
        case U'đ':
            letter('d', 0x38 + 1, upper);
            return;
        case U'ł':
            letter('l', 0x38 + 1, upper);
            return;
        default:
            break;
        }
        auto const [base, accent] = text::split_accent(small);
        letter(base, accent, upper);
    }
};

bool is_one_of(value const& v, std::initializer_list<std::string_view> texts) {
    auto const s = v.if_string();
    return s && std::ranges::find(texts, *s) != texts.end();
}

} // namespace

std::shared_ptr<collator const> collator::make(document const& collation) {
    if (collation.empty()) {
        return nullptr;
    }
    auto const* const locale = collation.find("locale");
    if (locale == nullptr) {
        refuse(40414, "BSON field 'collation.locale' is missing but a required field");
    }
    if (!locale->is_string()) {
        refuse(code::type_mismatch, "BSON field 'collation.locale' is the wrong type, expected type 'string'");
    }
    if (locale->as_string() == "simple") {
        return nullptr; // whatever else is given does not apply
    }
    auto result = std::make_shared<collator>();
    for (auto const& [key, v] : collation) {
        bool known = false;
        if (key == "locale") {
            // Languages whose order of Latin letters is that of the root collation.
            known = is_one_of(v, {"en", "en_US", "en_GB", "en_AU", "en_CA", "de", "fr", "it", "nl", "pt", "id", "ga", "lb"});
        } else if (key == "strength") {
            auto const strength = v.if_int64();
            if (!strength || *strength < 1 || *strength > 5) {
                refuse(
                    51024, fmt::format("BSON field 'strength' value must be between 1 and 5, actual value '{}'", to_string(v)));
            }
            known = *strength <= 3;
            result->strength_ = static_cast<int>(*strength);
        } else if (key == "caseLevel" || key == "numericOrdering" || key == "normalization" || key == "backwards") {
            known = v == value(false);
        } else if (key == "caseFirst") {
            known = is_one_of(v, {"off"});
        } else if (key == "alternate") {
            known = is_one_of(v, {"non-ignorable"});
        } else if (key == "maxVariable") {
            known = is_one_of(v, {"punct", "space"});
        } else if (key == "version") {
            known = true;
        } else {
            refuse(40415, fmt::format("BSON field 'collation.{}' is an unknown field.", key));
        }
        if (!known) {
            unsupported(fmt::format("the memory store does not support the collation {{{}: {}}}", key, to_string(v)));
        }
    }
    return result;
}

std::string collator::key(std::string_view s) const {
    levels result;
    while (!s.empty()) {
        result.add(text::next(s));
    }
    if (strength_ >= 2) {
        result.primary += '\x01';
        result.primary += result.secondary;
    }
    if (strength_ >= 3) {
        result.primary += '\x01';
        result.primary += result.tertiary;
    }
    return std::move(result.primary);
}

std::weak_ordering collator::compare_strings(std::string_view a, std::string_view b) const {
    if (a == b) {
        return std::weak_ordering::equivalent;
    }
    return key(a).compare(key(b)) <=> 0;
}

value collator::key(value const& v) const {
    switch (v.type()) {
    case bson_type::string:
        return key(v.as_string());
    case bson_type::document: {
        document result;
        for (auto const& [name, member] : v.as_document()) {
            result.append(name, key(member));
        }
        return result;
    }
    case bson_type::array: {
        array result;
        for (value const& element : v.as_array()) {
            result.push_back(key(element));
        }
        return result;
    }
    default:
        return v;
    }
}

std::weak_ordering collator::operator()(value const& a, value const& b) const {
    auto const is_compound = [](value const& v) { return v.is_document() || v.is_array(); };
    if (a.is_string() && b.is_string()) {
        return compare_strings(a.as_string(), b.as_string());
    }
    if (is_compound(a) && is_compound(b)) {
        return cormorant::compare(key(a), key(b));
    }
    return cormorant::compare(a, b);
}

std::weak_ordering compare(value const& a, value const& b, collator const* collation) {
    return collation ? (*collation)(a, b) : cormorant::compare(a, b);
}

bool equal(value const& a, value const& b, collator const* collation) {
    return compare(a, b, collation) == 0;
}

} // namespace cormorant::memory
