#include "schema/request.hpp"

#include "schema/failure.hpp"
#include "schema/request_parts.hpp"

#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

namespace cormorant::detail {

namespace {

bool contains(std::vector<std::string> const& list, std::string_view name) noexcept {
    return std::find(list.begin(), list.end(), name) != list.end();
}

bool is_pattern(filter_word word) noexcept {
    return word == filter_word::contains || word == filter_word::starts_with || word == filter_word::regex;
}

/// Every character stands for itself.
std::string escaped(std::string_view text) {
    std::string result;
    for (char const c : text) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_' ||
                           (static_cast<unsigned char>(c) & 0x80U) != 0;
        if (!plain) {
            result += '\\';
        }
        result += c;
    }
    return result;
}

class query_reader {
public:
    query_reader(schema const& s, request_policy const& policy) noexcept : schema_(s), policy_(policy) {}

    allowed_query read(document const& input) {
        for (auto const& member : input) {
            auto const key = member.key();
            auto const& v = member.value();
            if (key == "filter") {
                add_filter(result_.filter, object(key, v), 1);
            } else if (key == "sort") {
                each_text(key, v, [&](std::string_view text) { sort(text); });
            } else if (key == "fields") {
                each_text(key, v, [&](std::string_view path) { field(path); });
            } else if (key == "include") {
                each_text(key, v, [&](std::string_view path) { include(path); });
            } else if (key == "hooks") {
                each_text(key, v, [&](std::string_view name) { hook(name); });
            } else if (key == "limit") {
                limit_ = number(key, v, 1, policy_.max_page_size());
            } else if (key == "skip") {
                skip_ = number(key, v, 0, policy_.max_skip());
            } else if (key == "page") {
                page_ = number(key, v, 1, policy_.max_skip() + 1);
            } else {
                add_clause(result_.filter, key, v, 1);
            }
        }
        slice();
        choose_fields();
        populate();
        return std::move(result_);
    }

private:
    [[noreturn]] void refuse(errc code, std::string_view path, std::string_view message) const {
        refuse_request(code, schema_, path, message);
    }

    document const& object(std::string_view key, value const& v) const {
        auto const* const d = v.if_document();
        if (d == nullptr) {
            refuse(errc::invalid_argument, key, "takes an object");
        }
        return *d;
    }

    /// A text with commas, or a list of texts.
    template <class F>
    void each_text(std::string_view key, value const& v, F&& f) const {
        std::size_t count = 0;
        auto const one = [&](std::string_view text) {
            if (text.empty()) {
                return;
            }
            if (++count > max_names) {
                refuse(errc::limit_exceeded, key, fmt::format("has more than {} names", max_names));
            }
            f(text);
        };
        auto const list = [&](std::string_view text) {
            while (!text.empty()) {
                auto const comma = std::min(text.find(','), text.size());
                one(text.substr(0, comma));
                text.remove_prefix(std::min(comma + 1, text.size()));
            }
        };
        if (auto const text = v.if_string()) {
            list(*text);
        } else if (auto const* const items = v.if_array()) {
            for (auto const& item : *items) {
                auto const name = item.if_string();
                if (!name) {
                    refuse(errc::invalid_argument, key, "takes a list of texts");
                }
                one(*name);
            }
        } else {
            refuse(errc::invalid_argument, key, "takes a text, or a list of texts");
        }
    }

    std::int64_t number(std::string_view key, value v, std::int64_t least, std::int64_t most) const {
        auto const n = v.is_bool() || (v.is_string() && !convert_text(v, type_kind::integer)) ? std::nullopt : v.if_int64();
        if (!n || *n < least) {
            refuse(errc::invalid_argument, key, fmt::format("takes a whole number from {} to {}", least, most));
        }
        if (*n > most) {
            refuse(errc::limit_exceeded, key, fmt::format("takes a whole number from {} to {}", least, most));
        }
        return *n;
    }

    // --- filter

    void add_filter(document& to, document const& from, int depth) {
        for (auto const& member : from) {
            add_clause(to, member.key(), member.value(), depth);
        }
    }

