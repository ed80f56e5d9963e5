#include "journal_format.hpp"

#include <cormorant/error/error.hpp>

#include <boost/crc.hpp>
#include <boost/endian/conversion.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace cormorant::memory {

namespace {

constexpr std::string_view magic = "cormrnt\n";
constexpr std::uint32_t version = 1;
constexpr std::size_t frame_head_size = 12;
constexpr std::size_t frame_end_size = 1;
constexpr std::byte frame_end{0xA5};
constexpr std::uint64_t sector = 512;

template <class T>
void put_number(bson_buffer& out, T n) {
    std::array<unsigned char, sizeof(T)> bytes{};
    boost::endian::endian_store<T, sizeof(T), boost::endian::order::little>(bytes.data(), n);
    for (unsigned char const b : bytes)
        out.push_back(std::byte{b});
}

template <class T>
T get_number(std::span<std::byte const> from, std::size_t at) {
    return boost::endian::endian_load<T, sizeof(T), boost::endian::order::little>(
        reinterpret_cast<unsigned char const*>(from.data() + at));
}

template <class T>
void set_number(bson_buffer& out, std::size_t at, T n) {
    boost::endian::endian_store<T, sizeof(T), boost::endian::order::little>(reinterpret_cast<unsigned char*>(out.data() + at), n);
}

std::uint32_t head_checksum(std::uint32_t length, std::uint32_t checksum, std::uint64_t generation, std::uint64_t offset) {
    bson_buffer covered;
    put_number(covered, length);
    put_number(covered, checksum);
    put_number(covered, generation);
    put_number(covered, offset);
    return crc32c(covered);
}

} // namespace

std::uint32_t crc32c(std::span<std::byte const> bytes) {
    boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
    crc.process_bytes(bytes.data(), bytes.size());
    return crc.checksum();
}

bson_buffer encode_file_header(file_kind kind, std::uint64_t generation) {
    bson_buffer result;
    for (char const c : magic)
        result.push_back(static_cast<std::byte>(c));
    put_number(result, version);
    put_number(result, static_cast<std::uint32_t>(kind));
    put_number(result, generation);
    put_number(result, crc32c(result));
    return result;
}

// --- writing

void frame_encoder::add(effect const& e, bool ends_operation) {
    if (!open_) {
        open_ = bytes_.size();
        bytes_.resize(bytes_.size() + frame_head_size);
    }
    bytes_.push_back(static_cast<std::byte>(e.what));
    for (char const c : e.collection)
        bytes_.push_back(static_cast<std::byte>(c));
    bytes_.push_back(std::byte{0});
    if (e.body == nullptr)
        append_bson(bytes_, document());
    else if (e.what == effect::kind::remove)
        append_bson(bytes_, doc("_id", e.body->at("_id")));
    else
        append_bson(bytes_, *e.body);
    if (bytes_.size() - *open_ > (ends_operation ? frame_target : frame_limit))
        finish();
}

void frame_encoder::finish() {
    if (!open_)
        return;
    auto const payload = std::span<std::byte const>(bytes_).subspan(*open_ + frame_head_size);
    auto const length = static_cast<std::uint32_t>(payload.size());
    auto const checksum = crc32c(payload);
    set_number(bytes_, *open_, length);
    set_number(bytes_, *open_ + 4, checksum);
    set_number(bytes_, *open_ + 8, head_checksum(length, checksum, generation_, offset_));
    bytes_.push_back(frame_end);
    offset_ += bytes_.size() - *open_;
    open_.reset();
}

// --- reading

frame_reader::frame_reader(file f, file_kind kind, std::uint64_t generation)
    : file_(std::move(f)), generation_(generation), size_(file_.size()) {
    buffer_.resize(file_header_size);
    if (file_.read(buffer_) < file_header_size) {
        torn_ = true; // and nothing good: the file has no frame yet
        return;
    }
    if (!std::ranges::equal(magic, std::span(buffer_).first(magic.size()), {}, [](char c) { return static_cast<std::byte>(c); }))
        refuse(0, "this is no journal or snapshot of a memory store");
    if (get_number<std::uint32_t>(buffer_, 24) != crc32c(std::span(buffer_).first(24)))
        refuse(0, "the header is damaged");
    if (auto const found = get_number<std::uint32_t>(buffer_, 8); found != version)
        refuse(8, fmt::format("the format has version {}, and this library knows version {}", found, version));
    if (get_number<std::uint32_t>(buffer_, 12) != static_cast<std::uint32_t>(kind))
        refuse(12, kind == file_kind::journal ? "this is no journal" : "this is no snapshot");
    if (auto const found = get_number<std::uint64_t>(buffer_, 16); found != generation)
        refuse(16, fmt::format("it is of generation {}, and not {} as its name says", found, generation));
    offset_ = file_header_size;
}

