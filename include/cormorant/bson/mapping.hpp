#pragma once

/// Structs as documents, by Boost.Describe.
///
///     struct author {
///         object_id _id;
///         std::string name;
///         std::optional<int> age;
///     };
///     BOOST_DESCRIBE_STRUCT(author, (), (_id, name, age))
///
///     document d = to_document(author{...});
///     author a = from_document<author>(d);
///     author b = decode<author>(bson_view(bytes));      // no document in between
///     value v = author{...};                            // also in doc("author", a)
///
/// Members, those of described bases first, become fields in the order of the description. Any type with a codec (codec.hpp) can
/// be a member: numbers, strings, object ids, times, `std::optional` (left out when absent), containers, maps, nested structs,
/// values and documents. A `ref<T>` (ref.hpp) is stored as the id of what it refers to. Described enums are stored by name (an
/// integer that stands for an enumerator is also read), other enums as integers. An all-zero `_id` is written as it is: leaving
/// it out is up to the insert operation. When decoding, an unknown key is ignored and a missing member keeps its default value,
/// unless the mode is `decode_mode::strict`. Wrong types throw `errc::type_mismatch`; message and `diagnostics::path` name struct
/// and member path. What cannot be mapped fails to compile with a sentence that says why.

#include <cormorant/bson/bson.hpp>
#include <cormorant/bson/codec.hpp>
#include <cormorant/bson/ref.hpp>
#include <cormorant/bson/value.hpp>
#include <cormorant/error/error.hpp>

#include <boost/describe/bases.hpp>
#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <boost/mp11/list.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cormorant {

/// A struct or class that is described by `BOOST_DESCRIBE_STRUCT` or `BOOST_DESCRIBE_CLASS`.
template <class T>
concept described = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

/// An enum that is described by `BOOST_DESCRIBE_ENUM`.
template <class T>
concept described_enum = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

/// Specialise it to store members of a struct under other names; the struct is the one that declares the member.
///
///     template <>
///     struct cormorant::field_names<author> {
///         static constexpr std::string_view rename(std::string_view member) { return member == "id" ? "_id" : member; }
///     };
///
/// Likewise `left_key(member)` and `right_key(member)` say under which key a `ref` is stored and which key of the other documents
/// it refers to; an empty answer is the default, `NAME_id` (`NAME_ids` for lists) and `_id`. Each of the three may be left out.
template <class T>
struct field_names {
    static constexpr std::string_view rename(std::string_view member) noexcept { return member; }
};

