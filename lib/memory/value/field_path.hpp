#pragma once

/// Dotted paths, split once, and the walk that matching does along them.

#include <cormorant/bson/path.hpp>
#include <cormorant/bson/value.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cormorant::memory {

/// A dotted path in its segments.
class field_path {
public:
    struct segment {
        std::string name;
        /// Set when the name is a position in an array.
        std::optional<std::size_t> position;
    };

    field_path() = default;
    explicit field_path(std::string_view path) : text_(path) {
        for (;;) {
            auto const dot = path.find('.');
            auto const head = path.substr(0, dot);
            segments_.push_back({std::string(head), path_position(head)});
            if (dot == std::string_view::npos) {
                return;
            }
            path.remove_prefix(dot + 1);
        }
    }

    std::string const& text() const noexcept { return text_; }
    std::size_t size() const noexcept { return segments_.size(); }
    segment const& operator[](std::size_t i) const noexcept { return segments_[i]; }

private:
    std::string text_;
    std::vector<segment> segments_;
};

/// What a filter is matched against: a document, an array (`$elemMatch` sees its positions as keys), or one value by itself,
/// which then stands for the first segment of every path, whatever its name (`$pull`, array filters).
class match_target {
public:
    match_target(document const& d) noexcept : document_(&d) {}
    match_target(array const& a) noexcept : array_(&a) {}
    static match_target single(value const& v) noexcept {
        match_target result;
        result.single_ = &v;
        return result;
    }

    value const* find(field_path::segment const& s) const noexcept {
        if (document_) {
            return document_->find(s.name);
        }
        if (array_) {
            return s.position && *s.position < array_->size() ? &(*array_)[*s.position] : nullptr;
        }
        return single_;
    }
    document const* as_document() const noexcept { return document_; }

private:
    match_target() = default;
    document const* document_ = nullptr;
    array const* array_ = nullptr;
    value const* single_ = nullptr;
};

/// Visits every value that the server's matching sees on a path (its ElementPath): elements of arrays on the way, by position and
/// implicitly; at the end of the path the elements of an array and then the array itself, or (`whole_arrays`) only the array.
/// `visit(value const*, std::optional<std::size_t>)` gets null where the path leads nowhere, and the position in the outermost
/// array; it answers true to stop. Unlike `collect_path` it reports missing values, which conditions on null and `$exists` need.
template <class Visit>
class path_walk {
public:
    path_walk(field_path const& path, bool whole_arrays, Visit& visit) noexcept
        : path_(path), visit_(visit), whole_arrays_(whole_arrays) {}

    bool run(match_target const& target) { return object(target, 0, std::nullopt); }

private:
    using position = std::optional<std::size_t>;

    bool object(match_target target, std::size_t i, position outer) {
        for (;; ++i) {
            value const* const v = target.find(path_[i]);
            bool const last = i + 1 == path_.size();
            if (v == nullptr) {
                return visit_(nullptr, outer);
            }
            if (auto const* const a = v->if_array()) {
                return last ? leaf(*v, *a, outer) : elements(*a, i + 1, outer);
            }
            if (last) {
                return visit_(v, outer);
            }
            auto const* const d = v->if_document();
            if (d == nullptr) {
                return visit_(nullptr, outer);
            }
            target = *d;
        }
    }

    bool leaf(value const& v, array const& a, position outer) {
        if (!whole_arrays_) {
            for (std::size_t k = 0; k < a.size(); ++k) {
                if (visit_(&a[k], outer ? outer : position(k))) {
                    return true;
                }
            }
        }
        return visit_(&v, outer);
    }

    bool elements(array const& a, std::size_t i, position outer) {
        bool const last = i + 1 == path_.size();
        for (std::size_t k = 0; k < a.size(); ++k) {
            value const& e = a[k];
            auto const* const d = e.if_document();
            if (d && object(*d, i, outer ? outer : position(k))) {
                return true;
            }
            if (path_[i].position != k) {
                continue;
            }
            if (last) {
                if (visit_(&e, outer ? outer : position(k))) {
                    return true;
                }
            } else if (d) {
                if (object(*d, i + 1, outer)) {
                    return true;
                }
            } else if (auto const* const inner = e.if_array()) {
                if (elements(*inner, i + 1, outer)) {
                    return true;
                }
            }
        }
        return false;
    }

    field_path const& path_;
    Visit& visit_;
    bool whole_arrays_;
};

} // namespace cormorant::memory