    void add_clause(document& to, std::string_view path, value const& v, int depth) {
        if (path == "and" || path == "or") {
            join(to, path, v, depth);
            return;
        }
        auto const allowed = policy_.filter().find(path);
        if (allowed == policy_.filter().end()) {
            refuse(errc::unauthorized, path, "may not be filtered by");
        }
        auto const& words = allowed->second;
        auto const* const said = v.if_document();
        if (said == nullptr) {
            add_condition(to, path, words, v.is_array() ? filter_word::in : filter_word::eq, v);
            return;
        }
        if (said->empty()) {
            refuse(errc::invalid_argument, path, "is compared with nothing");
        }
        for (auto const& member : *said) {
            add_condition(to, path, words, word(path, member.key()), member.value());
        }
    }

    void join(document& to, std::string_view name, value const& v, int depth) {
        if (depth > policy_.max_depth()) {
            refuse(errc::limit_exceeded, name, fmt::format("lies deeper than {} levels", policy_.max_depth()));
        }
        auto const* const parts = v.if_array();
        if (parts == nullptr || parts->empty()) {
            refuse(errc::invalid_argument, name, "takes a list of filters");
        }
        array joined;
        for (auto const& part : *parts) {
            document inner;
            add_filter(inner, object(name, part), depth + 1);
            if (inner.empty()) {
                refuse(errc::invalid_argument, name, "takes filters that say something");
            }
            joined.push_back(std::move(inner));
        }
        add(to, doc(name == "and" ? "$and" : "$or", std::move(joined)));
    }

    filter_word word(std::string_view path, std::string_view name) const {
        for (int i = 0; i <= static_cast<int>(filter_word::regex); ++i) {
            if (to_string(static_cast<filter_word>(i)) == name) {
                return static_cast<filter_word>(i);
            }
        }
        refuse(errc::invalid_argument, path, "is compared by a word that is none of a filter");
    }

    void add_condition(
        document& to, std::string_view path, std::vector<filter_word> const& words, filter_word said, value const& v) {
        if (std::find(words.begin(), words.end(), said) == words.end()) {
            refuse(errc::unauthorized, path, fmt::format("may not be compared by '{}'", to_string(said)));
        }
        if (++clauses_ > policy_.max_clauses()) {
            refuse(errc::limit_exceeded, path, fmt::format("is one condition too many: {} are allowed", policy_.max_clauses()));
        }
        add(to, doc(path, condition(path, said, v)));
    }

    /// Puts a filter beside those that are there. Where both speak of the same path neither replaces the other.
    static void add(document& to, document more) {
        auto& member = *more.begin();
        if (!to.contains(member.key()) && member.key() != "$and") {
            to.append(member.key(), std::move(member.value()));
            return;
        }
        auto* const all_of = to.find("$and");
        auto& list = all_of == nullptr ? to.append("$and", array()).as_array() : all_of->as_array();
        list.push_back(std::move(more));
    }

    document condition(std::string_view path, filter_word said, value const& v) const {
        static constexpr std::array<std::string_view, 8> operators{"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin"};
        if (said == filter_word::exists) {
            value truth = v;
            if (!truth.is_bool() && (!truth.is_string() || !convert_text(truth, type_kind::boolean))) {
                refuse(errc::invalid_argument, path, "exists takes true or false");
            }
            return doc("$exists", std::move(truth));
        }
        if (is_pattern(said)) {
            return pattern(path, said, v);
        }
        bool const lists = said == filter_word::in || said == filter_word::nin;
        bool const by_equality = lists || said == filter_word::eq || said == filter_word::ne;
        return doc(operators[static_cast<std::size_t>(said)], lists ? value(list(path, v)) : scalar(path, v, by_equality));
    }

    array list(std::string_view path, value const& v) const {
        array result;
        auto const add_item = [&](value const& item) {
            if (std::cmp_greater_equal(result.size(), policy_.max_list())) {
                refuse(errc::limit_exceeded, path, fmt::format("takes a list of at most {} values", policy_.max_list()));
            }
            result.push_back(scalar(path, item, true));
        };
        if (auto const* const items = v.if_array()) {
            std::for_each(items->begin(), items->end(), add_item);
        } else if (auto const text = v.if_string()) {
            for (auto rest = *text;;) {
                auto const comma = std::min(rest.find(','), rest.size());
                add_item(value(rest.substr(0, comma)));
                if (comma == rest.size()) {
                    break;
                }
                rest.remove_prefix(comma + 1);
            }
        } else {
            add_item(v);
        }
        return result;
    }

