#pragma once

/// `preparation`: makes documents, or an update, ready to be written.

#include <cormorant/schema/schema.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cormorant {

namespace detail {
struct rule_call;
struct rule_queue;
} // namespace detail

/// The steps from what a caller gave to what is stored: setters and defaults, transforms, the removal of empty values, types and
/// required fields, checks. Plain rules run in `run`; where a rule is a coroutine `run` stops, and `finish` goes on from there:
/// \code
/// if (!stage.run())
///     co_await stage.finish();
/// \endcode
/// Everything that is wrong is in `violations` afterwards, for each document in the order that the definition wants
/// (`faults_as_declared`). Schema and data must outlive it. Errors: those of `schema::prepare_for_write` and
/// `schema::prepare_delta`; what rules throw passes through, and a `cormorant::error` of theirs that has no path gets that of the
/// value. Cancellation: that of the rules.
class preparation {
public:
    /// Whole documents. With more than one the messages of violations name the position.
    preparation(schema const& s, std::span<document> docs, prepare_options options);
    /// An update. Throws `errc::invalid_argument` for a value that is none.
    preparation(schema const& s, value& delta, prepare_options options);
    preparation(preparation&&) noexcept;
    preparation& operator=(preparation&&) noexcept;
    ~preparation();

    /// True: all is done.
    bool run();
    boost::asio::awaitable<void> finish();

    std::vector<violation>& violations() noexcept { return violations_; }
    /// Of an update.
    update_kind form() const noexcept { return form_; }

private:
    enum class step : std::uint8_t { begin, transform, validate, check };

    void begin(document* whole);
    void validate(document* whole);
    void end(document const* whole);
    bool run_rules();
    boost::asio::awaitable<void> wait_for_rule();
    void note(detail::rule_call const& call, value_check const& rule, std::optional<std::string> message);

    schema const* schema_;
    std::span<document> docs_;
    value* delta_ = nullptr;
    prepare_options options_;
    update_kind form_ = update_kind::replacement;
    std::vector<violation> violations_;
    step step_ = step::begin;
    std::size_t unit_ = 0;                      // a document, or the update
    std::size_t first_ = 0;                     // violation of the unit
    std::unique_ptr<detail::rule_queue> rules_; // null while there are none
};

} // namespace cormorant
