#include "bson/in_place.hpp"

#include <cormorant/store/cursor.hpp>

#include <iterator>
#include <utility>

namespace cormorant {

batch::batch() noexcept = default;
batch::batch(documents docs) noexcept : content_(std::move(docs)) {}
batch::batch(raw_documents raw) noexcept : content_(std::move(raw)) {}

std::size_t batch::size() const noexcept {
    if (auto const* raw = std::get_if<raw_documents>(&content_))
        return raw->places.size();
    return std::get<documents>(content_).size();
}

bool batch::is_raw() const noexcept {
    return std::holds_alternative<raw_documents>(content_);
}

std::size_t batch::bytes() const noexcept {
    std::size_t sum = 0;
    if (auto const* raw = std::get_if<raw_documents>(&content_)) {
        for (auto const& [offset, length] : raw->places)
            sum += length;
    } else {
        for (document const& d : std::get<documents>(content_))
            sum += measure(d).bytes;
    }
    return sum;
}

documents batch::take_documents() && {
    if (auto* docs = std::get_if<documents>(&content_))
        return std::move(*docs);
    documents result;
    std::move(*this).append_to(result, make_arena(std::get<raw_documents>(content_).buffer.size()));
    return result;
}

void batch::append_to(documents& out, storage const& arena) && {
    if (auto* docs = std::get_if<documents>(&content_)) {
        out.insert(out.end(), std::make_move_iterator(docs->begin()), std::make_move_iterator(docs->end()));
        return;
    }
    auto raw = std::get<raw_documents>(std::exchange(content_, documents()));
    out.reserve(out.size() + raw.places.size());
    if (arena.is_heap()) {
        for (auto const& [offset, length] : raw.places)
            out.push_back(decode_bson(std::span<std::byte const>(raw.buffer).subspan(offset, length)));
        return;
    }
    auto const bytes = arena.adopt(std::move(raw.buffer));
    for (auto const& [offset, length] : raw.places)
        out.push_back(detail::decode_in_place(bytes.subspan(offset, length), arena));
}

std::string to_json(std::span<batch const> batches, json_mode mode) {
    std::string out = "[";
    for (batch const& b : batches)
        b.for_each([&](auto const& one) {
            if (out.size() > 1)
                out += ',';
            append_json(out, one, mode);
        });
    out += ']';
    return out;
}

std::string to_json(batch const& one, json_mode mode) {
    return to_json(std::span(&one, 1), mode);
}

} // namespace cormorant