    /// A value to be compared with, of the type of the path. It is never a document, so there is nothing in it to be executed.
    value scalar(std::string_view path, value v, bool may_be_null) const {
        auto const* const type = type_of(schema_, path);
        auto const kind = type == nullptr ? type_kind::any : type->kind;
        if (v.is_null() && may_be_null) {
            return v;
        }
        bool fits = v.is_string() || v.is_bool() || v.is_number();
        switch (kind) {
        case type_kind::string:
            fits = v.is_string();
            break;
        case type_kind::number:
        case type_kind::decimal:
            fits = v.is_number() || (v.is_string() && convert_text(v, kind));
            break;
        case type_kind::integer:
            fits = (v.is_number() || (v.is_string() && convert_text(v, kind))) && v.if_int64().has_value();
            break;
        case type_kind::boolean:
            fits = v.is_bool() || (v.is_string() && convert_text(v, kind));
            break;
        case type_kind::date:
        case type_kind::object_id:
            fits = v.is_string() && convert_text(v, kind);
            break;
        case type_kind::any:
            break;
        default:
            fits = false;
        }
        if (!fits) {
            refuse(errc::invalid_argument, path,
                kind == type_kind::any ? std::string("is compared with a text, a number, true or false")
                                       : fmt::format("is compared with a value of type {}", to_string(kind)));
        }
        return v;
    }

    document pattern(std::string_view path, filter_word said, value const& v) const {
        auto const text = v.if_string();
        if (!text || text->empty() || text->find('\0') != std::string_view::npos) {
            refuse(errc::invalid_argument, path, fmt::format("{} takes a text", to_string(said)));
        }
        if (text->size() > policy_.regex().max_length) {
            refuse(errc::limit_exceeded, path,
                fmt::format("{} takes a text of at most {} bytes", to_string(said), policy_.regex().max_length));
        }
        if (said == filter_word::contains) {
            return doc("$regex", escaped(*text), "$options", "i");
        }
        if (said == filter_word::starts_with) {
            return doc("$regex", "^" + escaped(*text));
        }
        if (auto const fault = pattern_fault(*text, policy_.regex())) {
            refuse(errc::invalid_argument, path, fmt::format("is compared with a regular expression that {}", *fault));
        }
        return doc("$regex", *text);
    }

    // --- order, slice, fields, related documents

    void sort(std::string_view text) {
        bool const down = text.starts_with('-');
        text.remove_prefix(down ? 1 : 0);
        if (!contains(policy_.sort(), text)) {
            refuse(errc::unauthorized, text, "may not be sorted by");
        }
        if (result_.options.sort_value.contains(text)) {
            refuse(errc::invalid_argument, text, "is sorted by twice");
        }
        result_.options.sort(std::string(text), down ? -1 : 1);
    }

    void slice() {
        result_.options.limit(limit_.value_or(policy_.page_size()));
        if (skip_ && page_) {
            refuse(errc::invalid_argument, "page", "goes without skip");
        }
        if (page_) {
            auto const size = result_.options.limit_value;
            if (size != 0 && *page_ - 1 > policy_.max_skip() / size) {
                refuse(errc::limit_exceeded, "page", fmt::format("leads behind {} documents", policy_.max_skip()));
            }
            skip_ = (*page_ - 1) * size;
        }
        result_.options.skip(skip_.value_or(0));
    }

    void field(std::string_view path) {
        if (std::none_of(policy_.fields().begin(), policy_.fields().end(),
                [&](std::string const& allowed) { return path_starts_with(path, allowed); })) {
            refuse(errc::unauthorized, path, "may not be chosen");
        }
        fields_.emplace_back(path);
    }

    void include(std::string_view path) {
        if (!contains(policy_.include(), path)) {
            refuse(errc::unauthorized, path, "may not be included");
        }
        if (!contains(include_, path)) {
            include_.emplace_back(path);
        }
    }

    void hook(std::string_view name) {
        if (!contains(policy_.hooks(), name)) {
            refuse(errc::unauthorized, name, "may not be asked for");
        }
        hooks_.emplace_back(name);
    }

    bool is_included(std::string_view relation) const noexcept {
        return std::any_of(
            include_.begin(), include_.end(), [&](std::string const& path) { return path_head(path) == relation; });
    }

