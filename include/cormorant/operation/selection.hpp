#pragma once

/// Which documents a write is about: those of a filter, or all of them.

#include <cormorant/bson/value.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace cormorant {

/// `orm::all`: every document. It stands where a filter stands, `post.remove(orm::all)`.
enum all_t { all };

/// What `update`, `find_and_update` and `remove` take in the place of a filter: a filter, which has to say something, or `all`.
///
/// A filter that every document fits is how data is lost by accident: of a form that was left empty, of an id that is
/// absent. Such a filter is `errc::invalid_argument`, whoever left it empty: the caller, or a hook. See docs/writes.md. A value.
template <class Filter>
class basic_selection {
public:
    /// An empty filter, which is refused.
    basic_selection() = default;
    basic_selection(all_t) noexcept : everything_(true) {}
    template <class F>
        requires(std::convertible_to<F, Filter> && !std::same_as<std::remove_cvref_t<F>, basic_selection> &&
                 !std::same_as<std::remove_cvref_t<F>, all_t>)
    basic_selection(F&& filter) : filter_(std::forward<F>(filter)) {}

    /// Whether the caller said `all`.
    bool everything() const noexcept { return everything_; }
    Filter const& filter() const& noexcept { return filter_; }
    Filter filter() && noexcept { return std::move(filter_); }

private:
    Filter filter_;
    bool everything_ = false;
};
using selection = basic_selection<document>;

} // namespace cormorant
