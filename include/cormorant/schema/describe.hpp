#pragma once

/// Model definitions from C++ structs that Boost.Describe describes:
/// \code
/// struct author { object_id _id; std::string name; std::optional<int> age; };
/// BOOST_DESCRIBE_STRUCT(author, (), (_id, name, age))
/// auto authors = definition_of<author>("authors").field("name", string().required().max_length(80));
/// \endcode
/// A member `ref<author>` or `std::vector<ref<author>>` (ref.hpp) declares a relationship.

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

/// Calls `f(descriptor)` for every described member, those of bases first.
template <class T, class F>
void for_each_member(F&& f) {
    boost::mp11::mp_for_each<members_of<T>>(std::forward<F>(f));
}

template <class T>
struct is_ref : std::false_type {};
template <class T, class Id>
struct is_ref<ref<T, Id>> : std::true_type {};

/// The name of a type without namespace and template arguments.
constexpr std::string_view unqualified(std::string_view name) noexcept {
    name = name.substr(0, name.find('<'));
    auto const colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

/// A member must be there unless it is a `std::optional` or refers to another document.
template <class T>
field_definition member_field() {
    auto definition = field_of<T>::get();
    definition.required = !is_optional<T>::value && !is_ref<T>::value;
    return definition;
}

} // namespace detail

template <class T>
field_definition field_of<T>::get() {
    using std::same_as;
    if constexpr (detail::is_optional<T>::value) {
        return field_of<typename T::value_type>::get();
    } else if constexpr (detail::is_ref<T>::value) {
        return field_of<typename T::id_type>::get();
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
        detail::for_each_member<T>([&]<class Descriptor>(Descriptor) {
            field.field(std::string(detail::stored_key<Descriptor>()), detail::member_field<detail::member_type<Descriptor>>());
        });
        return field;
    } else {
        static_assert(storable<T>, "a member of a model's struct needs a codec: see <cormorant/bson/codec.hpp>");
        return any();
    }
}

/// The name of the model of a struct, where nobody gives it another: that of the struct, without namespace. Specialise it when
/// the model is called otherwise, so that references to it find it: \code template <> inline constexpr std::string_view
/// cormorant::model_name<author> = "authors"; \endcode
template <class T>
inline constexpr std::string_view model_name = detail::unqualified(detail::type_name<T>());

namespace detail {

template <class Descriptor>
cormorant::relation relation_of_member() {
    using reader = ref_reader<member_type<Descriptor>>;
    cormorant::relation r(std::string(stored_name<Descriptor>()), reader::is_list ? cardinality::multiple : cardinality::single);
    r.model(std::string(model_name<typename reader::target>));
    r.left_key(std::string(stored_key<Descriptor>()));
    r.right_key(std::string(right_key<Descriptor>()));
    r.right_key_type(field_of<typename reader::id>::get());
    return r;
}

/// Throws `errc::definition` when a relationship of the definition differs in its keys from the reference of the same name.
void check_reference(model_definition const& definition, relation_definition const& of_struct);

} // namespace detail

/// The relationship that a member `ref<T>` or `std::vector<ref<T>>` stands for, to be refined:
/// `definition_of<post>().relation(relation_of(&post::author).required())`.
template <described T, class Member>
    requires detail::is_reference<Member>
cormorant::relation relation_of(Member T::*pointer) {
    std::optional<cormorant::relation> result;
    detail::for_each_member<T>([&]<class Descriptor>(Descriptor) {
        if constexpr (std::same_as<std::remove_cv_t<decltype(Descriptor::pointer)>, Member T::*>) {
            if (Descriptor::pointer == pointer)
                result = detail::relation_of_member<Descriptor>();
        }
    });
    if (!result)
        detail::throw_undescribed_member(detail::type_name<T>());
    return *std::move(result);
}

/// A definition with a field for every described member of the struct. `std::optional` members may be absent, all others are
/// required; nested structs become objects, containers arrays or maps, described enums texts with the names of the enumerators.
/// Members `ref<X>` and `std::vector<ref<X>>` become relationships of their name to the model `model_name<X>`, not required.
/// An object id `_id` is that of every model. Refine what it gives with the methods of `model_definition`.
template <described T>
model_definition definition_of(std::string name = std::string(model_name<T>)) {
    model_definition definition(std::move(name));
    detail::for_each_member<T>([&]<class Descriptor>(Descriptor) {
        using type = detail::member_type<Descriptor>;
        constexpr auto key = detail::stored_key<Descriptor>();
        constexpr bool is_object_id = std::same_as<type, object_id> || std::same_as<type, std::optional<object_id>>;
        if constexpr (detail::is_reference<type>)
            definition.relation(detail::relation_of_member<Descriptor>());
        else if (!is_object_id || key != "_id")
            definition.field(std::string(key), detail::member_field<type>());
    });
    return definition;
}

/// Whether the struct can be read from and written as documents of this model. Throws `errc::definition` naming the reference
/// whose keys differ from those of the relationship.
template <described T>
void check_struct(model_definition const& definition) {
    detail::for_each_member<T>([&]<class Descriptor>(Descriptor) {
        if constexpr (detail::is_reference<detail::member_type<Descriptor>>)
            detail::check_reference(definition, detail::relation_of_member<Descriptor>());
    });
}

} // namespace cormorant
