#pragma once

/// The one exception of the library, and the diagnostics that it carries.

#include <cormorant/error/errc.hpp>

#include <boost/system/system_error.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant {

/// What can be true of a write that failed.
enum class outcome {
    /// The data is as it was: nothing was sent, or the server refused it.
    not_sent,
    /// It was sent, and nothing that came back says whether the server did it.
    maybe_applied,
    /// The server did it, and something failed afterwards (an after hook, a write concern). Of a bulk insert: some documents are
    /// written, `diagnostics::documents` says which.
    applied,
};

/// Where an operation spends its time.
enum class phase { none, hooks, queue, resolve, connect, tls, authentication, selection, server, decode };

std::string_view to_string(outcome) noexcept;
std::string_view to_string(phase) noexcept;

/// How long an operation was in each phase. Thread safety: as a standard container.
class phase_times {
public:
    std::chrono::nanoseconds operator[](phase p) const noexcept { return times_[static_cast<std::size_t>(p)]; }
    void add(phase p, std::chrono::nanoseconds time) noexcept { times_[static_cast<std::size_t>(p)] += time; }
    phase_times& operator+=(phase_times const& more) noexcept;
    std::chrono::nanoseconds total() const noexcept;
    /// The phase that took the most time; `phase::none` when no time is known.
    phase longest() const noexcept;

    friend bool operator==(phase_times const&, phase_times const&) = default;

private:
    std::array<std::chrono::nanoseconds, 10> times_{};
};

/// What can be true of one document of an insert that failed.
struct document_outcome {
    /// Among the documents as they were sent, hooks having had their say: the first is 0.
    std::size_t position = 0;
    outcome what_happened = outcome::not_sent;
    /// Why it was not written, or what failed afterwards (`errc::write_concern`). `errc()` for a document that was written, and
    /// for one that was never tried because another one failed.
    errc code = errc();
    /// The server's code for this document; 0: it gave none.
    int server_code = 0;
    /// One sentence without values.
    std::string message;
};

/// One rule that one value breaks.
struct violation {
    /// Dotted path with array positions, `"rows.1.k"`.
    std::string path;
    /// `errc::validation`, `errc::required` or `errc::unknown_field`.
    errc code = errc::validation;
    /// The rule in one word, `"max_length"`, `"type"`, `"required"`.
    std::string rule;
    /// A sentence without the path: `"must not be longer than 200 characters"`.
    std::string message;
    /// The value as relaxed Extended JSON, shortened; empty when there is none.
    std::string value;
};

/// Everything that is known of a failed operation. Fields that do not apply are empty.
struct diagnostics {
    std::string model;
    std::string operation;
    /// `"afterFind_author"` when a hook failed.
    std::string hook;
    /// The path of the first violation, or of the field that a unique index guards.
    std::string path;
    /// The value at `path` as relaxed Extended JSON, shortened.
    std::string value;
    /// All violations of a write, not only the first.
    std::vector<violation> violations;

    /// For writes only: of all that was to be written.
    outcome what_happened = outcome::not_sent;
    /// True when `what_happened` means something: the operation is a write.
    bool is_write = false;
    /// How many documents of a bulk write were written before the error.
    std::int64_t written = 0;
    /// Of a bulk insert that was sent: what can be true of each of its documents, in order. Empty for all else.
    std::vector<document_outcome> documents;
    /// Attempts made, retries included.
    int attempts = 0;
    /// How often the body of a transaction was begun.
    int transaction_attempts = 0;
    /// For timeouts and cancellation: the phase that used up the time, or, when little is known, the one that was interrupted.
    phase slow_phase = phase::none;
    /// How long the operation was in each phase before it failed, as far as it is known.
    phase_times times;

    int server_code = 0;
    /// The server's own text. It may repeat what users sent: log it, do not show it.
    std::string server_message;
    std::vector<std::string> server_labels;
};

/// The exception of the library: an error code, one sentence, and diagnostics. Cheap to copy.
///
/// `what()` is one line that names model, operation, path and value as far as they are known.
/// Thread safety: distinct objects may be used from distinct threads.
class error : public boost::system::system_error {
public:
    explicit error(errc code);
    error(errc code, std::string message);
    error(errc code, std::string message, diagnostics details);

    /// The sentence alone, without model, operation and path.
    std::string const& message() const noexcept;
    diagnostics const& details() const noexcept;
    /// Adds context on the way up (copies the shared state when it is shared).
    diagnostics& details();

    /// The whole text: one line, then one line for each violation.
    std::string report() const;
    char const* what() const noexcept override;

private:
    struct state;
    std::shared_ptr<state> state_;
};

/// Wraps an error to an `exception_ptr` without throwing it, for completion handlers.
std::exception_ptr make_exception(error e);

} // namespace cormorant
