#pragma once

/// `preparation`: makes documents, or an update, ready to be written.

#include <cormorant/schema/schema.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace cormorant {

/// The steps from what a caller gave to what is stored: setters and defaults, transforms, the removal of empty values, types and
/// required fields, checks. Plain rules run in `run`; where a rule is a coroutine `run` stops, and `finish` goes on from there:
/// \code
/// if (!stage.run())
///     co_await stage.finish();
/// \endcode
/// Everything that is wrong is in `violations` afterwards, in the order in which the fields are declared. Schema and data must
/// outlive it. Errors: those of `schema::prepare_for_write` and `schema::prepare_delta`; what rules throw passes through, and a
/// `cormorant::error` of theirs that has no path gets that of the value. Cancellation: that of the rules.
class preparation {
public:
    /// Whole documents. With more than one the messages of violations name the position.
    preparation(schema const& s, std::span<document> docs, prepare_options options);
    /// An update.
    preparation(schema const& s, value& delta, prepare_options options);
    preparation(preparation&&) noexcept;
    preparation& operator=(preparation&&) noexcept;
    ~preparation();

    /// True: all is done.
    bool run();
    boost::asio::awaitable<void> finish();

    std::vector<violation>& violations() noexcept;
    /// Of an update.
    update_kind form() const noexcept;

private:
    class state;
    std::unique_ptr<state> state_;
};

} // namespace cormorant
