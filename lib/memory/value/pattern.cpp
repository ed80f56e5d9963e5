#include "pattern.hpp"

#include "refusal.hpp"
#include "text.hpp"

#include <boost/regex.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <locale>

namespace cormorant::memory {

namespace {

/// Case folding that does not depend on the locale of the process.
struct wide_traits : boost::cpp_regex_traits<wchar_t> {
    wchar_t translate_nocase(wchar_t c) const { return tolower(c); }
    wchar_t translate(wchar_t c) const { return c; }
    wchar_t translate(wchar_t c, bool nocase) const { return nocase ? tolower(c) : c; }
    wchar_t tolower(wchar_t c) const { return static_cast<wchar_t>(text::lower(static_cast<char32_t>(c))); }
};

using narrow_regex = boost::basic_regex<char, boost::cpp_regex_traits<char>>;
using wide_regex = boost::basic_regex<wchar_t, wide_traits>;

static_assert(sizeof(wchar_t) == 4, "one wchar_t holds one code point");

std::wstring widen(std::string_view s) {
    std::wstring result;
    result.reserve(s.size());
    while (!s.empty()) {
        result.push_back(static_cast<wchar_t>(text::next(s)));
    }
    return result;
}

struct modes {
    bool multi_line = false;
    bool dot_all = false;
    bool extended = false;
};

/// Rewrites PCRE to what Boost understands in the same way: it differs in the meaning of `.`, `^` and `$` (it takes other
/// characters for line ends too) and in some spellings. The modes m, s and x are resolved here; i is left to Boost.
class translator {
public:
    translator(std::string_view source, modes initial) : rest_(source), now_(initial) {}

    std::string run() {
        while (!rest_.empty()) {
            step();
        }
        return std::move(out_);
    }

private:
    char take() {
        char const c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    void step() {
        char const c = take();
        switch (c) {
        case '\\':
            escape();
            return;
        case '[':
            bracket();
            return;
        case '(':
            saved_.push_back(now_);
            open();
            return;
        case ')':
            if (!saved_.empty()) {
                now_ = saved_.back();
                saved_.pop_back();
            }
            out_ += c;
            return;
        case '.':
            out_ += now_.dot_all ? "." : "[^\\n]";
            return;
        case '^':
            out_ += now_.multi_line ? "(?:\\A|(?<=\\n)(?!\\z))" : "\\A";
            return;
        case '$':
            out_ += now_.multi_line ? "(?=\\n|\\z)" : "(?=\\n?\\z)";
            return;
        case '#':
            if (now_.extended) {
                rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
                return;
            }
            break;
        default:
            if (now_.extended && (c == ' ' || (c >= '\t' && c <= '\r'))) {
                return;
            }
        }
        out_ += c;
    }

    void escape() {
        if (rest_.empty()) {
            out_ += '\\';
            return;
        }
        char const c = take();
        if (c == 'Q') {
            auto const end = rest_.find("\\E");
            for (char const literal : rest_.substr(0, end)) {
                if (static_cast<unsigned char>(literal) < 0x80 && !std::isalnum(static_cast<unsigned char>(literal))) {
                    out_ += '\\';
                }
                out_ += literal;
            }
            rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 2);
        } else if (c == 'Z') {
            out_ += "(?=\\n?\\z)";
        } else {
            out_ += '\\';
            out_ += c;
        }
    }

    void bracket() {
        out_ += '[';
        if (rest_.starts_with('^')) {
            out_ += take();
        }
        if (rest_.starts_with(']')) { // a literal in the first place
            out_ += "\\]";
            take();
        }
        while (!rest_.empty()) {
            char const c = take();
            if (c == '\\' && !rest_.empty()) {
                out_ += c;
                out_ += take();
            } else if (c == '[' && rest_.starts_with(':') && rest_.find(":]") != std::string_view::npos) {
                auto const end = rest_.find(":]") + 2;
                out_ += c;
                out_ += rest_.substr(0, end);
                rest_.remove_prefix(end);
            } else if (c == '[') {
                out_ += "\\[";
            } else {
                out_ += c;
                if (c == ']') {
                    return;
                }
            }
        }
    }

