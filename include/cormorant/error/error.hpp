#pragma once

/// The one exception of the library, and the diagnostics that it carries.

#include <cormorant/error/errc.hpp>

#include <boost/system/system_error.hpp>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant {

/// What can be true of a write that failed.
enum class outcome {
    /// Nothing was sent: the data is as it was.
    not_sent,
    /// It was sent, and no answer came: the server may have done it.
    maybe_applied,
    /// The server did it, and something failed afterwards (an after hook, a write concern).
    applied,
};

/// Where an operation spends its time.
enum class phase { none, hooks, queue, resolve, connect, tls, authentication, selection, server, decode };

std::string_view to_string(outcome) noexcept;
std::string_view to_string(phase) noexcept;

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

    /// For writes only.
    outcome what_happened = outcome::not_sent;
    /// True when `what_happened` means something: the operation is a write.
    bool is_write = false;
    /// How many documents of a bulk write were written before the error.
    std::int64_t written = 0;
    /// Attempts made, retries included.
    int attempts = 0;
    /// How often the body of a transaction was begun.
    int transaction_attempts = 0;
    /// The phase that used up the time, for timeouts.
    phase slow_phase = phase::none;

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
