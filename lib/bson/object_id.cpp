#include <cormorant/bson/types.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>
#include <pthread.h>

#include <atomic>
#include <cstring>
#include <ostream>
#include <random>

namespace cormorant {
namespace {

/// What makes the ids of this process differ from those of others: five random bytes, and a counter that starts anywhere.
/// Source: https://github.com/mongodb/specifications/blob/master/source/bson-objectid/objectid.md
class id_source {
public:
    static id_source& instance() {
        // A process-wide identity is what the format asks for; it holds no other state.
        static id_source source;
        return source;
    }

    std::uint64_t process() const noexcept { return process_.load(std::memory_order_relaxed); }
    std::uint32_t next() noexcept { return counter_.fetch_add(1, std::memory_order_relaxed); }

private:
    id_source() {
        randomize();
        // A child of fork() must not repeat the ids of its parent.
        ::pthread_atfork(nullptr, nullptr, [] { instance().randomize(); });
    }
    void randomize() {
        std::random_device random;
        process_.store((static_cast<std::uint64_t>(random()) << 32U) | random(), std::memory_order_relaxed);
        counter_.store(random(), std::memory_order_relaxed);
    }

    std::atomic<std::uint64_t> process_;
    std::atomic<std::uint32_t> counter_;
};

int digit_of(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

} // namespace

object_id::object_id(std::string_view hex) {
    auto const parsed = parse(hex);
    if (!parsed) {
        throw error(
            errc::invalid_argument, fmt::format("\"{}\" is not an object id (24 hexadecimal digits)", hex.substr(0, 100)));
    }
    *this = *parsed;
}

object_id object_id::generate() {
    auto& source = id_source::instance();
    auto const seconds = static_cast<std::uint32_t>(
        std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count());
    auto const process = source.process();
    auto const counter = source.next();
    std::array<std::byte, size> bytes;
    for (unsigned i = 0; i < 4; ++i) {
        bytes[i] = static_cast<std::byte>(seconds >> (24 - 8 * i));
    }
    for (unsigned i = 0; i < 5; ++i) {
        bytes[4 + i] = static_cast<std::byte>(process >> (8 * i));
    }
    for (unsigned i = 0; i < 3; ++i) {
        bytes[9 + i] = static_cast<std::byte>(counter >> (16 - 8 * i));
    }
    return object_id(bytes);
}

std::optional<object_id> object_id::parse(std::string_view hex) noexcept {
    if (hex.size() != 2 * size) {
        return std::nullopt;
    }
    std::array<std::byte, size> bytes;
    for (std::size_t i = 0; i < size; ++i) {
        auto const high = digit_of(hex[2 * i]);
        auto const low = digit_of(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        bytes[i] = static_cast<std::byte>(high << 4 | low);
    }
    return object_id(bytes);
}

std::string object_id::to_string() const {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * size);
    for (auto const b : bytes_) {
        text += digits[std::to_integer<std::size_t>(b) >> 4U];
        text += digits[std::to_integer<std::size_t>(b) & 15U];
    }
    return text;
}

std::chrono::sys_seconds object_id::time() const noexcept {
    std::uint32_t seconds = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        seconds = seconds << 8U | std::to_integer<std::uint32_t>(bytes_[i]);
    }
    return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

std::ostream& operator<<(std::ostream& out, object_id const& id) {
    return out << id.to_string();
}

} // namespace cormorant

std::size_t std::hash<cormorant::object_id>::operator()(cormorant::object_id const& id) const noexcept {
    std::uint64_t head;
    std::uint32_t tail;
    std::memcpy(&head, id.bytes().data(), sizeof head);
    std::memcpy(&tail, id.bytes().data() + sizeof head, sizeof tail);
    // The bytes that differ between ids are the last ones: spread them.
    return static_cast<std::size_t>((head ^ (static_cast<std::uint64_t>(tail) << 32U | tail)) * 0x9E37'79B9'7F4A'7C15U);
}