namespace detail {

template <class T>
using members_of = boost::describe::describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited>;

template <class Pointer>
struct member_pointer;
template <class Class, class Member>
struct member_pointer<Member Class::*> {
    using owner = Class;
    using type = Member;
};

template <class Descriptor>
using member_type = typename member_pointer<std::remove_cv_t<decltype(Descriptor::pointer)>>::type;

template <class Descriptor>
using member_owner = typename member_pointer<std::remove_cv_t<decltype(Descriptor::pointer)>>::owner;

/// The key of a member; of a reference, that of what it is populated with.
template <class Descriptor>
constexpr std::string_view stored_name() {
    using names = field_names<member_owner<Descriptor>>;
    if constexpr (requires { names::rename(std::string_view()); })
        return names::rename(Descriptor::name);
    else
        return Descriptor::name;
}

/// `NAME_id` or `NAME_ids`.
template <class Descriptor>
struct default_left_key {
    static constexpr std::string_view name = stored_name<Descriptor>();
    static constexpr std::string_view suffix = ref_reader<member_type<Descriptor>>::is_list ? "_ids" : "_id";
    static constexpr auto text = [] {
        std::array<char, name.size() + suffix.size()> result{};
        std::ranges::copy(suffix, std::ranges::copy(name, result.begin()).out);
        return result;
    }();
};

/// The key under which a member is stored: the left key of a reference.
template <class Descriptor>
constexpr std::string_view stored_key() {
    if constexpr (is_reference<member_type<Descriptor>>) {
        using names = field_names<member_owner<Descriptor>>;
        if constexpr (requires { names::left_key(std::string_view()); }) {
            constexpr std::string_view own = names::left_key(Descriptor::name);
            if (!own.empty())
                return own;
        }
        constexpr auto& text = default_left_key<Descriptor>::text;
        return std::string_view(text.data(), text.size());
    } else {
        return stored_name<Descriptor>();
    }
}

/// The key of other documents that a reference refers to.
template <class Descriptor>
constexpr std::string_view right_key() {
    using names = field_names<member_owner<Descriptor>>;
    if constexpr (requires { names::right_key(std::string_view()); }) {
        constexpr std::string_view own = names::right_key(Descriptor::name);
        if (!own.empty())
            return own;
    }
    return ref_place().right_key;
}

template <class T>
constexpr std::string_view type_name() {
#if defined(__clang__)
    constexpr std::string_view text = __PRETTY_FUNCTION__;
    constexpr auto begin = text.find("T = ") + 4;
    return text.substr(begin, text.rfind(']') - begin);
#else
    constexpr std::string_view text = __PRETTY_FUNCTION__;
    constexpr auto begin = text.find("T = ") + 4;
    return text.substr(begin, text.find(';', begin) - begin);
#endif
}

/// Where a reference is declared, for the errors of those that are not populated.
template <class Descriptor>
inline constexpr ref_place place_of{type_name<member_owner<Descriptor>>(), stored_name<Descriptor>(), right_key<Descriptor>()};

template <class T>
inline constexpr bool is_optional_member = requires(T const& v) { codec<T>::is_absent(v); };

[[noreturn]] void throw_undescribed_member(std::string_view type);
[[noreturn]] void throw_missing_member(std::string_view name);
[[noreturn]] void throw_unknown_member(std::string_view name);
/// Names the type in the message of an error that came out of a decoder.
void name_type(error& e, std::string_view type, std::string_view verb);
[[noreturn]] void throw_unknown_enumerator(std::string_view type, value const& got);

/// The fields of a struct in order, with the functions that read them from a `Source`.
template <class T, class Source>
struct field_table {
    struct field {
        std::string_view name;
        void (*read)(Source const&, T&, decode_mode);
        bool is_optional;
    };

    template <class Descriptor>
    static void read(Source const& in, T& v, decode_mode mode) {
        using type = member_type<Descriptor>;
        if constexpr (is_reference<type>)
            ref_reader<type>::read_key(in, v.*Descriptor::pointer, mode, place_of<Descriptor>);
        else
            codec<type>::read(in, v.*Descriptor::pointer, mode);
    }
    template <class Descriptor>
    static void read_related(Source const& in, T& v, decode_mode mode) {
        ref_reader<member_type<Descriptor>>::read_related(in, v.*Descriptor::pointer, mode, place_of<Descriptor>);
    }

    // A reference has two: its own at the place of the member, and after all members the one that it is populated with.
    template <class... Descriptors>
    static constexpr auto make(boost::mp11::mp_list<Descriptors...>) {
        constexpr auto references = (std::size_t{0} + ... + std::size_t{is_reference<member_type<Descriptors>>});
        std::array<field, sizeof...(Descriptors) + references> result{};
        std::size_t i = 0;
        [[maybe_unused]] auto const add_related = [&]<class Descriptor>(std::type_identity<Descriptor>) {
            if constexpr (is_reference<member_type<Descriptor>>)
                result[i++] = field{stored_name<Descriptor>(), &read_related<Descriptor>, true};
        };
        ((result[i++] = field{stored_key<Descriptors>(), &read<Descriptors>, is_optional_member<member_type<Descriptors>>}), ...);
        (add_related(std::type_identity<Descriptors>()), ...);
        return result;
    }

