#pragma once

/// Answers that arrive in batches.

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/json.hpp>
#include <cormorant/operation/operations.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>

#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace cormorant {

/// Some documents of an answer, either as documents or as the BSON that came from the server.
///
/// Which of the two is the store's business; ask for what you need and pay for a conversion only when it differs.
/// Thread safety: as a standard container.
class batch {
public:
    /// BSON documents, one after the other in one buffer.
    struct raw_documents {
        std::vector<std::byte> buffer;
        /// Offset and length of each document in `buffer`.
        std::vector<std::pair<std::uint32_t, std::uint32_t>> places;
    };

    batch() noexcept;
    explicit batch(documents docs) noexcept;
    explicit batch(raw_documents raw) noexcept;

    std::size_t size() const noexcept;
    bool empty() const noexcept { return size() == 0; }
    bool is_raw() const noexcept;
    /// The size of the documents as BSON.
    std::size_t bytes() const noexcept;

    /// The documents; those decoded from BSON share one arena. Throws `errc::bad_bson`.
    documents take_documents() &&;
    /// Appends to `out`, decoding BSON to `arena`. Throws `errc::bad_bson`.
    void append_to(documents& out, storage const& arena) &&;
    /// Calls `f(bson_view)` for raw documents and `f(document const&)` for others.
    template <class F>
    void for_each(F&& f) const {
        if (auto const* raw = std::get_if<raw_documents>(&content_)) {
            for (auto const& [offset, length] : raw->places)
                f(bson_view(std::span<std::byte const>(raw->buffer).subspan(offset, length)));
        } else {
            for (document const& d : std::get<documents>(content_))
                f(d);
        }
    }

private:
    std::variant<documents, raw_documents> content_;
};

/// All documents as one JSON array. BSON becomes text without documents in between: for servers that pass answers on.
/// Throws `errc::bad_bson`.
std::string to_json(std::span<batch const> batches, json_mode mode = json_mode::relaxed);
std::string to_json(batch const& one, json_mode mode = json_mode::relaxed);

/// What a store implements for its cursors.
class cursor_source {
public:
    using completion = boost::asio::any_completion_handler<void(std::exception_ptr, batch)>;

    virtual ~cursor_source() = default;
    /// Gives the next batch; an empty one means that the end was reached (and so does every later call).
    /// At most one call is in flight. Never completes before it returns.
    virtual void next(completion done) = 0;
    /// What `next` would give, when nothing has to be waited for; otherwise nothing. No call is in flight.
    virtual std::optional<batch> ready() { return std::nullopt; }
    /// Gives back what the cursor holds (server cursor, pooled client) without waiting. No call is in flight or will follow.
    virtual void close() noexcept = 0;
};

/// An answer read batch by batch: the next batch is asked for only when you ask (back pressure). Move only.
///
/// Destroying a cursor before its end gives back what it holds: the server's cursor is killed in the background.
/// Cancellation: `terminal` and `total` end the wait; the cursor is closed then.
/// Thread safety: one call at a time.
class cursor {
public:
    cursor() noexcept = default;
    explicit cursor(std::unique_ptr<cursor_source> source) noexcept : source_(std::move(source)) {}
    cursor(cursor&&) noexcept = default;
    cursor& operator=(cursor&& other) noexcept {
        close();
        source_ = std::move(other.source_);
        return *this;
    }
    ~cursor() { close(); }

    /// Completes with `void(std::exception_ptr, batch)`: an empty batch is the end.
    template <class CompletionToken>
    auto async_next(CompletionToken&& token) {
        return boost::asio::async_initiate<CompletionToken, void(std::exception_ptr, batch)>(
            [source = source_.get()](cursor_source::completion done) { start_next(source, std::move(done)); }, token);
    }

    /// What `async_next` would give, when it is here already (the first batch mostly is, and so is the end after the last one): it saves
    /// the way through the executor. Nothing: ask `async_next`.
    std::optional<batch> ready() { return source_ ? source_->ready() : std::optional<batch>(std::in_place); }

    /// Idempotent.
    void close() noexcept {
        if (source_)
            source_->close();
        source_.reset();
    }

private:
    static void start_next(cursor_source* source, cursor_source::completion done);

    std::unique_ptr<cursor_source> source_;
};

} // namespace cormorant
