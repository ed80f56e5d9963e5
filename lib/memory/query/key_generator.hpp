#pragma once

/// The keys that a document has for some paths, when arrays multiply: what indexes hold and what sorting compares. It follows the
/// server's BtreeKeyGenerator, which serves both there as well.

#include "memory/value/field_path.hpp"
#include "query.hpp"

#include <cormorant/bson/value.hpp>

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>

namespace cormorant::memory {

/// One value for each path; null where the document has none. The values live in the document, or forever.
using generated_key = boost::container::small_vector<value const*, 4>;

/// All paths that meet one array are expanded together: each of its elements gives a key of its own, an empty array one with
/// undefined. The visitor is told
/// - `found(generated_key const&)`: a key (the same may come again);
/// - `expanded()`: an array was met;
/// - `parallel(i, first)`: path `i` meets another array than path `first` did; it has to throw.
/// A path that enters an array by position is refused (16746) when a document in it has the position as a key.
template <class Visitor>
class key_generator {
public:
    key_generator(std::span<field_path const> paths, Visitor& visitor)
        // As the server has it: `_id` by itself is never taken apart.
        : paths_(paths), visitor_(visitor), whole_(paths.size() == 1 && paths[0].text() == "_id") {}

    void run(document const& d) { step(&d, places(paths_.size()), generated_key(paths_.size(), nullptr)); }

private:
    /// How far a path has been walked.
    struct place {
        std::size_t segment = 0;
        bool done = false;
    };
    using places = boost::container::small_vector<place, 4>;

    void step(document const* d, places at, generated_key key) {
        array const* spread = nullptr;
        array const* first = nullptr; // met by any path, also by position
        std::size_t first_path = 0;
        boost::container::small_vector<std::size_t, 4> spreading;
        for (std::size_t i = 0; i < paths_.size(); ++i) {
            place& p = at[i];
            if (p.done)
                continue;
            // An array that the path reaches by position at its end is a value like others.
            bool element = whole_;
            array const* met = nullptr;
            value const* v = d ? walk(*d, paths_[i], p.segment, element, met) : nullptr;
            if (met && first && met != first)
                visitor_.parallel(i, first_path);
            if (met && first == nullptr) {
                first = met;
                first_path = i;
            }
            if (v && element && !whole_ && v->is_array() && v->as_array().empty())
                v = &undefined_value();
            auto const* const a = v && !element ? v->if_array() : nullptr;
            if (a == nullptr) {
                key[i] = v;
                p.done = true;
                continue;
            }
            spread = a;
            spreading.push_back(i);
        }
        if (spread == nullptr)
            return visitor_.found(key);
        visitor_.expanded();
        if (spread->empty())
            descend(nullptr, &undefined_value(), at, key, spreading);
        for (value const& e : *spread)
            descend(e.if_document(), &e, at, key, spreading);
    }

    /// Goes on in one element; it is the value of the paths that end here.
    void descend(document const* d, value const* leaf, places at, generated_key key, std::span<std::size_t const> spreading) {
        for (std::size_t const i : spreading) {
            if (at[i].segment == paths_[i].size()) {
                key[i] = leaf;
                at[i].done = true;
            }
        }
        step(d, std::move(at), std::move(key));
    }

    /// Up to the end of the path or an array that has to be expanded; positions enter arrays. Null when there is nothing.
    /// `element` tells that the path ends with a position, `met` is the first array on the way.
    static value const* walk(document const& d, field_path const& path, std::size_t& segment, bool& element, array const*& met) {
        document const* at = &d;
        while (at) {
            value const* v = at->find(path[segment].name);
            ++segment;
            if (v && v->is_array() && met == nullptr)
                met = &v->as_array();
            while (v && v->is_array() && segment < path.size() && path[segment].position &&
                   *path[segment].position < v->as_array().size()) {
                require_unambiguous(v->as_array(), path[segment]);
                v = &v->as_array()[*path[segment].position];
                element = ++segment == path.size();
            }
            if (v == nullptr || segment == path.size() || v->is_array()) {
                if (v == nullptr)
                    segment = path.size();
                return v;
            }
            at = v->if_document();
        }
        segment = path.size();
        return nullptr;
    }

    static void require_unambiguous(array const& elements, field_path::segment const& segment) {
        auto const has_key = [&](value const& e) { return e.is_document() && e.as_document().contains(segment.name); };
        if (std::ranges::any_of(elements, has_key))
            refuse(
                16746, fmt::format("Ambiguous field name found in array (do not use numeric field names in embedded elements in "
                                   "an array), field: '{}'",
                           segment.name));
    }

    static value const& undefined_value() noexcept {
        static value const v = undefined();
        return v;
    }

    std::span<field_path const> paths_;
    Visitor& visitor_;
    bool const whole_;
};

} // namespace cormorant::memory
