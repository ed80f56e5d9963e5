#pragma once

/// What a repository is asked for: conditions, order, slice, fields, and the related documents to include.

#include <cormorant/repository/where.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cormorant {

enum class direction : bool { ascending, descending };

namespace detail {

/// The document behind a query, `{where, order, limit, skip, fields, include}`.
class query_document {
public:
    query_document() = default;
    explicit query_document(document spec) : spec_(std::move(spec)) {}

    void add_where(document where);
    void add_to(std::string_view list, value item);
    void set(std::string_view key, value v) { spec_.set(key, std::move(v)); }
    document const& get() const noexcept { return spec_; }
    document take() noexcept { return std::move(spec_); }

private:
    document spec_;
};

/// Throws `errc::invalid_argument` for anything but an object, null and undefined.
document parse_query(value const& spec);
std::string order_text(std::string_view path, direction d);

} // namespace detail

/// A query; an empty one asks for everything. `T`: the struct whose members it names; void: nothing is known of the documents.
///
/// It is the document that js-repository calls a filter, and can be made from one: `query(doc("where", ..., "order", "name
/// DESC"))`. Everything in it is checked, against the model too, when an operation gets it: what is not understood is refused
/// with `errc::invalid_argument` whose path names the property. A value.
template <class T>
class basic_query {
public:
    basic_query() = default;
    basic_query(document spec) : spec_(std::move(spec)) {}
    template <class U>
        requires(std::is_void_v<T> && !std::is_void_v<U>)
    basic_query(basic_query<U> other) : spec_(std::move(other).spec()) {}

    /// For input that was not written by hand: null and undefined are an empty query. Throws `errc::invalid_argument` for
    /// anything that is no object.
    static basic_query parse(value const& spec) { return detail::parse_query(spec); }

    /// Documents that fit this, and what earlier calls asked for.
    basic_query& where(basic_where_clause<T> c) {
        spec_.add_where(std::move(c).where());
        return *this;
    }
    /// Sorts by these, `order("created DESC", "name")`; later calls add to it. What lacks the property comes first upwards.
    template <class... Names>
        requires(std::convertible_to<Names const&, std::string_view> && ...)
    basic_query& order(Names const&... names) {
        (spec_.add_to("order", value(std::string_view(names))), ...);
        return *this;
    }
    template <class M, class Owner>
    basic_query& order(M Owner::*member, direction d = direction::ascending) {
        static_assert(std::is_base_of_v<Owner, T>, "query: the member of another struct");
        return order(detail::order_text(member_name(member), d));
    }
    /// 0: all. For included documents of `has_one` and `has_many` the limit counts for each document that includes them.
    basic_query& limit(std::int64_t n) {
        spec_.set("limit", n);
        return *this;
    }
    basic_query& skip(std::int64_t n) {
        spec_.set("skip", n);
        return *this;
    }
    /// What to give of each document, its key aside, which is always given: `fields("name", "address.city")`.
    template <class... Names>
        requires(std::convertible_to<Names const&, std::string_view> && ...)
    basic_query& fields(Names const&... names) {
        (spec_.add_to("fields", value(std::string_view(names))), ...);
        return *this;
    }
    template <class... Members, class... Owners>
        requires(sizeof...(Members) > 0)
    basic_query& fields(Members Owners::*... members) {
        static_assert((std::is_base_of_v<Owners, T> && ...), "query: the member of another struct");
        return fields(member_name(members)...);
    }
    /// Puts related documents into the answer: `include("city")`.
    basic_query& include(std::string_view relation) { return include_form(relation); }
    /// Narrowed and shaped by a query of their own.
    basic_query& include(std::string_view relation, basic_query<void> scope) {
        return include_form(doc("relation", relation, "scope", std::move(scope).spec()));
    }
    /// Any form that js-repository knows: `include(doc("city", "country"))` includes the country of the city.
    basic_query& include(document form) { return include_form(std::move(form)); }

    document const& spec() const& noexcept { return spec_.get(); }
    document spec() && noexcept { return spec_.take(); }

private:
    basic_query& include_form(value form) {
        spec_.add_to("include", std::move(form));
        return *this;
    }

    detail::query_document spec_;
};
using query = basic_query<void>;

/// A query whose conditions, order and fields are members of a described struct.
template <described T>
basic_query<T> query_for() {
    return {};
}

} // namespace cormorant
