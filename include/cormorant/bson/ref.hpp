#pragma once

/// `ref<T>`: a member of a struct that refers to another document, and holds it when the call populated it.
///
///     struct post {
///         object_id _id;
///         std::string title;
///         ref<author> writer;              // stored as writer_id
///         std::vector<ref<tag>> tags;      // stored as tags_ids
///     };
///     BOOST_DESCRIBE_STRUCT(post, (), (_id, title, writer, tags))
///
/// What is stored is the id, under the *left key*: `NAME_id`, for a list `NAME_ids`, or what `field_names<post>::left_key` says.
/// A populated document is read from the key `NAME`, and never written.

#include <cormorant/bson/codec.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cormorant {

namespace detail {

/// Where a reference is declared.
struct ref_place {
    std::string_view owner;
    std::string_view member;
    /// The key of the documents that is referred to.
    std::string_view right_key = "_id";
};

[[noreturn]] void throw_not_populated(ref_place const* place, value const& id, bool missing);

template <class T, class Id>
concept has_id = requires(T const& v) {
    { v._id } -> std::convertible_to<Id const&>;
};

template <class Reference>
struct ref_reader;

} // namespace detail

/// A reference to a document of the model of `T`. The id is always there; the document is when it was populated. `Id`: the type
/// of the key that it refers to.
///
/// A populated struct is immutable, and shared by the copies of the reference: to change it, copy it. An `object_id` of only
/// zeros refers to nothing. Thread safety: as `std::shared_ptr`.
template <class T, class Id = object_id>
class ref {
public:
    using target_type = T;
    using id_type = Id;

    /// Refers to nothing.
    ref() noexcept = default;
    /// Refers to the document with this id.
    ref(Id id) : id_(std::move(id)) {}
    /// Refers to a document that is at hand, by its `_id`.
    template <std::same_as<T> U>
        requires detail::has_id<U, Id>
    ref(U const& object) : id_(object._id), object_(std::make_shared<T const>(object)) {}

    /// Whether it refers to nothing.
    bool empty() const noexcept {
        if constexpr (std::same_as<Id, object_id>)
            return !id_ || *id_ == object_id();
        else
            return !id_;
    }
    /// The id; a value-initialised one when it refers to nothing.
    Id const& id() const noexcept {
        static Id const none{};
        return id_ ? *id_ : none;
    }

    /// Whether the document is here.
    bool has_value() const noexcept { return object_ != nullptr; }
    explicit operator bool() const noexcept { return has_value(); }
    /// Whether it is known that there is no document with this id.
    bool is_missing() const noexcept { return missing_; }
    /// The document. Throws `errc::not_populated` naming struct, member and how to populate it.
    T const& value() const {
        if (object_ == nullptr)
            detail::throw_not_populated(place_, id_ && !empty() ? cormorant::value(*id_) : cormorant::value(), missing_);
        return *object_;
    }
    T const& operator*() const { return value(); }
    T const* operator->() const { return &value(); }
    /// Null when it is not here.
    T const* get() const noexcept { return object_.get(); }

    /// References are equal when they refer to the same document.
    friend bool operator==(ref const& a, ref const& b) noexcept { return a.empty() ? b.empty() : !b.empty() && a.id() == b.id(); }

private:
    template <class Reference>
    friend struct detail::ref_reader;
    friend struct codec<ref>;

    std::optional<Id> id_;
    std::shared_ptr<T const> object_;
    detail::ref_place const* place_ = nullptr;
    bool missing_ = false;
};

/// By itself a reference is its id: so it is stored, and so it is an element of a container. It can be read from a document too.
template <class T, class Id>
struct codec<ref<T, Id>> {
    static bool is_absent(ref<T, Id> const& v) noexcept { return v.empty(); }

    template <class Sink>
    static void write(ref<T, Id> const& v, Sink&& out) {
        if (v.empty())
            out.put(nullptr);
        else
            codec<Id>::write(v.id(), out);
    }
    template <class Source>
    static void read(Source const& in, ref<T, Id>& v, decode_mode mode) {
        v = ref<T, Id>();
        if (in.type() == bson_type::document)
            detail::ref_reader<ref<T, Id>>::load(in, v, mode, detail::ref_place().right_key);
        else
            detail::ref_reader<ref<T, Id>>::read_id(in, v, mode);
    }
};

