#include "mongo/wire.hpp"

#include "bson/spare_memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace cormorant::detail {

namespace asio = boost::asio;

namespace {

constexpr std::int32_t op_msg = 2013;
constexpr std::uint32_t checksum_present = 1;
constexpr std::uint32_t more_to_come = 2;
// Flags that change how the message is to be read; the others may be ignored.
constexpr std::uint32_t required_flags = 0xFFFF;
constexpr std::size_t checksum_size = 4;

// Header (length, request, response to, opcode), flags, kind of the first section.
constexpr std::size_t header_size = 16;
constexpr std::size_t body_offset = header_size + 4 + 1;
constexpr std::size_t empty_document = 5;
constexpr std::size_t least_message = body_offset + empty_document;

// A reply with one document of 1 KB fits easily, and one with a hundred mostly.
constexpr std::size_t buffer_size = 64 * 1024;

static_assert(std::endian::native == std::endian::little, "the protocol's numbers are copied as they are");

void store(std::byte* to, std::int32_t v) noexcept {
    std::memcpy(to, &v, sizeof v);
}

template <class T = std::int32_t>
T load(std::byte const* from) noexcept {
    T result;
    std::memcpy(&result, from, sizeof result);
    return result;
}

} // namespace

void outgoing_message::begin(std::int32_t request_number, command& what, command_addition const& addition, answered how) {
    tail_.clear();
    bson_writer writer(tail_);
    auto const root = writer.open();
    writer.put("$db", addition.database);
    if (!addition.session.empty())
        writer.put("lsid", bson_view(addition.session));
    if (addition.transaction_number)
        writer.put("txnNumber", *addition.transaction_number);
    if (addition.in_transaction)
        writer.put("autocommit", false);
    if (addition.starts_transaction)
        writer.put("startTransaction", true);
    if (!addition.cluster_time.empty())
        writer.put("$clusterTime", bson_view(addition.cluster_time));
    if (addition.max_time)
        writer.put("maxTimeMS", addition.max_time->count());
    if (!addition.read_concern.empty())
        writer.put("readConcern", bson_view(addition.read_concern));
    if (!addition.write_concern.empty())
        writer.put("writeConcern", bson_view(addition.write_concern));
    writer.close(root);
    // The members of the tail take the place of the body's last byte; its own length is not sent.
    auto const document_size = what.body.size() - 1 + tail_.size() - 4;
    if (!what.documents.empty()) {
        constexpr std::string_view name("documents", sizeof "documents"); // with the NUL
        auto const at = tail_.size();
        tail_.resize(at + 1 + 4 + name.size());
        tail_[at] = std::byte(1);
        store(tail_.data() + at + 1, static_cast<std::int32_t>(4 + name.size() + what.documents.size()));
        std::memcpy(tail_.data() + at + 5, name.data(), name.size());
    }
    size_ = head_size + what.body.size() - 1 + tail_.size() - 4 + what.documents.size();
    if (size_ > max_message_size)
        throw error(
            errc::limit_exceeded, fmt::format("the command has {} bytes, a message may have {}", size_, max_message_size));
    store(what.body.data(), static_cast<std::int32_t>(document_size));

    store(head_.data(), static_cast<std::int32_t>(size_));
    store(head_.data() + 4, request_number);
    store(head_.data() + 8, 0);
    store(head_.data() + 12, op_msg);
    store(head_.data() + 16, how == answered::yes ? 0 : static_cast<std::int32_t>(more_to_come));
    head_[20] = std::byte(0);
    parts_ = {asio::const_buffer(head_.data(), head_.size()), asio::const_buffer(what.body.data(), what.body.size() - 1),
        asio::const_buffer(tail_.data() + 4, tail_.size() - 4), asio::const_buffer(what.documents.data(), what.documents.size())};
}

void outgoing_message::advance(std::size_t count) noexcept {
    size_ -= count;
    for (auto& part : parts_) {
        auto const step = std::min(count, part.size());
        part += step;
        count -= step;
    }
}

incoming_message::incoming_message() : buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_size)) {}

void incoming_message::begin(std::int32_t request_number) noexcept {
    request_number_ = request_number;
    used_ = 0;
    size_ = 0;
    is_large_ = false;
}

asio::mutable_buffer incoming_message::space() noexcept {
    if (is_large_)
        return asio::mutable_buffer(large_.data() + large_used_, large_.size() - large_used_);
    return asio::mutable_buffer(buffer_.get() + used_, buffer_size - used_);
}

incoming_message::progress incoming_message::take(std::size_t count) {
    if (is_large_) {
        large_used_ += count;
        if (large_used_ < large_.size())
            return progress::unfinished;
    } else {
        used_ += count;
        if (size_ == 0) {
            if (used_ < header_size)
                return progress::unfinished;
            if (!has_sound_header())
                return progress::malformed;
            if (used_ < least_message)
                return progress::unfinished;
            if (!has_sound_body())
                return progress::malformed;
            size_ = static_cast<std::size_t>(load(buffer_.get()));
        }
        if (used_ > size_)
            return progress::malformed; // what nobody has asked for
        if (used_ < size_) {
            if (size_ > buffer_size)
                begin_large();
            return progress::unfinished;
        }
    }
    return progress::complete;
}

bool incoming_message::has_sound_header() const noexcept {
    auto const* const head = buffer_.get();
    auto const size = load(head);
    return size >= static_cast<std::int32_t>(least_message) && size <= static_cast<std::int32_t>(max_message_size) &&
           load(head + 8) == request_number_ && load(head + 12) == op_msg;
}

// One section, which is a document and fills the message.
bool incoming_message::has_sound_body() const noexcept {
    auto const* const head = buffer_.get();
    auto const flags = load<std::uint32_t>(head + header_size);
    auto const checksum = (flags & checksum_present) != 0 ? checksum_size : 0;
    auto const document = load(head + body_offset);
    return (flags & required_flags & ~checksum_present) == 0 && head[body_offset - 1] == std::byte(0) &&
           document >= static_cast<std::int32_t>(empty_document) &&
           body_offset + static_cast<std::size_t>(document) + checksum == static_cast<std::size_t>(load(head));
}

void incoming_message::begin_large() {
    is_large_ = true;
    large_ = take_bytes(size_ - body_offset);
    large_used_ = used_ - body_offset;
    std::memcpy(large_.data(), buffer_.get() + body_offset, large_used_);
}

bson_buffer incoming_message::body() {
    auto const length = static_cast<std::size_t>(load(is_large_ ? large_.data() : buffer_.get() + body_offset));
    if (is_large_) {
        large_.resize(length); // without the checksum
        return std::exchange(large_, bson_buffer());
    }
    auto const* const first = buffer_.get() + body_offset;
    return bson_buffer(first, first + length);
}

} // namespace cormorant::detail
