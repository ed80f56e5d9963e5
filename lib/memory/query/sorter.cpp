#include "sorter.hpp"

#include "key_generator.hpp"
#include "memory/value/field_path.hpp"

#include <algorithm>

namespace cormorant::memory {

struct sorter::state {
    std::vector<part> parts;
    std::vector<field_path> paths;
    std::shared_ptr<collator const> collation;
};

namespace {

value const null_value;

/// The least key of a document in some order.
template <class Less>
struct least_key {
    explicit least_key(Less l) : less(std::move(l)) {}

    Less less;
    /// Empty before the first.
    generated_key best = {};

    void found(generated_key const& given) {
        generated_key candidate(given);
        for (value const*& v : candidate) {
            if (v == nullptr) {
                v = &null_value;
            }
        }
        if (best.empty() || less(candidate, best)) {
            best.assign(candidate.begin(), candidate.end());
        }
    }
    void expanded() noexcept {}
    [[noreturn]] void parallel(std::size_t, std::size_t) {
        refuse(code::bad_value, "cannot sort with keys that are parallel arrays");
    }
};

/// A value on a path that meets no array; `array_met` tells that it does.
value const* plain_value(document const& d, field_path const& path, bool& array_met) {
    document const* at = &d;
    for (std::size_t i = 0; at; ++i) {
        value const* const v = at->find(path[i].name);
        if (v == nullptr) {
            return &null_value;
        }
        if (v->is_array()) {
            array_met = true;
            return &null_value;
        }
        if (i + 1 == path.size()) {
            return v;
        }
        at = v->if_document();
    }
    return &null_value;
}

/// Checks `{$meta: "textScore"}`.
void check_meta(document const& given, query_options const& options) {
    auto const* const what = given.find("$meta");
    if (what == nullptr) {
        refuse(17312, "$meta is the only expression supported by $sort right now");
    }
    if (given.size() != 1) {
        refuse(code::failed_to_parse, "Cannot have additional keys in a $meta sort specification");
    }
    if (what->if_string() == "randVal" || what->if_string() == "geoNearDistance" || what->if_string() == "indexKey") {
        unsupported(fmt::format("the memory store does not support sorting by {{$meta: {}}}", to_string(*what)));
    }
    if (what->if_string() != "textScore") {
        refuse(31138, fmt::format("Illegal $meta sort: $meta: {}", to_string(*what)));
    }
    if (!options.text.scored) {
        refuse(40218, "query requires text score metadata, but it is not available");
    }
}

std::weak_ordering directed(std::weak_ordering order, bool descending) noexcept {
    return descending ? 0 <=> order : order;
}

} // namespace

sorter::sorter(std::shared_ptr<state const> s) noexcept : state_(std::move(s)) {}
sorter::sorter() : state_(std::make_shared<state>()) {}

sorter sorter::compile(document const& order, query_options const& options) {
    auto made = std::make_shared<state>();
    made->collation = options.collation;
    for (auto const& [path, v] : order) {
        if (v.is_document()) {
            check_meta(v.as_document(), options);
            made->parts.push_back({std::string(path), true, true});
            made->paths.emplace_back();
            continue;
        }
        if (!v.is_number()) {
            refuse(15974, fmt::format("Illegal key in $sort specification: {}: {}", path, to_string(v)));
        }
        auto const direction = v.as_double();
        if (direction != 1 && direction != -1) {
            refuse(15975, "$sort key ordering must be 1 (for ascending) or -1 (for descending)");
        }
        if (path == "$natural") {
            if (direction == 1 && order.size() == 1) {
                break; // as the documents come
            }
            unsupported("the memory store does not support {$natural: -1}");
        }
        field_path compiled(path);
        for (std::size_t i = 0; i < compiled.size(); ++i) {
            if (compiled[i].name.empty()) {
                refuse(path.empty()          ? 40352
                       : path.ends_with('.') ? 40353
                                             : 15998,
                    "FieldPath field names may not be empty strings.");
            }
            if (compiled[i].name.starts_with('$') && compiled[i].name != "$id" && compiled[i].name != "$ref" &&
                compiled[i].name != "$db") {
                refuse(16410,
                    fmt::format("FieldPath field names may not start with '$'. Consider using $getField or $setField: {}", path));
            }
        }
        made->paths.push_back(std::move(compiled));
        made->parts.push_back({std::string(path), direction < 0});
    }
    return sorter(std::move(made));
}

bool sorter::empty() const noexcept {
    return state_->parts.empty();
}
std::vector<sorter::part> const& sorter::parts() const noexcept {
    return state_->parts;
}

sorter::key sorter::key_of(document const& doc, std::optional<double> text_score) const {
    bool array_met = false;
    generated_key plain;
    std::vector<field_path> fields;
    for (std::size_t i = 0; i < state_->paths.size(); ++i) {
        plain.push_back(state_->parts[i].by_text_score ? &null_value : plain_value(doc, state_->paths[i], array_met));
    }
    key result;
    result.reserve(plain.size());
    if (array_met) {
        // The parts that are fields, which are in `plain` until a key takes their place.
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < state_->paths.size(); ++i) {
            if (!state_->parts[i].by_text_score) {
                places.push_back(i);
                fields.push_back(state_->paths[i]);
            }
        }
        least_key least{[&](generated_key const& a, generated_key const& b) {
            for (std::size_t i = 0; i < a.size(); ++i) {
                auto const order =
                    directed(memory::compare(*a[i], *b[i], state_->collation.get()), state_->parts[places[i]].descending);
                if (order != 0) {
                    return order < 0;
                }
            }
            return false;
        }};
        key_generator(fields, least).run(doc);
        for (std::size_t i = 0; i < places.size(); ++i) {
            plain[places[i]] = least.best[i];
        }
    }
    for (value const* const v : plain) {
        result.push_back(*v);
    }
    for (std::size_t i = 0; i < state_->parts.size(); ++i) {
        if (text_score && state_->parts[i].by_text_score) {
            result[i] = *text_score;
        }
    }
    return result;
}