namespace detail {

/// Reads a reference from the two keys of a document that it comes from.
template <class T, class Id>
struct ref_reader<ref<T, Id>> {
    using reference = ref<T, Id>;
    static constexpr bool is_list = false;
    using target = T;
    using id = Id;

    template <class Source>
    static void read_key(Source const& in, reference& v, decode_mode mode, ref_place const& place) {
        v.place_ = &place;
        read_id(in, v, mode);
    }
    template <class Source>
    static void read_related(Source const& in, reference& v, decode_mode mode, ref_place const& place) {
        v.place_ = &place;
        if (in.is_null())
            v.missing_ = true;
        else
            load(in, v, mode, place.right_key);
    }

    template <class Source>
    static void read_id(Source const& in, reference& v, decode_mode mode) {
        if (in.is_null()) {
            v.id_.reset();
            return;
        }
        Id id{};
        codec<Id>::read(in, id, mode);
        v.id_ = std::move(id);
    }
    /// An id that is known already stays.
    template <class Source>
    static void load(Source const& in, reference& v, decode_mode mode, std::string_view right_key) {
        auto object = std::make_shared<T>();
        codec<T>::read(in, *object, mode);
        v.object_ = std::move(object);
        if (!v.id_)
            v.id_ = id_of(in, mode, right_key);
    }
    template <class Source>
    static std::optional<Id> id_of(Source const& in, decode_mode mode, std::string_view right_key) {
        decltype(auto) members = in.as_document();
        for (auto const& member : members) {
            if (member.key() != right_key)
                continue;
            Id id{};
            codec<Id>::read(member.value(), id, mode);
            return id;
        }
        return std::nullopt;
    }
};

/// A list of references: the populated documents come in the order of the ids, without those that do not exist.
template <class T, class Id>
struct ref_reader<std::vector<ref<T, Id>>> {
    using one = ref_reader<ref<T, Id>>;
    using list = std::vector<ref<T, Id>>;
    static constexpr bool is_list = true;
    using target = T;
    using id = Id;

    template <class Source>
    static void read_key(Source const& in, list& v, decode_mode mode, ref_place const& place) {
        list const populated = std::exchange(v, list()); // when the documents came first
        if (in.is_null())
            return;
        read_elements(in, [&](std::size_t, auto const& element) {
            v.emplace_back();
            one::read_key(element, v.back(), mode, place);
        });
        if (!populated.empty())
            distribute(populated, v);
    }
    template <class Source>
    static void read_related(Source const& in, list& v, decode_mode mode, ref_place const& place) {
        list populated;
        if (!in.is_null()) {
            read_elements(in, [&](std::size_t, auto const& element) {
                populated.emplace_back();
                one::read_related(element, populated.back(), mode, place);
            });
        }
        if (v.empty())
            v = std::move(populated);
        else
            distribute(populated, v);
    }

private:
    /// Hands each document to the references with its id.
    static void distribute(list const& populated, list& v) {
        std::size_t next = 0;
        for (auto& reference : v) {
            // In order, so the next one mostly fits; an id may be there twice, and documents may have none to compare.
            auto found = next;
            while (found < populated.size() && !fits(populated[found], reference))
                ++found;
            if (found == populated.size()) {
                for (found = 0; found < next && !fits(populated[found], reference); ++found) {
                }
                if (found == next)
                    found = populated.size();
            }
            if (found == populated.size()) {
                reference.missing_ = true;
                continue;
            }
            reference.object_ = populated[found].object_;
            next = found + 1;
        }
    }
    static bool fits(ref<T, Id> const& document, ref<T, Id> const& reference) {
        return document.object_ != nullptr && (!document.id_ || *document.id_ == reference.id());
    }

    friend struct codec<list>;
};

template <class T>
inline constexpr bool is_reference = requires { ref_reader<T>::is_list; };

} // namespace detail

} // namespace cormorant
