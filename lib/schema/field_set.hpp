#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cormorant::detail {

/// Which fields a document has. Sets of up to 256 fields need no memory.
class field_set {
public:
    explicit field_set(std::size_t size) {
        if (size > words_.size() * 64) {
            more_.resize(size);
        }
    }
    void insert(std::size_t position) {
        if (more_.empty()) {
            words_[position / 64] |= std::uint64_t{1} << (position % 64);
        } else {
            more_[position] = true;
        }
    }
    bool contains(std::size_t position) const {
        return more_.empty() ? ((words_[position / 64] >> (position % 64)) & 1U) != 0 : more_[position];
    }

private:
    std::array<std::uint64_t, 4> words_{};
    std::vector<bool> more_;
};

} // namespace cormorant::detail
