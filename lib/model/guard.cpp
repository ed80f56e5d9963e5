#include "model/guard.hpp"

#include "model/engine.hpp"
#include "schema/filter.hpp"

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/path.hpp>

#include <fmt/format.h>

namespace cormorant::detail {

namespace {

[[noreturn]] void throw_unknown_path(violation found, std::string_view what) {
    diagnostics d;
    d.path = found.path;
    auto message = fmt::format("{} '{}' {}", what, found.path, found.message);
    d.violations.push_back(std::move(found));
    throw error(errc::unknown_field, std::move(message), std::move(d));
}

/// The path to what is too deep or too long, as far as it is known without looking again.
[[noreturn]] void throw_limit(std::string path, std::string message) {
    diagnostics d;
    d.path = std::move(path);
    throw error(errc::limit_exceeded, std::move(message), std::move(d));
}

std::string below(std::string const& path, std::string_view key) {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

/// The place of an array that has more items than it may, or of a container that lies deeper than it may; empty: there is none.
std::string find_culprit(value const& v, std::string const& path, int levels, std::int64_t items) {
    if (!v.is_document() && !v.is_array())
        return {};
    if (levels <= 0)
        return path;
    if (auto const* d = v.if_document()) {
        for (auto const& [key, inner] : *d) {
            if (auto found = find_culprit(inner, below(path, key), levels - 1, items); !found.empty())
                return found;
        }
    } else {
        array const& list = v.as_array();
        if (items > 0 && std::cmp_greater(list.size(), items))
            return path;
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (auto found = find_culprit(list[i], below(path, std::to_string(i)), levels - 1, items); !found.empty())
                return found;
        }
    }
    return {};
}

/// Whether a path of `fields` may be named although nothing is stored there.
bool is_made_by_reading(schema const& s, std::string_view path) {
    auto const head = path_head(path);
    auto const* const field = s.field(head);
    return s.find_virtual(head) != nullptr || (field != nullptr && !field->persist);
}

/// `above`: the path that the fields lie below, which is empty for those of the document.
std::optional<violation> find_unknown_field(schema const& s, document const& fields, std::string const& above) {
    for (auto const& [key, v] : fields) {
        auto path = below(above, key);
        if (auto const* inner = v.if_document()) {
            auto const word = inner->empty() ? std::string_view() : inner->begin()->key();
            if (!word.starts_with('$')) { // {size: {h: 1}} is {"size.h": 1}
                if (auto found = find_unknown_field(s, *inner, path))
                    return found;
                continue;
            }
            if (word != "$slice" && word != "$elemMatch") // the store computes the value of a key of one's own
                continue;
        } else if (!v.if_double() && !v.if_bool()) {
            continue; // as for "$path"
        }
        if (path.ends_with(".$")) // the item that the filter met
            path.resize(path.size() - 2);
        if (is_made_by_reading(s, path))
            continue;
        if (auto found = s.unknown_path(path))
            return found;
    }
    return std::nullopt;
}

document_limits const& limits_of(call_frame const& frame) noexcept {
    auto const& own = frame.schema().definition().limits();
    return own ? *own : frame.connection().options.documents();
}

/// `above`: levels of `d` that are no levels of a document.
void check_extent(document const& d, document_limits const& limits, int above) {
    constexpr int any_depth = 1 << 20;
    auto const extent = measure(d);
    if (limits.bytes > 0 && std::cmp_greater(extent.bytes, limits.bytes))
        throw_limit({}, fmt::format("a document has {} bytes, it may have {}", extent.bytes, limits.bytes));
    if (limits.depth > 0 && extent.depth + 1 - above > limits.depth)
        throw_limit(find_culprit(d, {}, limits.depth + above, 0),
            fmt::format("a document has {} levels, it may have {}", extent.depth + 1 - above, limits.depth));
    if (limits.array_items > 0 && std::cmp_greater(extent.longest_array, limits.array_items))
        throw_limit(find_culprit(d, {}, any_depth, limits.array_items),
            fmt::format("an array has {} items, it may have {}", extent.longest_array, limits.array_items));
}

} // namespace

void refuse_everything(call_frame const& frame, document const& filter, bool everything) {
    if (everything || reach_of(filter, frame.schema().key()) != reach::every)
        return;
    throw error(errc::invalid_argument,
        fmt::format("every document of {} fits the filter of this {}: say orm::all in its place if that is what you mean",
            frame.schema().name(), to_string(frame.kind())));
}

void guard_paths(call_frame const& frame, document& filter, bool upsert) {
    auto const policy = frame.schema().definition().unknown_paths();
    if (policy == unknown_paths::pass || filter.empty())
        return;
    auto found = frame.schema().unknown_path(filter);
    if (!found)
        return;
    if (policy == unknown_paths::refuse || upsert)
        throw_unknown_path(std::move(*found), "in the filter");
    filter = doc(frame.schema().key(), doc("$in", array()));
}

void guard_sort(call_frame const& frame, document const& sort) {
    if (frame.schema().definition().unknown_paths() != unknown_paths::refuse)
        return;
    for (auto const& [path, order] : sort) {
        if (path.starts_with('$') || order.is_document()) // $natural, {$meta: "textScore"}
            continue;
        if (auto found = frame.schema().unknown_path(path))
            throw_unknown_path(std::move(*found), "in the sort");
    }
}

void guard_fields(call_frame const& frame, document const& fields) {
    if (frame.schema().definition().unknown_paths() != unknown_paths::refuse)
        return;
    if (auto found = find_unknown_field(frame.schema(), fields, {}))
        throw_unknown_path(std::move(*found), "in the fields");
}

void guard_extent(call_frame const& frame, std::span<document const> docs) {
    for (document const& d : docs)
        check_extent(d, limits_of(frame), 0);
}

void guard_update(call_frame const& frame, value const& update) {
    auto const* const d = update.if_document();
    if (d == nullptr)
        return;
    bool const operators = !d->empty() && d->begin()->key().starts_with('$');
    check_extent(*d, limits_of(frame), operators ? 1 : 0);
}

} // namespace cormorant::detail