void frame_reader::refuse(std::uint64_t offset, std::string_view reason) const {
    refuse_file(file_.path(), fmt::format("damaged at offset {}: {}", offset, reason));
}

bool frame_reader::ends_in_zeros(std::uint64_t begin, std::uint64_t end) {
    // Of all borders in the frame the last one decides: zeros from an earlier one are zeros from there, too.
    auto const border = (std::min(end, size_) - 1) / sector * sector;
    auto const from = std::max(border, begin);
    bson_buffer tail(static_cast<std::size_t>(size_ - from));
    file_.seek(from);
    return file_.read(tail) == tail.size() && std::ranges::all_of(tail, [](std::byte b) { return b == std::byte{0}; });
}

std::optional<std::vector<effect>> frame_reader::next() {
    if (torn_ || offset_ == size_)
        return std::nullopt;
    auto const left = size_ - offset_;
    auto const tear = [&]() -> std::optional<std::vector<effect>> {
        torn_ = true;
        return std::nullopt;
    };
    if (left < frame_head_size)
        return tear();
    buffer_.resize(frame_head_size);
    if (file_.read(buffer_) != buffer_.size())
        refuse(offset_, "the file became shorter while it was read");
    auto const length = get_number<std::uint32_t>(buffer_, 0);
    auto const checksum = get_number<std::uint32_t>(buffer_, 4);
    if (get_number<std::uint32_t>(buffer_, 8) != head_checksum(length, checksum, generation_, offset_)) {
        if (ends_in_zeros(offset_, offset_ + frame_head_size))
            return tear();
        refuse(offset_, "the head of a frame has a wrong checksum");
    }
    if (left < frame_head_size + length + frame_end_size)
        return tear();
    buffer_.resize(length + frame_end_size);
    if (file_.read(buffer_) != buffer_.size())
        refuse(offset_, "the file became shorter while it was read");
    auto const payload = std::span<std::byte const>(buffer_).first(length);
    auto const frame_size = frame_head_size + length + frame_end_size;
    if (crc32c(payload) != checksum || buffer_.back() != frame_end) {
        if (ends_in_zeros(offset_, offset_ + frame_size))
            return tear();
        refuse(offset_, "a frame has a wrong checksum");
    }
    auto result = decode(payload);
    offset_ += frame_size;
    return result;
}

std::vector<effect> frame_reader::decode(std::span<std::byte const> payload) const {
    std::vector<effect> result;
    while (!payload.empty()) {
        effect e;
        auto const kind = std::to_integer<std::uint8_t>(payload.front());
        payload = payload.subspan(1);
        auto const name_size = static_cast<std::size_t>(std::ranges::find(payload, std::byte{0}) - payload.begin());
        if (kind < static_cast<std::uint8_t>(effect::kind::put) || kind > static_cast<std::uint8_t>(effect::kind::end) ||
            name_size == payload.size())
            refuse(offset_, "a frame holds what is no effect");
        e.what = static_cast<effect::kind>(kind);
        e.collection.assign(reinterpret_cast<char const*>(payload.data()), name_size);
        payload = payload.subspan(name_size + 1);
        if (payload.size() < 5 || get_number<std::uint32_t>(payload, 0) > payload.size())
            refuse(offset_, "a frame holds an incomplete document");
        auto const body = payload.first(get_number<std::uint32_t>(payload, 0));
        try {
            e.body = std::make_shared<document>(decode_bson(body));
        } catch (error const& bad) {
            refuse(offset_, bad.message());
        }
        payload = payload.subspan(body.size());
        result.push_back(std::move(e));
    }
    return result;
}

} // namespace cormorant::memory