    static constexpr auto fields = make(boost::mp11::mp_rename<members_of<T>, boost::mp11::mp_list>());
};

/// Reads the fields of a struct from a range of things with `key()` and `value()`.
template <class Source, class T, class Range>
void read_fields(Range const& range, T& v, decode_mode mode) {
    using table = field_table<T, Source>;
    constexpr auto count = table::fields.size();
    [[maybe_unused]] std::array<bool, count> seen{};
    // Documents mostly have the order of the struct, so the next field is tried first.
    std::size_t expected = 0;
    std::string_view current;
    try {
        for (auto const& item : range) {
            std::string_view const key = item.key();
            auto position = expected;
            if (position >= count || table::fields[position].name != key) {
                for (position = 0; position < count && table::fields[position].name != key; ++position) {
                }
                if (position == count) {
                    if (mode == decode_mode::strict) {
                        current = key;
                        throw_unknown_member(key);
                    }
                    continue;
                }
            }
            current = table::fields[position].name;
            table::fields[position].read(item.value(), v, mode);
            seen[position] = true;
            expected = position + 1;
        }
        if (mode == decode_mode::strict) {
            for (std::size_t i = 0; i < count; ++i) {
                if (!seen[i] && !table::fields[i].is_optional) {
                    current = table::fields[i].name;
                    throw_missing_member(current);
                }
            }
        }
    } catch (error& e) {
        prepend_path(e, current);
        throw;
    }
}

/// Writes the fields of a struct to what `put_document` hands out.
template <class T, class Fields>
void write_fields(T const& v, Fields& fields) {
    constexpr auto count = boost::mp11::mp_size<members_of<T>>::value;
    if constexpr (requires { fields.reserve(count); }) {
        fields.reserve(count);
    }
    boost::mp11::mp_for_each<members_of<T>>([&](auto descriptor) {
        using descriptor_type = decltype(descriptor);
        using type = member_type<descriptor_type>;
        auto const& member = v.*descriptor_type::pointer;
        if constexpr (is_optional_member<type>) {
            if (codec<type>::is_absent(member)) {
                return;
            }
        }
        codec<type>::write(member, fields.field(stored_key<descriptor_type>()));
    });
}

template <class T>
constexpr bool check_members() {
    static_assert(std::default_initializable<T>, "A struct that is mapped to documents needs a default constructor.");
    boost::mp11::mp_for_each<members_of<T>>([](auto descriptor) {
        static_assert(storable<member_type<decltype(descriptor)>>,
            "A described member has a type without codec: describe that type (BOOST_DESCRIBE_STRUCT, BOOST_DESCRIBE_ENUM), "
            "specialise cormorant::codec for it, or leave the member out of the description.");
    });
    return true;
}

template <class T>
constexpr void require_described() {
    static_assert(described<T>, "Only a described struct becomes a document: write BOOST_DESCRIBE_STRUCT(type, (bases), "
                                "(members)) after its definition.");
}

} // namespace detail

/// A described struct is a document. A type that has a codec of its own keeps it.
template <described T>
struct codec<T> {
    template <class Sink>
    static void write(T const& v, Sink&& out) {
        static_assert(detail::check_members<T>());
        out.put_document([&](auto& fields) { detail::write_fields(v, fields); });
    }
    template <class Source>
    static void read(Source const& in, T& v, decode_mode mode) {
        static_assert(detail::check_members<T>());
        detail::read_fields<Source>(in.as_document(), v, mode);
    }
};

template <class T>
    requires std::is_enum_v<T>
struct codec<T> {
    using underlying = std::underlying_type_t<T>;

