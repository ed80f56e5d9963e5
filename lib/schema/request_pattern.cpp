#include "schema/request.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace cormorant::detail {

namespace {

/// Reads a regular expression from left to right and stops at the first thing that a client may not write. What it lets through
/// is a part of what all dialects understand alike, and takes no exponential time: nothing is repeated that repeats or branches
/// itself.
class pattern_reader {
public:
    pattern_reader(std::string_view pattern, regex_rules const& rules) noexcept : rest_(pattern), rules_(rules) {}

    std::optional<std::string> run() {
        if (rest_.size() > rules_.max_length) {
            return fmt::format("is longer than {} bytes", rules_.max_length);
        }
        if (rest_.empty()) {
            return "is empty";
        }
        if (!rules_.unanchored && rest_.front() != '^') {
            return "has to begin with ^";
        }
        groups_.emplace_back();
        while (!fault_ && !rest_.empty()) {
            step(next());
        }
        if (!fault_ && groups_.size() != 1) {
            fault_ = "has a group without an end";
        }
        return fault_;
    }

private:
    struct group {
        bool repeats = false;
        bool branches = false;
    };

    char next() noexcept {
        char const c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    bool take(char c) noexcept {
        bool const there = rest_.starts_with(c);
        rest_.remove_prefix(there ? 1 : 0);
        return there;
    }

    void step(char c) {
        switch (c) {
        case '\\':
            escape();
            atom({});
            break;
        case '[':
            choice();
            atom({});
            break;
        case '(':
            rest_.remove_prefix(rest_.starts_with("?:") ? 2 : 0); // any other ? or * repeats nothing, and is refused as such
            groups_.emplace_back();
            break;
        case ')': {
            if (groups_.size() == 1) {
                fault_ = "has a bracket that nothing opens";
                break;
            }
            auto const closed = groups_.back();
            groups_.pop_back();
            groups_.back().repeats |= closed.repeats;
            groups_.back().branches |= closed.branches;
            atom(closed);
            break;
        }
        case '|':
            if (groups_.size() == 1 && !rules_.unanchored) {
                fault_ = "may branch only within a group";
            }
            groups_.back().branches = true;
            break;
        case '*':
        case '+':
        case '?':
        case '{':
            fault_ = "repeats what cannot be repeated";
            break;
        case '\0':
            fault_ = "has a NUL byte";
            break;
        case '^':
        case '$':
            break;
        default:
            atom({});
        }
    }

    /// After something that may be repeated: how often, if that is said.
    void atom(group const& inner) {
        if (fault_ || rest_.empty()) {
            return;
        }
        std::size_t most = 0; // 0: any number
        if (take('?')) {
            most = 1;
        } else if (take('{')) {
            most = bound();
        } else if (!take('*') && !take('+')) {
            return;
        }
        if (fault_) {
            return;
        }
        if (most != 1 && (inner.repeats || inner.branches)) {
            fault_ = "repeats what itself repeats or branches";
            return;
        }
        groups_.back().repeats = true;
        constexpr std::size_t few = 10;
        if ((most == 0 || most > few) && ++repetitions_ > rules_.max_repetitions) {
            fault_ = fmt::format("has more than {} repetitions", rules_.max_repetitions);
            return;
        }
        take('?'); // as few as possible
        if (rest_.starts_with('+')) {
            fault_ = "repeats what cannot be repeated";
        }
    }

    /// Behind `{`: `n}`, `n,}` or `n,m}`.
    std::size_t bound() {
        constexpr std::size_t greatest = 100;
        std::size_t least = 0;
        if (!number(least)) {
            return 0;
        }
        std::size_t most = least;
        bool open = false;
        if (take(',')) {
            open = rest_.starts_with('}');
            if (!open && !number(most)) {
                return 0;
            }
        }
        if (!take('}') || most > greatest || most < least) {
            fault_ = fmt::format("has a number of repetitions that is none from 0 to {}", greatest);
        }
        return open || most == 0 ? 0 : most;
    }
    bool number(std::size_t& n) {
        auto const [end, ec] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), n);
        if (ec != std::errc()) {
            fault_ = "has a { that no number follows";
            return false;
        }
        rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
        return true;
    }

    void escape() {
        static constexpr std::string_view classes = "dDwWsSbBtnrf";
        static constexpr std::string_view signs = R"(\^$.|?*+()[]{}-/ ,:;!"#%&'<>=@_`~)";
        if (rest_.empty() ||
            (classes.find(rest_.front()) == std::string_view::npos && signs.find(rest_.front()) == std::string_view::npos)) {
            fault_ = R"(has a \ followed by what is not allowed there)";
            return;
        }
        next();
    }

    /// Behind `[`.
    void choice() {
        take('^');
        for (bool first = true; !fault_; first = false) {
            if (rest_.empty()) {
                fault_ = "has a [ without an end";
                return;
            }
            char const c = next();
            if (c == ']' && !first) {
                return;
            }
            if (c == '[' || c == '\0') {
                fault_ = "has within [] what is not allowed there";
            } else if (c == '\\') {
                escape();
            }
        }
    }

    std::string_view rest_;
    regex_rules const& rules_;
    std::vector<group> groups_;
    int repetitions_ = 0;
    std::optional<std::string> fault_;
};

} // namespace

std::optional<std::string> pattern_fault(std::string_view pattern, regex_rules const& rules) {
    return pattern_reader(pattern, rules).run();
}

} // namespace cormorant::detail
