// Bytes that came from a server, or from anywhere.

#include "fuzz.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/error/error.hpp>

#include <optional>
#include <span>

using namespace cormorant;

namespace {

/// Nothing: the bytes are no BSON. Any other exception is a fault.
template <class F>
auto attempt(F&& f) -> std::optional<decltype(f())> {
    try {
        return f();
    } catch (error const& e) {
        fuzz::require(
            e.code() == errc::bad_bson || e.code() == errc::limit_exceeded, "bytes are refused as bad_bson: " + e.report());
        return std::nullopt;
    }
}

/// Reads keys and sizes in place.
std::size_t walk(bson_view const& view) {
    std::size_t bytes = 0;
    for (auto const& element : view)
        bytes += element.key().size() + element.raw().size();
    return bytes;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::span<std::byte const> const bytes(reinterpret_cast<std::byte const*>(data), size);
    auto const decoded = attempt([&] { return decode_bson(bytes); });
    auto const in_arena = attempt([&] { return decode_bson(bytes, make_arena()); });
    auto const valid = attempt([&] {
        validate_bson(bytes);
        return true;
    });
    attempt([&] { return walk(bson_view(bytes)); });
    fuzz::require(decoded.has_value() == valid.has_value(), "what is valid can be decoded, and nothing else");
    fuzz::require(decoded.has_value() == in_arena.has_value(), "the memory does not matter");
    if (!decoded)
        return 0;
    auto const again = encode(*decoded);
    fuzz::require(measure(*decoded).bytes == again.size(), "the size is known before it is written");
    auto const decoded_again = decode_bson(again);
    fuzz::require(encode(decoded_again) == again, "what was encoded is decoded to the same");
    // NaN is not equal to itself, its text is.
    fuzz::require(to_json(decoded_again, json_mode::canonical) == to_json(*decoded, json_mode::canonical), "no value is changed");
    return 0;
}
