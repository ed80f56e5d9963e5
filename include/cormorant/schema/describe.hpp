#pragma once

/// Model definitions from C++ structs that Boost.Describe describes:
/// \code
/// struct author { object_id _id; std::string name; std::optional<int> age; };
/// BOOST_DESCRIBE_STRUCT(author, (), (_id, name, age))
/// auto authors = definition_of<author>("authors").field("name", string().required().max_length(80));
/// \endcode

#include <cormorant/bson/mapping.hpp>
#include <cormorant/schema/definition.hpp>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cormorant {

/// The field that a C++ type becomes. Specialise it for a type with a codec of its own; such a type is `any()` otherwise.
template <class T>
struct field_of {
    static field_definition get();
};

namespace detail {

template <class T>
struct is_std_array : std::false_type {};
template <class T, std::size_t N>
struct is_std_array<std::array<T, N>> : std::true_type {};

/// Calls `f(key, std::type_identity<type>)` for every described member, those of bases first.
template <class T, class F>
void for_each_member(F&& f) {
    boost::mp11::mp_for_each<members_of<T>>([&]<class Descriptor>(Descriptor) {
        f(std::string(stored_name<Descriptor>()), std::type_identity<member_type<Descriptor>>());
    });
}

/// A member must be there unless it is a `std::optional`.
template <class T>
field_definition member_field() {
    auto definition = field_of<T>::get();
    definition.required = !is_optional<T>::value;
    return definition;
}

} // namespace detail

template <class T>
field_definition field_of<T>::get() {
    using std::same_as;
    if constexpr (detail::is_optional<T>::value) {
        return field_of<typename T::value_type>::get();
    } else if constexpr (same_as<T, bool>) {
        return boolean();
    } else if constexpr (std::integral<T> || detail::is_duration<T>::value) {
        return integer();
    } else if constexpr (std::floating_point<T>) {
        return number();
    } else if constexpr (same_as<T, std::string>) {
        return cormorant::string();
    } else if constexpr (same_as<T, object_id>) {
        return cormorant::id();
    } else if constexpr (same_as<T, decimal128>) {
        return decimal();
    } else if constexpr (same_as<T, binary> || same_as<T, std::vector<std::byte>>) {
        return binary_data();
    } else if constexpr (detail::is_time<T>::value) {
        return date();
    } else if constexpr (same_as<T, document>) {
        return object();
    } else if constexpr (same_as<T, array>) {
        return array_of();
    } else if constexpr (described_enum<T>) {
        string_field field;
        boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto e) { field.one_of(e.name); });
        return field;
    } else if constexpr (std::is_enum_v<T>) {
        return integer();
    } else if constexpr (detail::is_std_array<T>::value) {
        auto const size = static_cast<std::int64_t>(std::tuple_size_v<T>);
        return array_of(field_of<typename T::value_type>::get()).min_items(size).max_items(size);
    } else if constexpr (detail::string_map<T>) {
        return map_of(field_of<typename T::mapped_type>::get());
    } else if constexpr (detail::sequence<T>) {
        return array_of(field_of<typename T::value_type>::get());
    } else if constexpr (described<T>) {
        object_field field;
        detail::for_each_member<T>(
            [&]<class M>(std::string name, std::type_identity<M>) { field.field(std::move(name), detail::member_field<M>()); });
        return field;
    } else {
        static_assert(storable<T>, "a member of a model's struct needs a codec: see <cormorant/bson/codec.hpp>");
        return any();
    }
}

/// A definition with a field for every described member of the struct. `std::optional` members may be absent, all others are
/// required; nested structs become objects, containers arrays or maps, described enums texts with the names of the enumerators.
/// An object id `_id` is that of every model. Refine what it gives with the methods of `model_definition`.
template <described T>
model_definition definition_of(std::string name) {
    model_definition definition(std::move(name));
    detail::for_each_member<T>([&]<class M>(std::string member, std::type_identity<M>) {
        constexpr bool is_object_id = std::same_as<M, object_id> || std::same_as<M, std::optional<object_id>>;
        if (!is_object_id || member != "_id") {
            definition.field(std::move(member), detail::member_field<M>());
        }
    });
    return definition;
}

} // namespace cormorant