    void choose_fields() {
        if (policy_.fields().empty()) {
            return;
        }
        bool const chosen = !fields_.empty();
        std::vector<std::string> paths = fields_;
        for (auto const& path : policy_.fields()) {
            bool const related = schema_.relation(path_head(path)) != nullptr;
            // What is related comes when it is asked for.
            if (related ? is_included(path_head(path)) && !is_named(path_head(path)) : !chosen) {
                paths.push_back(path);
            }
        }
        for (auto const& path : include_) { // nothing says what to read of it: all of it
            if (std::none_of(paths.begin(), paths.end(), [&](std::string const& p) { return path_head(p) == path_head(path); })) {
                paths.emplace_back(path_head(path));
            }
        }
        for (auto const& path : paths) {
            bool const covered = std::any_of(paths.begin(), paths.end(),
                [&](std::string const& other) { return other.size() < path.size() && path_starts_with(path, other); });
            if (!covered) {
                result_.options.fields_value.set(path, 1);
            }
        }
    }
    bool is_named(std::string_view relation) const noexcept {
        return std::any_of(fields_.begin(), fields_.end(), [&](std::string const& path) { return path_head(path) == relation; });
    }

    /// The hooks that run by default, those that populate, and those that are asked for.
    void populate() {
        if (include_.empty() && hooks_.empty()) {
            return;
        }
        hook_requests list = schema_.definition().default_hooks(operation_kind::find);
        auto const add_hook = [&](std::string name) {
            if (std::find_if(list.begin(), list.end(), [&](hook_request const& r) { return r.name == name; }) == list.end()) {
                list.emplace_back(std::move(name));
            }
        };
        for (auto const& path : include_) { // "author.image" is "afterFind_author" and "author.afterFind_image"
            for (std::size_t end = path.find('.');; end = path.find('.', end + 1)) {
                auto const so_far = std::string_view(path).substr(0, end);
                auto const above = path_parent(so_far);
                add_hook(fmt::format("{}{}afterFind_{}", above, above.empty() ? "" : ".", path_leaf(so_far)));
                if (end == std::string::npos) {
                    break;
                }
            }
        }
        for (auto const& name : hooks_) {
            add_hook(name);
        }
        result_.options.hooks(std::move(list));
    }

    static constexpr std::size_t max_names = 100;

    schema const& schema_;
    request_policy const& policy_;
    allowed_query result_;
    int clauses_ = 0;
    std::optional<std::int64_t> limit_;
    std::optional<std::int64_t> skip_;
    std::optional<std::int64_t> page_;
    std::vector<std::string> fields_;
    std::vector<std::string> include_;
    std::vector<std::string> hooks_;
};

[[noreturn]] void fail(schema const& s, std::string_view list, std::string_view path, std::string_view why) {
    throw_definition(s.name(), fmt::format("requests.{}.{}", list, path), fmt::format("'{}' {}", path, why));
}
} // namespace

void check_policy(schema const& s, request_policy const& policy) {
    auto const check_stored = [&](std::string_view list, std::string_view path) {
        if (path.empty() || path.starts_with('$')) {
            fail(s, list, path, "is no path");
        }
        if (auto const found = s.unknown_path(path)) {
            fail(s, list, path, found->message);
        }
    };
    for (auto const& [path, words] : policy.filter()) {
        check_stored("filter", path);
        if (path == "and" || path == "or") {
            fail(s, "filter", path, "is a word of filters");
        }
        auto const* const type = type_of(s, path);
        bool const text = type == nullptr || type->kind == type_kind::string || type->kind == type_kind::any;
        if (!text && std::any_of(words.begin(), words.end(), is_pattern)) {
            fail(s, "filter", path, "is no text, which contains, startsWith and regex are for");
        }
    }
    for (auto const& path : policy.sort()) {
        check_stored("sort", path);
    }
    bool const open = s.definition().extra_keys() == extra_keys::allow;
    for (auto const* const list : {&policy.fields(), &policy.write()}) {
        for (auto const& path : *list) {
            auto const head = path_head(path);
            if (s.field(s.property(head)) == nullptr && s.find_virtual(head) == nullptr && !open) {
                fail(s, list == &policy.write() ? "write" : "fields", path, "is not declared");
            }
        }
    }
    for (auto const& path : policy.include()) {
        if (s.relation(path_head(path)) == nullptr) {
            fail(s, "include", path, "is no relationship");
        }
    }
    if (policy.page_size() < 1 || policy.max_page_size() < policy.page_size()) {
        fail(s, "pageSize", std::to_string(policy.page_size()), "must be at least 1, and no more than the greatest page");
    }
}

allowed_query read_query(schema const& s, request_policy const& policy, untrusted const& input) {
    return query_reader(s, policy).read(untrusted_access::data(input));
}

} // namespace cormorant::detail