    template <class Sink>
    static void write(T v, Sink&& out) {
        if constexpr (described_enum<T>) {
            std::string_view name;
            boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto descriptor) {
                if (descriptor.value == v) {
                    name = descriptor.name;
                }
            });
            if (!name.empty()) {
                out.put(name);
                return;
            }
        }
        out.put(static_cast<std::int64_t>(static_cast<underlying>(v)));
    }
    template <class Source>
    static void read(Source const& in, T& v, decode_mode mode) {
        if constexpr (described_enum<T>) {
            bool found = false;
            if (in.type() == bson_type::string) {
                auto const text = in.as_string();
                boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto descriptor) {
                    if (!found && text == descriptor.name) {
                        v = descriptor.value;
                        found = true;
                    }
                });
                if (!found) {
                    detail::throw_unknown_enumerator(detail::type_name<T>(), text);
                }
                return;
            }
            auto const number = in.as_int64();
            boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto descriptor) {
                if (!found && std::cmp_equal(static_cast<underlying>(descriptor.value), number)) {
                    v = descriptor.value;
                    found = true;
                }
            });
            if (!found) {
                detail::throw_unknown_enumerator(detail::type_name<T>(), number);
            }
        } else {
            std::int64_t number = 0;
            codec<std::int64_t>::read(in, number, mode);
            if (static_cast<std::int64_t>(static_cast<underlying>(number)) != number) {
                detail::throw_out_of_range(number, static_cast<int>(8 * sizeof(underlying)), std::is_signed_v<underlying>);
            }
            v = static_cast<T>(static_cast<underlying>(number));
        }
    }
};

namespace detail {

/// Reads a struct that is as it was made, from a document or from BSON.
template <class T, class Range>
void decode_into(Range const& from, T& result, decode_mode mode = decode_mode::lenient) {
    require_described<T>();
    static_assert(check_members<T>());
    using source = std::conditional_t<std::same_as<Range, document>, value, bson_element>;
    try {
        read_fields<source>(from, result, mode);
    } catch (error& e) {
        name_type(e, type_name<T>(), "decode");
        throw;
    }
}

} // namespace detail

/// The document of a described struct.
template <class T>
document to_document(T const& v, storage memory = {}) {
    detail::require_described<T>();
    value result(std::move(memory));
    codec<T>::write(v, detail::value_sink(result));
    return std::move(result.as_document());
}

/// A described struct from a document. Throws `errc::type_mismatch`, in strict mode also `errc::required` and
/// `errc::unknown_field`; `diagnostics::path` is the path of the member.
template <class T>
T from_document(document const& d, decode_mode mode = decode_mode::lenient) {
    T result{};
    detail::decode_into(d, result, mode);
    return result;
}

/// As `from_document`, straight from BSON. Throws `errc::bad_bson` too. Strings are not checked to be UTF-8: a server's answer
/// is.
template <class T>
T decode(bson_view const& view, decode_mode mode = decode_mode::lenient) {
    T result{};
    detail::decode_into(view, result, mode);
    return result;
}

/// Appends the BSON of a described struct, without a document in between. On an exception the buffer is as it was.
template <described T>
void append_bson(bson_buffer& out, T const& v) {
    static_assert(detail::check_members<T>());
    auto const before = out.size();
    try {
        bson_writer writer(out);
        auto const mark = writer.open();
        detail::document_bson_sink fields(writer);
        detail::write_fields(v, fields);
        writer.close(mark);
    } catch (...) {
        out.resize(before);
        throw;
    }
}

template <described T>
bson_buffer encode(T const& v) {
    bson_buffer out;
    append_bson(out, v);
    return out;
}

/// The key under which a member is stored: `member_name(&author::name)` is `"name"`, that of a `ref` its left key. For a member
/// that is not described a constant expression does not compile, any other call throws `errc::definition`.
template <class T, class Member>
constexpr std::string_view member_name(Member T::*pointer) {
    detail::require_described<T>();
    std::string_view name;
    boost::mp11::mp_for_each<detail::members_of<T>>([&](auto descriptor) {
        using type = decltype(descriptor);
        if constexpr (std::same_as<std::remove_cv_t<decltype(type::pointer)>, Member T::*>) {
            if (type::pointer == pointer) {
                name = detail::stored_key<type>();
            }
        }
    });
    if (name.empty()) {
        detail::throw_undescribed_member(detail::type_name<T>());
    }
    return name;
}

} // namespace cormorant
