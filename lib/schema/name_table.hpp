#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::detail {

/// A perfect hash over a fixed set of names: one probe and one comparison tell the position of a name in the set.
class name_table {
public:
    static constexpr std::size_t npos = static_cast<std::size_t>(-1);

    name_table() = default;
    /// The names have to differ.
    explicit name_table(std::vector<std::string> names) : names_(std::move(names)) {
        // More than one seed is rarely needed at this load; a table that stays crowded is doubled.
        for (auto size = std::bit_ceil(names_.size() * 2 + 1);; size *= 2) {
            for (std::uint64_t seed = 1; seed <= 32; ++seed) {
                if (fill(size, seed)) {
                    return;
                }
            }
        }
    }

    /// As `find`, for names that mostly come in the order of the set: `next` is where the search begins, and moves on.
    std::size_t find(std::string_view name, std::size_t& next) const noexcept {
        auto const found = next < names_.size() && is_same(names_[next], name) ? next : find(name);
        if (found != npos) {
            next = found + 1;
        }
        return found;
    }

    std::size_t find(std::string_view name) const noexcept {
        if (slots_.empty()) {
            return npos;
        }
        auto const position = slots_[hash(name, seed_) & (slots_.size() - 1)];
        return position != 0 && is_same(names_[position - 1], name) ? position - 1 : npos;
    }

private:
    /// Names are short: words at both ends, which overlap, compare most of them.
    static bool is_same(std::string_view a, std::string_view b) noexcept {
        auto const size = a.size();
        if (size != b.size()) {
            return false;
        }
        if (size > 16) {
            return std::memcmp(a.data(), b.data(), size) == 0;
        }
        if (size >= 8) {
            return load(a.data(), 8) == load(b.data(), 8) && load(a.data() + size - 8, 8) == load(b.data() + size - 8, 8);
        }
        if (size >= 4) {
            return load(a.data(), 4) == load(b.data(), 4) && load(a.data() + size - 4, 4) == load(b.data() + size - 4, 4);
        }
        return size == 0 || (a[0] == b[0] && a[size / 2] == b[size / 2] && a[size - 1] == b[size - 1]);
    }
    static std::uint64_t load(char const* data, std::size_t size) noexcept {
        std::uint64_t word = 0;
        std::memcpy(&word, data, size);
        return word;
    }
    static std::size_t hash(std::string_view name, std::uint64_t seed) noexcept {
        constexpr std::uint64_t factor = 0x9E3779B97F4A7C15;
        auto result = (seed ^ name.size()) * factor;
        auto const* data = name.data();
        auto left = name.size();
        for (; left > 8; data += 8, left -= 8) {
            result = (result ^ load(data, 8)) * factor;
            result ^= result >> 32U;
        }
        if (left != 0) {
            result = (result ^ load(data, left)) * factor;
        }
        return static_cast<std::size_t>(result ^ (result >> 29U) ^ (result >> 47U));
    }

    bool fill(std::size_t size, std::uint64_t seed) {
        std::vector<std::uint32_t> slots(size);
        for (std::size_t i = 0; i < names_.size(); ++i) {
            auto& slot = slots[hash(names_[i], seed) & (size - 1)];
            if (slot != 0) {
                return false;
            }
            slot = static_cast<std::uint32_t>(i + 1);
        }
        slots_ = std::move(slots);
        seed_ = seed;
        return true;
    }

    std::vector<std::string> names_;
    std::vector<std::uint32_t> slots_; // positions counted from 1, 0 where free
    std::uint64_t seed_ = 0;
};

} // namespace cormorant::detail
