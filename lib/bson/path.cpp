#include <cormorant/bson/path.hpp>
#include <cormorant/error/error.hpp>

#include <fmt/format.h>

namespace cormorant {
namespace {

/// The child of a container that one segment names.
value const* child_of(value const& v, std::string_view segment) noexcept {
    if (auto const* const d = v.if_document()) {
        return d->find(segment);
    }
    if (auto const* const a = v.if_array()) {
        auto const position = path_position(segment);
        return position && *position < a->size() ? &(*a)[*position] : nullptr;
    }
    return nullptr;
}

/// What is left of a path after a segment; a path that ends in a dot has one more segment, which is empty.
struct steps {
    explicit steps(std::string_view path) noexcept : rest(path) {}

    std::string_view next() noexcept {
        auto const dot = rest.find('.');
        auto const segment = rest.substr(0, dot);
        last = dot == std::string_view::npos;
        rest = last ? std::string_view() : rest.substr(dot + 1);
        return segment;
    }

    std::string_view rest;
    bool last = false;
};

value const* walk(value const* v, steps path) noexcept {
    while (v != nullptr && !path.last) {
        v = child_of(*v, path.next());
    }
    return v;
}

[[noreturn]] void refuse(std::string_view path, std::string_view segment, std::string reason) {
    diagnostics details;
    details.path = path;
    throw error(errc::invalid_argument,
        fmt::format("cannot set {}: {}", path, segment.empty() ? reason : fmt::format("{} at {}", reason, segment)), details);
}

/// The path up to and with a segment that lies within its text.
std::string_view up_to(std::string_view path, std::string_view segment) noexcept {
    return path.substr(0, static_cast<std::size_t>(segment.data() + segment.size() - path.data()));
}

/// Throws when the rest of the path cannot be set below `v`.
void check_settable(value const* v, steps rest, std::string_view path, std::string_view above) {
    while (!rest.last) {
        auto const segment = rest.next();
        if (v != nullptr) {
            if (auto const* const a = v->if_array()) {
                auto const position = path_position(segment);
                if (!position) {
                    refuse(path, above, fmt::format("\"{}\" is no position in the array", segment));
                }
                if (*position > a->size() && *position - a->size() > max_path_padding) {
                    refuse(path, above,
                        fmt::format("position {} is too far beyond the {} elements of the array", *position, a->size()));
                }
            } else if (!v->is_document()) {
                refuse(path, above, fmt::format("there is a value of type {}", to_string(v->type())));
            }
            v = child_of(*v, segment);
        }
        above = up_to(path, segment);
    }
}

value& set_below(value& container, steps path, value&& v) {
    value* at = &container;
    while (!path.last) {
        auto const segment = path.next();
        if (auto* const a = at->if_array()) {
            auto const position = *path_position(segment);
            if (position >= a->size()) {
                a->resize(position + 1);
                if (!path.last) {
                    (*a)[position].emplace_document();
                }
            }
            at = &(*a)[position];
        } else {
            auto& d = at->as_document();
            at = d.find(segment);
            if (at == nullptr) {
                at = &d.append(segment, nullptr);
                if (!path.last) {
                    at->emplace_document();
                }
            }
        }
    }
    *at = std::move(v);
    return *at;
}

class collector {
public:
    collector(value_visitor const& visit, path_leaf_arrays leaf) noexcept : visit_(visit), leaf_(leaf) {}

    void member(document const& d, steps path) {
        auto const segment = path.next();
        if (auto const* const found = d.find(segment)) {
            below(*found, path);
        }
    }

    std::size_t count() const noexcept { return count_; }

private:
    /// `path` is what is left after the segment that led to `v`.
    void below(value const& v, steps path) {
        if (path.last) {
            give(v);
            if (leaf_ == path_leaf_arrays::whole_and_elements && v.is_array()) {
                for (auto const& element : v.as_array()) {
                    give(element);
                }
            }
            return;
        }
        if (auto const* const d = v.if_document()) {
            member(*d, path);
        } else if (auto const* const a = v.if_array()) {
            // Only documents directly in the array are searched: MongoDB does not enter an array in an array by key.
            for (auto const& element : *a) {
                if (auto const* const inner = element.if_document()) {
                    member(*inner, path);
                }
            }
            auto rest = path;
            auto const position = path_position(rest.next());
            if (position && *position < a->size()) {
                below((*a)[*position], rest);
            }
        }
    }
    void give(value const& v) {
        ++count_;
        visit_(v);
    }

    value_visitor const& visit_;
    path_leaf_arrays leaf_;
    std::size_t count_ = 0;
};

} // namespace

value const* get_path(document const& d, std::string_view path) noexcept {
    steps rest(path);
    auto const* const first = d.find(rest.next());
    return walk(first, rest);
}

value* get_path(document& d, std::string_view path) noexcept {
    return const_cast<value*>(get_path(static_cast<document const&>(d), path));
}

value const* get_path(value const& v, std::string_view path) noexcept {
    return walk(&v, steps(path));
}

value* get_path(value& v, std::string_view path) noexcept {
    return const_cast<value*>(get_path(static_cast<value const&>(v), path));
}

value& set_path(document& d, std::string_view path, value v) {
    steps rest(path);
    auto const head = rest.next();
    auto* top = d.find(head);
    if (rest.last) {
        return top != nullptr ? *top = std::move(v) : d.append(head, std::move(v));
    }
    if (top != nullptr) {
        check_settable(top, rest, path, head);
    } else {
        top = &d.append(head, document());
    }
    return set_below(*top, rest, std::move(v));
}

bool unset_path(document& d, std::string_view path) noexcept {
    if (!path_is_nested(path)) {
        return d.erase(path);
    }
    auto* const container = get_path(d, path_parent(path));
    if (container == nullptr) {
        return false;
    }
    auto const leaf = path_leaf(path);
    if (auto* const inner = container->if_document()) {
        return inner->erase(leaf);
    }
    auto* const element = const_cast<value*>(child_of(*container, leaf));
    if (element == nullptr) {
        return false;
    }
    *element = value();
    return true;
}

std::size_t collect_path(document const& d, std::string_view path, value_visitor visit, path_leaf_arrays leaf) {
    collector all(visit, leaf);
    all.member(d, steps(path));
    return all.count();
}

} // namespace cormorant
