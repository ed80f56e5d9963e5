#pragma once

/// Regular expressions with PCRE's meaning, on UTF-8 text.

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant::memory {

/// A compiled regular expression. Cheap to copy, immutable.
///
/// The engine is Boost.Regex: the pattern is rewritten so that `.`, `^`, `$` and the options mean what they mean in PCRE.
/// Matching that takes too many steps ends with `errc::limit_exceeded`.
class pattern {
public:
    /// `options`: letters of `imsxu`. Refuses a bad pattern with 51091 and bad options with `bad_option_code`.
    pattern(std::string_view source, std::string_view options, int bad_option_code = 51108);

    bool matches(std::string_view subject) const;

    /// Byte positions in the subject.
    struct match {
        std::size_t begin;
        std::size_t end;
        /// Of the groups; nothing for one that took no part.
        std::vector<std::optional<std::pair<std::size_t, std::size_t>>> captures;
    };
    /// The first match at or after byte `from`.
    std::optional<match> find(std::string_view subject, std::size_t from = 0) const;

    std::string const& source() const noexcept;
    std::string const& options() const noexcept;

private:
    struct state;
    std::shared_ptr<state const> state_;
};

} // namespace cormorant::memory
