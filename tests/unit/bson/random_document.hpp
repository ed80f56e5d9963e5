#pragma once

#include <cormorant/bson/value.hpp>

#include <limits>
#include <random>
#include <string>

namespace cormorant::test {

/// Makes documents of every type of BSON from a fixed seed.
class random_documents {
public:
    explicit random_documents(unsigned seed) : random_(seed) {}

    document make(int depth = 4) {
        document d;
        auto const count = below(depth <= 0 ? 3 : 9);
        for (unsigned i = 0; i < count; ++i) {
            d.set(text(20), make_value(depth - 1));
        }
        return d;
    }

    value make_value(int depth) {
        switch (below(depth > 0 ? 22 : 19)) {
        case 0:
            return nullptr;
        case 1:
            return below(2) == 1;
        case 2:
            return static_cast<std::int32_t>(random_());
        case 3:
            return static_cast<std::int64_t>(wide());
        case 4:
            return make_double();
        case 5:
        case 6:
            return text(40);
        case 7:
            return datetime(std::chrono::milliseconds(static_cast<std::int64_t>(wide()) >> (10 + below(40))));
        case 8:
            return make_id();
        case 9:
            return make_decimal();
        case 10:
            return binary{bytes(below(40)), static_cast<std::uint8_t>(below(256))};
        case 11:
            return regex{text(10), "imx"};
        case 12:
            return timestamp{static_cast<std::uint32_t>(random_()), static_cast<std::uint32_t>(random_())};
        case 13:
            return code{text(30)};
        case 14:
            return symbol{text(30)};
        case 15:
            return db_pointer{text(10), make_id()};
        case 16:
            return undefined();
        case 17:
            return min_key();
        case 18:
            return max_key();
        case 19:
            return code_with_scope{text(20), make(depth - 1)};
        case 20:
            return make(depth);
        default: {
            array a;
            for (auto i = below(8); i > 0; --i) {
                a.push_back(make_value(depth - 1));
            }
            return a;
        }
        }
    }

    unsigned below(unsigned bound) { return std::uniform_int_distribution<unsigned>(0, bound - 1)(random_); }

private:
    std::uint64_t wide() { return std::uniform_int_distribution<std::uint64_t>()(random_); }

    double make_double() {
        switch (below(6)) {
        case 0:
            return std::numeric_limits<double>::infinity();
        case 1:
            return std::numeric_limits<double>::quiet_NaN();
        case 2:
            return -0.0;
        case 3:
            return static_cast<double>(static_cast<std::int32_t>(random_()));
        default: {
            auto const bits = wide();
            double result;
            std::memcpy(&result, &bits, sizeof result);
            return result == result ? result : 0.5; // one NaN only: JSON does not keep the others apart
        }
        }
    }

    decimal128 make_decimal() {
        // A coefficient below 10^34 with any exponent; the sign at random.
        decimal128 d;
        d.low = wide();
        d.high = (wide() % 0x1'0000'0000'0000U) | (static_cast<std::uint64_t>(below(12000)) << 49U) |
                 (static_cast<std::uint64_t>(below(2)) << 63U);
        return d;
    }

    object_id make_id() {
        std::array<std::byte, object_id::size> all;
        for (auto& b : all) {
            b = static_cast<std::byte>(below(256));
        }
        return object_id(all);
    }

    std::vector<std::byte> bytes(unsigned count) {
        std::vector<std::byte> all(count);
        for (auto& b : all) {
            b = static_cast<std::byte>(below(256));
        }
        return all;
    }

    std::string text(unsigned longest) {
        static constexpr std::string_view pieces[] = {"a", "b", "Z", "0", " ", "\"", "\\", "\n", "\t", "\x01", "\x7f", "\u00e4",
            "\u20ac", "\U0001F600", ".", "/", "word", "$x"};
        std::string result;
        for (auto i = below(longest + 1); i > 0; --i) {
            result += pieces[below(std::size(pieces))];
        }
        return result;
    }

    std::mt19937 random_;
};

} // namespace cormorant::test
