#include "key_hash.hpp"

#include <bit>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <exception>
#include <random>

namespace cormorant::detail {

namespace {

struct sip_state {
    std::uint64_t a, b, c, d;

    void mix() noexcept {
        a += b;
        c += d;
        b = std::rotl(b, 13) ^ a;
        d = std::rotl(d, 16) ^ c;
        a = std::rotl(a, 32);
        c += b;
        a += d;
        b = std::rotl(b, 17) ^ c;
        d = std::rotl(d, 21) ^ a;
        c = std::rotl(c, 32);
    }
    void add(std::uint64_t word) noexcept {
        d ^= word;
        mix();
        a ^= word;
    }
};

template <class Word>
std::uint64_t read_whole(char const* at) noexcept {
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    if constexpr (std::endian::native != std::endian::little) {
        Word turned = 0;
        for (std::size_t i = 0; i < sizeof word; ++i) {
            turned = static_cast<Word>(turned << 8U | (word >> 8 * i & 0xffU));
        }
        word = turned;
    }
    return word;
}

/// Less than eight bytes, the first one lowest. The halves may overlap.
std::uint64_t read_rest(char const* at, std::size_t size) noexcept {
    if (size >= 4) {
        return read_whole<std::uint32_t>(at) | read_whole<std::uint32_t>(at + size - 4) << 8 * (size - 4);
    }
    if (size >= 2) {
        return read_whole<std::uint16_t>(at) | read_whole<std::uint16_t>(at + size - 2) << 8 * (size - 2);
    }
    return size == 0 ? 0 : static_cast<unsigned char>(*at);
}

hash_secret draw_secret() noexcept {
    try {
        std::random_device source;
        auto const word = [&] { return std::uint64_t{source()} << 32U | source(); };
        auto const first = word();
        return {first, word()};
    } catch (std::exception const&) { // a system without entropy: what is left is hard to know from afar
        return {static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()),
            static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(&draw_secret))};
    }
}

} // namespace

std::uint64_t sip_hash(std::string_view text, hash_secret secret) noexcept {
    sip_state state{secret.first ^ 0x736f6d6570736575U, secret.second ^ 0x646f72616e646f6dU, secret.first ^ 0x6c7967656e657261U,
        secret.second ^ 0x7465646279746573U};
    auto const* at = text.data();
    auto left = text.size();
    for (; left >= 8; at += 8, left -= 8) {
        state.add(read_whole<std::uint64_t>(at));
    }
    state.add(std::uint64_t{text.size()} << 56U | read_rest(at, left));
    state.c ^= 0xffU;
    state.mix();
    state.mix();
    state.mix();
    return state.a ^ state.b ^ state.c ^ state.d;
}

std::uint64_t hash_key(std::string_view key) noexcept {
    static hash_secret const secret = draw_secret();
    return sip_hash(key, secret);
}

} // namespace cormorant::detail