std::weak_ordering sorter::compare(key const& a, key const& b) const {
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto const order = directed(memory::compare(a[i], b[i], state_->collation.get()), state_->parts[i].descending);
        if (order != 0) {
            return order;
        }
    }
    return std::weak_ordering::equivalent;
}

bool sorter::less(document const& a, document const& b) const {
    bool array_met = false;
    for (std::size_t i = 0; i < state_->paths.size(); ++i) {
        if (state_->parts[i].by_text_score) {
            continue;
        }
        value const* const x = plain_value(a, state_->paths[i], array_met);
        value const* const y = plain_value(b, state_->paths[i], array_met);
        if (array_met) {
            return compare(key_of(a), key_of(b)) < 0;
        }
        auto const order = directed(memory::compare(*x, *y, state_->collation.get()), state_->parts[i].descending);
        if (order != 0) {
            return order < 0;
        }
    }
    return false;
}

void sorter::sort(std::vector<document_ptr>& docs, std::size_t limit) const {
    struct row {
        key by;
        std::size_t place;
        document_ptr doc;
    };
    std::vector<row> rows;
    rows.reserve(docs.size());
    for (auto& d : docs) {
        rows.push_back({key_of(d), rows.size(), nullptr});
        rows.back().doc = std::move(d);
    }
    auto const before = [this](row const& a, row const& b) {
        auto const order = compare(a.by, b.by);
        return order != 0 ? order < 0 : a.place < b.place;
    };
    if (limit != 0 && limit < rows.size()) {
        std::ranges::partial_sort(rows, rows.begin() + static_cast<std::ptrdiff_t>(limit), before);
        rows.resize(limit);
    } else {
        std::ranges::sort(rows, before);
    }
    docs.resize(rows.size());
    std::ranges::transform(rows, docs.begin(), [](row& r) { return std::move(r.doc); });
}

} // namespace cormorant::memory
