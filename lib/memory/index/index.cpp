#include "index.hpp"

#include "memory/query/key_generator.hpp"

#include <cormorant/bson/path.hpp>

#include <boost/container_hash/hash.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace cormorant::memory {

namespace {

/// Gathers the keys of one document.
class key_collector {
public:
    key_collector(index_definition const& definition, index_keys& out) : definition_(definition), out_(out) {}

    void found(generated_key const& key) {
        if (definition_.sparse && std::ranges::all_of(key, [](value const* v) { return v == nullptr; }))
            return;
        auto& made = out_.keys.emplace_back();
        for (value const* const v : key)
            made.push_back(v == nullptr ? value() : definition_.collation ? definition_.collation->key(*v) : *v);
    }
    void expanded() noexcept { out_.multikey = true; }
    [[noreturn]] void parallel(std::size_t i, std::size_t first) const {
        refuse(
            171, fmt::format("cannot index parallel arrays [{}] [{}]", definition_.parts[i].path, definition_.parts[first].path));
    }

private:
    index_definition const& definition_;
    index_keys& out_;
};

} // namespace

index_keys keys_of(index_definition const& definition, document const& doc) {
    index_keys result;
    if (definition.partial_filter && !definition.partial.matches(doc))
        return result;
    if (definition.text) {
        for (auto const& around : {definition.text->prefix, definition.text->suffix}) {
            for (std::string const& path : around) {
                if (auto const* const v = get_path(doc, path); v != nullptr && v->is_array())
                    refuse(201, fmt::format("Field '{}' of text index contains an array in document: {}", path, to_string(doc)));
            }
        }
        for (auto const& [word, score] : definition.text->scores(doc))
            result.keys.push_back(index_key(1, value(word)));
        result.multikey = true;
        return result;
    }
    key_collector collector(definition, result);
    key_generator(definition.paths, collector).run(doc);
    if (result.keys.size() > 1) {
        auto const less = [](index_key const& a, index_key const& b) {
            return std::ranges::lexicographical_compare(a, b, value_less());
        };
        std::ranges::sort(result.keys, less);
        auto const duplicates =
            std::ranges::unique(result.keys, [](auto const& a, auto const& b) { return std::ranges::equal(a, b); });
        result.keys.erase(duplicates.begin(), duplicates.end());
    }
    return result;
}

std::weak_ordering index::order::part(value const& a, value const& b, std::size_t i) const noexcept {
    return definition->parts[i].descending ? compare(b, a) : compare(a, b);
}

std::weak_ordering index::order::keys(index_key const& a, index_key const& b) const noexcept {
    for (std::size_t i = 0; i != a.size(); ++i) {
        if (auto const c = part(a[i], b[i], i); c != 0)
            return c;
    }
    return std::weak_ordering::equivalent;
}

std::weak_ordering index::order::keys(index_key const& a, place const& b) const noexcept {
    std::size_t const size = b.begin.size();
    for (std::size_t i = 0; i != size; ++i) {
        if (auto const c = part(a[i], b.begin[i], i); c != 0)
            return c;
    }
    return b.next == nullptr ? std::weak_ordering::equivalent : part(a[size], *b.next, size);
}

bool index::order::operator()(entry const& a, entry const& b) const noexcept {
    auto const c = keys(a.key, b.key);
    return c < 0 || (c == 0 && a.record->number < b.record->number);
}

bool index::order::operator()(entry const& a, place const& b) const noexcept {
    auto const c = keys(a.key, b);
    return c < 0 || (c == 0 && b.after);
}

bool index::order::operator()(entry const& a, exact const& b) const noexcept {
    auto const c = keys(a.key, b.key);
    return c < 0 || (c == 0 && a.record->number < b.number);
}

bool index::order::operator()(exact const& a, entry const& b) const noexcept {
    auto const c = keys(a.key, b.key);
    return c < 0 || (c == 0 && a.number < b.record->number);
}

index::index(index_definition definition)
    : definition_(std::make_unique<index_definition const>(std::move(definition))), entries_(order{definition_.get()}) {}

std::optional<index::conflict> index::find_conflict(index_keys const& keys, record const* self) const {
    if (!definition_->unique)
        return std::nullopt;
    for (index_key const& key : keys.keys) {
        if (auto const found = runs_.find(key); found != runs_.end()) {
            auto at = found->first;
            for (std::size_t left = found->size; left != 0; --left, ++at) {
                if (&*at->record != self)
                    return conflict{at->record, at->key};
            }
        }
    }
    return std::nullopt;
}

void index::insert(index_keys const& keys, record_handle record) {
    for (index_key const& key : keys.keys) {
        // Keys mostly grow (`_id`, dates): try the end first.
        auto const at = entries_.insert(entries_.end(), entry{key, record});
        auto const [r, is_new] = runs_.insert(run{run_hash()(key), at, 1});
        if (is_new)
            continue;
        ++r->size;
        if (record->number < r->first->record->number)
            r->first = at;
    }
    multikey_ = multikey_ || keys.multikey;
}

void index::erase(index_keys const& keys, record_handle record) {
    for (index_key const& key : keys.keys) {
        auto const r = runs_.find(key);
        if (r == runs_.end())
            continue;
        auto const at = r->size == 1 ? r->first : entries_.find(exact{key, record->number});
        if (at == entries_.end() || at->record != record)
            continue;
        if (r->size == 1) {
            runs_.erase(r);
        } else {
            --r->size;
            if (r->first == at)
                ++r->first;
        }
        entries_.erase(at);
    }
}

std::size_t index::run_hash::operator()(index_key const& key) const noexcept {
    std::size_t seed = 0;
    for (value const& v : key)
        boost::hash_combine(seed, hash_value(v));
    return seed;
}

bool index::run_equal::operator()(index_key const& a, run const& b) const noexcept {
    return std::ranges::equal(a, b.first->key);
}

std::pair<index::tree::const_iterator, index::tree::const_iterator> index::bounds(key_range const& range) const {
    bool const descending = range.prefix.size() < definition_->parts.size() && definition_->parts[range.prefix.size()].descending;
    auto const& begin = descending ? range.upper : range.lower;
    auto const& end = descending ? range.lower : range.upper;
    place const first{range.prefix, begin ? &begin->at : nullptr, begin && !begin->inclusive};
    place const last{range.prefix, end ? &end->at : nullptr, !end || end->inclusive};
    auto const from = entries_.lower_bound(first);
    auto const to = entries_.lower_bound(last);
    // An empty range, `{$gt: 5, $lt: 3}`, has its ends the wrong way round.
    if (from == entries_.end() || (to != entries_.end() && !entries_.key_comp()(*from, *to)))
        return {to, to};
    return {from, to};
}

} // namespace cormorant::memory