    // Behind "(". Options of their own, "(?i)", change the modes up to the end of the enclosing group.
    void open() {
        if (!rest_.starts_with('?')) {
            out_ += '(';
            return;
        }
        if (rest_.starts_with("?#")) {
            rest_.remove_prefix(std::min(rest_.find(')'), rest_.size()));
            if (!rest_.empty()) {
                take();
            }
            saved_.pop_back();
            return;
        }
        if (rest_.starts_with("?P<")) {
            rest_.remove_prefix(3);
            out_ += "(?<";
            return;
        }
        if (rest_.starts_with("?P=")) {
            rest_.remove_prefix(3);
            auto const end = std::min(rest_.find(')'), rest_.size());
            out_ += fmt::format("\\k<{}>", rest_.substr(0, end));
            rest_.remove_prefix(end == rest_.size() ? end : end + 1);
            saved_.pop_back();
            return;
        }
        auto const end = rest_.find_first_not_of("imsx-", 1);
        bool const options = end != std::string_view::npos && end > 1 && (rest_[end] == ')' || rest_[end] == ':');
        if (!options) {
            out_ += '(';
            return;
        }
        bool on = true;
        std::string kept;
        for (char const c : rest_.substr(1, end - 1)) {
            switch (c) {
            case '-':
                on = false;
                break;
            case 'm':
                now_.multi_line = on;
                break;
            case 's':
                now_.dot_all = on;
                break;
            case 'x':
                now_.extended = on;
                break;
            default:
                kept = on ? "i" : "-i";
            }
        }
        bool const whole = rest_[end] == ')';
        rest_.remove_prefix(end + 1);
        if (whole) { // no group was opened
            saved_.pop_back();
            if (!kept.empty()) {
                out_ += fmt::format("(?{})", kept);
            }
        } else {
            out_ += fmt::format("(?{}:", kept);
        }
    }

    std::string_view rest_;
    modes now_;
    std::vector<modes> saved_;
    std::string out_;
};

} // namespace

struct pattern::state {
    std::string source;
    std::string options;
    /// For subjects in ASCII; absent when the pattern is not.
    std::optional<narrow_regex> narrow;
    wide_regex wide;
};

pattern::pattern(std::string_view source, std::string_view options, int bad_option_code) {
    modes initial;
    auto flags = boost::regex_constants::perl | boost::regex_constants::mod_s;
    for (char const c : options) {
        switch (c) {
        case 'i':
            flags |= boost::regex_constants::icase;
            break;
        case 'm':
            initial.multi_line = true;
            break;
        case 's':
            initial.dot_all = true;
            break;
        case 'x':
            initial.extended = true;
            break;
        case 'u':
            break;
        default:
            refuse(bad_option_code, fmt::format(" invalid flag in regex options: {}", c));
        }
    }
    if (source.find('\0') != std::string_view::npos) {
        refuse(code::bad_value, "Regular expression cannot contain an embedded null byte");
    }
    auto made = std::make_shared<state>();
    made->source = source;
    made->options = options;
    std::string const translated = translator(source, initial).run();
    try {
        if (text::is_ascii(translated)) {
            made->narrow.emplace();
            made->narrow->imbue(std::locale::classic());
            made->narrow->assign(translated, flags);
        }
        made->wide.imbue(std::locale::classic());
        made->wide.assign(widen(translated), flags);
    } catch (std::runtime_error const& e) {
        refuse(51091, fmt::format("Regular expression is invalid: {}", e.what()));
    }
    state_ = std::move(made);
}

namespace {

[[noreturn]] void too_complex(std::string const& source) {
    throw error(errc::limit_exceeded, fmt::format("matching the regular expression /{}/ takes too many steps", source));
}

} // namespace

bool pattern::matches(std::string_view subject) const {
    try {
        if (state_->narrow && text::is_ascii(subject)) {
            return boost::regex_search(subject.begin(), subject.end(), *state_->narrow);
        }
        std::wstring const wide = widen(subject);
        return boost::regex_search(wide, state_->wide);
    } catch (std::runtime_error const&) {
        too_complex(state_->source);
    }
}

std::optional<pattern::match> pattern::find(std::string_view subject, std::size_t from) const {
    std::wstring const wide = widen(subject);
    // Byte position of each code point, to translate the answer.
    std::vector<std::size_t> places;
    places.reserve(wide.size() + 1);
    for (std::string_view rest = subject; !rest.empty(); text::next(rest)) {
        places.push_back(subject.size() - rest.size());
    }
    places.push_back(subject.size());
    auto const start = wide.begin() + (std::ranges::lower_bound(places, from) - places.begin());
    boost::match_results<std::wstring::const_iterator> found;
    try {
        auto const flags = from == 0 ? boost::match_default : boost::match_prev_avail | boost::match_not_bob;
        if (!boost::regex_search(start, wide.end(), found, state_->wide, flags)) {
            return std::nullopt;
        }
    } catch (std::runtime_error const&) {
        too_complex(state_->source);
    }
    auto const place = [&](auto it) { return places[static_cast<std::size_t>(it - wide.begin())]; };
    match result{place(found[0].first), place(found[0].second), {}};
    for (std::size_t i = 1; i < found.size(); ++i) {
        if (found[static_cast<int>(i)].matched) {
            result.captures.emplace_back(
                std::pair(place(found[static_cast<int>(i)].first), place(found[static_cast<int>(i)].second)));
        } else {
            result.captures.emplace_back();
        }
    }
    return result;
}

std::string const& pattern::source() const noexcept {
    return state_->source;
}
std::string const& pattern::options() const noexcept {
    return state_->options;
}

} // namespace cormorant::memory
