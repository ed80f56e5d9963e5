#pragma once

/// `request_policy`: what input of clients (`untrusted`) may become.
/// \code
/// model_definition("post").requests(request_policy()
///     .filter("status", filter_word::eq, filter_word::in)
///     .filter("title", filter_word::starts_with)
///     .sort("created", "title")
///     .fields("title", "status", "author.name")
///     .include("author")
///     .write("title", "text")
///     .page_size(20, 100));
/// \endcode

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cormorant {

/// What a client may say of a path: `status=open` is `eq`, the others are written `age[gte]=18` or `{"age": {"gte": 18}}`.
enum class filter_word : std::uint8_t {
    eq,
    ne,
    gt,
    gte,
    lt,
    lte,
    /// One of a list: `a,b` or `["a", "b"]`.
    in,
    nin,
    /// `true` or `false`.
    exists,
    /// A text within the text, letters of either case.
    contains,
    /// The beginning of the text. An index helps.
    starts_with,
    /// A regular expression, see `regex_rules`.
    regex,
};
std::string_view to_string(filter_word) noexcept;

/// What regular expressions of clients may be. Whatever is allowed here, back references, looking around, flags within the
/// expression and repetitions of what itself repeats or branches (`(a+)+`, `(a|b)*`) are refused: they take exponential time.
struct regex_rules {
    /// Bytes of the expression.
    std::size_t max_length = 64;
    /// True: it may match anywhere in the text, and no index helps. False: it has to begin with `^`.
    bool unanchored = false;
    /// `*`, `+` and `{n,}` in one expression.
    int max_repetitions = 2;
};

/// The only way from `untrusted` to an operation: what is not named here is refused, with `errc::unauthorized` naming the path (or
/// the word), never its value. Without any of these calls nothing may be filtered by, sorted by, chosen, included or written; what a
/// find answers is bounded by `page_size`. A value; checked against the model when its definition is compiled.
class request_policy {
public:
    /// Which words may be said of a field; without words: `eq` and `in`. The path is that of a stored field or of one below it
    /// (`"address.city"`); clients write it just so.
    template <class... Words>
    request_policy& filter(std::string path, Words... words) {
        return filter_words(std::move(path), std::vector<filter_word>{words...});
    }
    request_policy& filter_words(std::string path, std::vector<filter_word> words);
    template <class... Paths>
        requires(sizeof...(Paths) > 0)
    request_policy& sort(Paths const&... paths) {
        (sort_.emplace_back(paths), ...);
        return *this;
    }
    /// What may be chosen to be read, paths below relationships too. A request that chooses nothing reads all of these; where
    /// there is no such list requests do not choose, and read what the application's own options say.
    template <class... Paths>
        requires(sizeof...(Paths) > 0)
    request_policy& fields(Paths const&... paths) {
        (fields_.emplace_back(paths), ...);
        return *this;
    }
    /// Relationships that may be populated; deeper ones are named by their whole path, `"author.image"`, and so is their depth
    /// bounded.
    template <class... Paths>
        requires(sizeof...(Paths) > 0)
    request_policy& include(Paths const&... paths) {
        (include_.emplace_back(paths), ...);
        return *this;
    }
    /// Hooks that may be asked for, `"afterFind_preview"`.
    template <class... Names>
        requires(sizeof...(Names) > 0)
    request_policy& hooks(Names const&... names) {
        (hooks_.emplace_back(names), ...);
        return *this;
    }
    /// What bodies may set: a field with everything below it, or a path in an object.
    template <class... Paths>
        requires(sizeof...(Paths) > 0)
    request_policy& write(Paths const&... paths) {
        (write_.emplace_back(paths), ...);
        return *this;
    }
    /// Documents in an answer: without `limit`, and at most.
    request_policy& page_size(std::int64_t usual, std::int64_t most) {
        page_size_ = usual;
        max_page_size_ = most;
        return *this;
    }
    request_policy& max_skip(std::int64_t n) {
        max_skip_ = n;
        return *this;
    }
    request_policy& regex(regex_rules rules) {
        regex_ = rules;
        return *this;
    }
    /// Conditions in a filter, at all depths.
    request_policy& max_clauses(int n) {
        max_clauses_ = n;
        return *this;
    }
    /// `and` and `or` within each other.
    request_policy& max_depth(int n) {
        max_depth_ = n;
        return *this;
    }
    /// Items of `in` and `nin`.
    request_policy& max_list(int n) {
        max_list_ = n;
        return *this;
    }

    std::map<std::string, std::vector<filter_word>, std::less<>> const& filter() const noexcept { return filter_; }
    std::vector<std::string> const& sort() const noexcept { return sort_; }
    std::vector<std::string> const& fields() const noexcept { return fields_; }
    std::vector<std::string> const& include() const noexcept { return include_; }
    std::vector<std::string> const& hooks() const noexcept { return hooks_; }
    std::vector<std::string> const& write() const noexcept { return write_; }
    std::int64_t page_size() const noexcept { return page_size_; }
    std::int64_t max_page_size() const noexcept { return max_page_size_; }
    std::int64_t max_skip() const noexcept { return max_skip_; }
    regex_rules const& regex() const noexcept { return regex_; }
    int max_clauses() const noexcept { return max_clauses_; }
    int max_depth() const noexcept { return max_depth_; }
    int max_list() const noexcept { return max_list_; }

private:
    std::map<std::string, std::vector<filter_word>, std::less<>> filter_;
    std::vector<std::string> sort_;
    std::vector<std::string> fields_;
    std::vector<std::string> include_;
    std::vector<std::string> hooks_;
    std::vector<std::string> write_;
    std::int64_t page_size_ = 20;
    std::int64_t max_page_size_ = 100;
    std::int64_t max_skip_ = 10'000;
    regex_rules regex_;
    int max_clauses_ = 20;
    int max_depth_ = 4;
    int max_list_ = 100;
};

} // namespace cormorant
